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

for program in twintone ha; do
  printf '#!/bin/sh\nexec %s/node_modules/.bin/node %s/cmd/%s.ts "$@"\n' "$target" "$target" "$program" \
    >"/usr/local/bin/$program"
  chmod 755 "/usr/local/bin/$program"
done
/usr/local/bin/twintone init --owner twintone

if [ -d /run/systemd/system ]; then
  cp "$target"/ops/deploy/twintone-{fileserver,watchdog,agent}.service /etc/systemd/system/
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
  # A node that is alone has none. In a pair this gives the role up in good order, and the other node takes over.
  if systemctl is-enabled --quiet twintone-agent; then systemctl restart twintone-agent; fi
else
  echo "systemd is not running: start $target/cmd/fileserver.ts and $target/cmd/watchdog.ts"
  echo "with $target/node_modules/.bin/node yourself"
fi
