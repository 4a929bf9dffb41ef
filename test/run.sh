#!/usr/bin/env bash
# Installs the programs that the tests drive (as root), and runs every test. Arguments: test files, instead of all; or
# --install-only, and then further programs as COMMAND=PACKAGE.
set -euo pipefail
cd "$(dirname "$0")/.."

# command, or a file -> Debian package
declare -A packages=(
  [curl]=curl [tftp]=tftp-hpa [atftp]=atftp [busybox]=busybox [openssl]=openssl
  [lftp]=lftp [tnftp]=tnftp [inetutils-ftp]=inetutils-ftp [wget]=wget [python3]=python3
  [ip]=iproute2 [nft]=nftables [setpriv]=util-linux [strace]=strace [mount]=mount
  [logger]=bsdutils [rsyslogd]=rsyslog [/var/lib/dpkg/info/rsyslog-gnutls.list]=rsyslog-gnutls
  [snmptrapd]=snmptrapd [snmptranslate]=snmp [smilint]=smitools
  [vsftpd]=vsftpd [/usr/lib/python3/dist-packages/pyftpdlib/__init__.py]=python3-pyftpdlib
  [tc]=iproute2 [sysctl]=procps [etcd]=etcd-server [etcdctl]=etcd-client [arping]=iputils-arping [ping]=iputils-ping
  [ndptool]=libndp-tools [ndisc6]=ndisc6
)
if [ "${1:-}" = --install-only ]; then
  for program in "${@:2}"; do packages[${program%%=*}]=${program#*=}; done
fi

missing=()
for command in "${!packages[@]}"; do
  command -v "$command" >/dev/null || [ -e "$command" ] || missing+=("${packages[$command]}")
done
if [ "${#missing[@]}" -gt 0 ]; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "installing ${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    # invoke-rc.d asks this script before it starts a daemon, as vsftpd's package would; 101 means "do not".
    guard=/usr/sbin/policy-rc.d
    if [ ! -e "$guard" ]; then
      madeGuard=yes
      trap 'rm -f "$guard"' EXIT
      printf '#!/bin/sh\nexit 101\n' >"$guard"
      chmod 755 "$guard"
    fi
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
    # `exec` below runs no trap.
    trap - EXIT
    [ "${madeGuard:-no}" = no ] || rm -f "$guard"
  else
    echo "not installed, so their tests are skipped: ${missing[*]} (as root, make test installs them)"
  fi
fi

[ "${1:-}" != --install-only ] || exit 0

files=("$@")
[ "${#files[@]}" -gt 0 ] || mapfile -t files < <(find test -name '*.test.ts' | sort)

# A pair notices what takes a second too long, so its tests have the machine to themselves.
pair=()
others=()
for file in "${files[@]}"; do
  case $file in */pair/*) pair+=("$file") ;; *) others+=("$file") ;; esac
done
result=0
if [ "${#pair[@]}" -gt 0 ]; then
  node --test --test-concurrency=1 --test-timeout=600000 "${pair[@]}" || result=$?
fi
if [ "${#others[@]}" -gt 0 ]; then
  node --test --test-concurrency=2 --test-timeout=300000 "${others[@]}" || result=$?
fi
exit "$result"
