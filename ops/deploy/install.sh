#!/usr/bin/env bash
# Installs this unpacked package on a server with systemd: /opt/twintone, a user, a first configuration, the services.
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
  cp "$target/ops/deploy/twintone-fileserver.service" "$target/ops/deploy/twintone-watchdog.service" /etc/systemd/system/
  if [ -d /etc/polkit-1/rules.d ]; then
    cp "$target/ops/deploy/twintone-watchdog.rules" /etc/polkit-1/rules.d/50-twintone-watchdog.rules
    chmod 644 /etc/polkit-1/rules.d/50-twintone-watchdog.rules
  else
    echo "polkit is not installed: the watchdog can open doors anew, but not restart the file server" >&2
    echo "until it is (apt install polkitd), or watchdog.restart is \"script\"" >&2
  fi
  systemctl daemon-reload
  systemctl enable twintone-fileserver twintone-watchdog
  # The watchdog last, so that it does not take our own restart of the file server for a failure.
  systemctl stop twintone-watchdog 2>/dev/null || true
  systemctl restart twintone-fileserver
  systemctl start twintone-watchdog
else
  echo "systemd is not running: start $target/cmd/fileserver.ts and $target/cmd/watchdog.ts"
  echo "with $target/node_modules/.bin/node yourself"
fi
