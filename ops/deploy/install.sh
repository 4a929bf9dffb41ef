#!/usr/bin/env bash
# Installs this unpacked package on a server with systemd: /opt/twintone, a user, a first configuration, the service.
# Run it as root from inside the unpacked folder. It can be run again for an update; settings and data stay.
set -euo pipefail
cd "$(dirname "$0")/../.."
target=/opt/twintone

[ "$(id -u)" = 0 ] || { echo "run this as root" >&2; exit 1; }
getent passwd twintone >/dev/null ||
  useradd --system --home-dir /var/lib/twintone --shell /usr/sbin/nologin --user-group twintone

rm -rf "$target.new"
cp -a . "$target.new"
chown -R root:root "$target.new"
rm -rf "$target.old"
[ ! -d "$target" ] || mv "$target" "$target.old"
mv "$target.new" "$target"
rm -rf "$target.old"

cat >/usr/local/bin/twintone <<'EOF'
#!/bin/sh
exec /opt/twintone/node_modules/.bin/node /opt/twintone/cmd/twintone.ts "$@"
EOF
chmod 755 /usr/local/bin/twintone
/usr/local/bin/twintone init --owner twintone

if [ -d /run/systemd/system ]; then
  cp "$target/ops/deploy/twintone-fileserver.service" /etc/systemd/system/
  systemctl daemon-reload
  systemctl enable twintone-fileserver
  systemctl restart twintone-fileserver
else
  echo "systemd is not running: start $target/cmd/fileserver.ts with $target/node_modules/.bin/node yourself"
fi
