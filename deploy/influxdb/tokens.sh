#!/bin/sh
# Makes the three buckets and two tokens of least privilege; what is there stays. InfluxDB shows a token only once.
set -eu
umask 077

INFLUX_TOKEN=$(cat /run/secrets/influxdb-admin-token)
export INFLUX_TOKEN

bucket_id() { influx bucket list --hide-headers --name "$1" 2>/dev/null | cut -f 1; }

read_rights=
write_rights=
for each in raw hourly daily; do
    [ -n "$(bucket_id "premises/$each")" ] || influx bucket create --name "premises/$each" >/dev/null
    id=$(bucket_id "premises/$each")
    read_rights="$read_rights --read-bucket $id"
    write_rights="$write_rights --write-bucket $id"
done

token() { # NAME RIGHTS
    [ -s "/tokens/$1" ] && return 0
    # shellcheck disable=SC2086 # the rights are words
    influx auth create --hide-headers --description "$1" $2 | cut -f 3 >"/tokens/.$1"
    [ -s "/tokens/.$1" ] || { echo "tokens: InfluxDB gave no token for $1" >&2; exit 1; }
    mv "/tokens/.$1" "/tokens/$1"
}

token premises "$read_rights $write_rights"
token grafana "$read_rights"
