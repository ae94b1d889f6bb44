#!/usr/bin/env bash
# Puts the units, the broker's configuration and the settings into place: `make install-systemd`. DESTDIR prefixes every
# path, PROGRAM names the installed command. Settings that are there already stay. Starts nothing.
set -euo pipefail
cd "$(dirname "$0")/.."

root=${DESTDIR:-}
program=${PROGRAM:-/opt/premises/bin/premises}
mosquitto=${MOSQUITTO:-/usr/sbin/mosquitto}
share=/usr/local/share/premises
state=/var/lib/premises/installation

put() { # MODE FROM TO: with the places of this machine filled in
    mkdir -p "$root$(dirname "$3")"
    sed -e "s|@PROGRAM@|$program|g" -e "s|@MOSQUITTO@|$mosquitto|g" -e "s|@SHARE@|$share|g" "$2" >"$root$3"
    chmod "$1" "$root$3"
}

for unit in deploy/systemd/premises*.service deploy/systemd/premises*.timer; do
    put 644 "$unit" "/etc/systemd/system/$(basename "$unit")"
done
put 644 deploy/systemd/premises.sysusers /etc/sysusers.d/premises.conf
put 755 deploy/jobs/nightly.sh "$share/nightly.sh"
put 644 docs/administration.md /usr/local/share/doc/premises/administration.md
[ -e "$root/etc/premises/environment" ] || put 640 deploy/systemd/environment /etc/premises/environment

put 644 deploy/mosquitto/mosquitto.conf /etc/premises/mosquitto.conf
sed -i -e "s|/mosquitto/access|$state/mosquitto|" -e "s|/mosquitto/certificates|$state/certificates|" \
    -e "s|/mosquitto/data|$state/broker|" "$root/etc/premises/mosquitto.conf"

cat <<TEXT
installed below ${root:-/}. Then, as root (docs/install.md):
    systemd-sysusers && install -d -o premises -g premises -m 700 /var/lib/premises{,/home,/backups,/installation,/installation/broker}
    runuser -u premises -- $program secrets make $state --host NAME-OF-THIS-MACHINE
    runuser -u premises -- $program registry import REGISTRY.yaml --home /var/lib/premises/home
    systemctl daemon-reload && systemctl enable --now premises-{broker,ingest,serve}.service premises-backup.timer
TEXT
