#!/bin/sh
# Brings the servers and generators that `make bench` compares: only what is missing, and without letting a package
# start a daemon on this machine. Debian and its children. Exit 1, saying what is missing, if not root.
#
# tftpd-hpa and atftpd conflict with each other as packages, so both are only unpacked, into the folder named as
# the one argument, and run from there.
set -eu

unpacked=${1:?usage: install.sh FOLDER-FOR-UNPACKED-SERVERS}
# Debian puts servers in sbin, which an ordinary user's PATH may not name.
PATH=$PATH:/usr/sbin:/sbin
guard=/usr/sbin/policy-rc.d
madeGuard=no

missing=
need() { # file or command, package
  command -v "$1" >/dev/null || [ -e "$1" ] || missing="$missing $2"
}
need nginx nginx-light
need dnsmasq dnsmasq-base
need wrk wrk
need vsftpd vsftpd
need gcc gcc
need /usr/include/stdio.h libc6-dev
need openssl openssl
need taskset util-linux
need /usr/share/doc/libwrap0 libwrap0
need /usr/share/doc/libpcre2-8-0 libpcre2-8-0

if [ -n "$missing" ]; then
  if [ "$(id -u)" -ne 0 ]; then
    echo "bench: these Debian packages are missing:$missing" >&2
    echo "bench: install them, or run this as root: sh ops/bench/install.sh $unpacked" >&2
    exit 1
  fi
  # invoke-rc.d asks this script before it starts anything; 101 means "do not".
  if [ ! -e "$guard" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$guard"
    chmod 755 "$guard"
    madeGuard=yes
  fi
  trap '[ "$madeGuard" = no ] || rm -f "$guard"' EXIT
  echo "bench: installing$missing"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  # shellcheck disable=SC2086 # one argument each
  apt-get install -y -qq --no-install-recommends $missing >/dev/null
fi

unpack() { # package, into a folder of its own: atftpd brings an in.tftpd, too
  [ ! -d "$unpacked/$1/usr" ] || return 0
  echo "bench: unpacking $1 into $unpacked"
  folder=$(mktemp -d)
  chmod 777 "$folder" # apt downloads as its own user
  (cd "$folder" && apt-get download -qq "$1")
  mkdir -p "$unpacked/$1"
  dpkg-deb --extract "$folder"/*.deb "$unpacked/$1"
  rm -r "$folder"
}
unpack tftpd-hpa
unpack atftpd
