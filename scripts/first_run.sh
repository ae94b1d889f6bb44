#!/usr/bin/env bash
# Prepares an installation under compose: folders, secrets, certificates, access lists, .env. May be run again at any time:
# what is there stays. Options are those of `premises secrets make`: --host NAME (what gateways type), --demo.
set -euo pipefail
cd "$(dirname "$0")/.."
umask 077

state=${PREMISES_STATE:-./deploy/state}
env_file=${PREMISES_ENV_FILE:-.env}

# Root's own containers would be root: then a user of no account owns the state.
uid=$(id -u) gid=$(id -g)
[ "$uid" -ne 0 ] || uid=10001 gid=10001

mkdir -p "$state"/{home,tokens,backups} "$state"/data/{mosquitto,influxdb,influxdb-config,postgres,grafana}

make_secrets() {
    local premises
    for premises in "${PREMISES_PROGRAM:-}" .venv/bin/premises; do
        if [ -n "$premises" ] && [ -x "$premises" ]; then
            "$premises" secrets make "$state" "$@"
            return
        fi
    done
    # Without the program on this machine its image makes them; `docker compose build` made that, or `docker load`.
    docker run --rm --network none --user "$(id -u):$(id -g)" --volume "$(realpath "$state"):/state" \
        premises:0.1.0 premises secrets make /state "$@"
}

make_secrets "$@"
[ "$(id -u)" -ne 0 ] || chown -R "$uid:$gid" "$state"

if [ ! -e "$env_file" ]; then
    printf 'PREMISES_UID=%s\nPREMISES_GID=%s\nPREMISES_STATE=%s\n' "$uid" "$gid" "$state" >"$env_file"
    echo "made $env_file"
fi
