#!/bin/sh
# nightly.sh home|records [once]: a backup every night at 02:30 local time, the newest BACKUPS_KEPT of them stay.
# A failure leaves a file, by which the container shows as unhealthy until a backup succeeds.
set -eu
umask 077
kind=$1
folder=${BACKUPS:-/backups}
kept=${BACKUPS_KEPT:-14}
at=${BACKUPS_AT:-02:30}

write() { # FILE
    case $kind in
    home) "${PROGRAM:-premises}" backup "$1" ;;
    records)
        PGPASSWORD=$(cat /run/secrets/postgres-password)
        export PGPASSWORD
        pg_dump --host postgres --username premises --format custom --file "$1" premises
        ;;
    esac
}

case $kind in
home) suffix=tar.gz ;;
records) suffix=dump ;;
*)
    echo "nightly: say home or records" >&2
    exit 2
    ;;
esac

backup() {
    name=$kind-$(date +%Y-%m-%d).$suffix
    mkdir -p "$folder/.partial"
    rm -f "$folder/.partial/$name"
    if write "$folder/.partial/$name"; then
        mv "$folder/.partial/$name" "$folder/$name"
        rm -f "$folder/$kind.failed"
        # A date in each name: the order of names is that of days.
        find "$folder" -maxdepth 1 -name "$kind-*.$suffix" | sort -r | tail -n "+$((kept + 1))" | xargs -r rm -f
    else
        date >"$folder/$kind.failed"
        echo "nightly: the backup of $kind failed" >&2
        return 1
    fi
}

if [ "${2:-}" = once ]; then
    backup
    exit
fi

while true; do
    now=$(date +%s)
    next=$(date -d "$(date +%F) $at" +%s)
    [ "$next" -gt "$now" ] || next=$((next + 86400))
    sleep $((next - now)) &
    # A shell that waits hears SIGTERM at once, one in the foreground of sleep only afterwards.
    trap 'kill $! 2>/dev/null; exit 0' TERM INT
    wait $!
    backup || true
done
