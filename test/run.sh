#!/usr/bin/env bash
# Installs the clients that the tests drive (as root), and runs every test. Arguments: test files, instead of all.
set -euo pipefail
cd "$(dirname "$0")/.."

# command -> Debian package
declare -A packages=(
  [curl]=curl [tftp]=tftp-hpa [atftp]=atftp [busybox]=busybox [openssl]=openssl
  [ip]=iproute2 [nft]=nftables [setpriv]=util-linux
)

missing=()
for command in "${!packages[@]}"; do
  command -v "$command" >/dev/null || missing+=("${packages[$command]}")
done
if [ "${#missing[@]}" -gt 0 ]; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "installing ${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
  else
    echo "not installed, so their tests are skipped: ${missing[*]} (as root, make test installs them)"
  fi
fi

files=("$@")
[ "${#files[@]}" -gt 0 ] || mapfile -t files < <(find test -name '*.test.ts' | sort)
exec node --test --test-concurrency=2 --test-timeout=300000 "${files[@]}"
