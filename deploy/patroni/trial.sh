#!/usr/bin/env bash
# A Patroni cluster of three on this machine's loopback, to try a failover with:
#   trial.sh up FOLDER      start etcd and three members, wait for a leader and a synchronous standby, print database_url
#   trial.sh leader FOLDER  say who leads, and the process ids of the leader's Patroni and PostgreSQL
#   trial.sh start FOLDER M start a member that was killed, such as m1, and wait until there is a synchronous standby
#   trial.sh down FOLDER    stop everything that was started and remove the folder
# Debian packages: patroni, etcd-server, python3-etcd, postgresql. Not for service: one machine is one failure.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
task=${1:?up, leader, start or down} folder=${2:?a folder}
base=${PATRONI_TRIAL_PORT:-25430}
etcd=127.0.0.1:$((base + 9))

# PostgreSQL does not run as root
as_postgres=()
[ "$(id -u)" -ne 0 ] || as_postgres=(setpriv --reuid postgres --regid postgres --init-groups)

member() { # number
    local binaries
    binaries=$(dirname "$(compgen -G '/usr/lib/postgresql/*/bin/initdb' | sort -V | tail -1)")
    mkdir -m 0700 "$folder/m$1"
    sed -e "s|FOLDER|$folder/m$1|g; s|NAME|m$1|; s|REST_PORT|$((base + 10 + $1))|g; s|HOST:PORT|127.0.0.1:$((base + $1))|g" \
        -e "s|HOST|127.0.0.1|g; s|ETCD|$etcd|; s|DATA|$folder/m$1/data|; s|BINARIES|$binaries|; s|PASSWORD|$password|g" \
        "$here/member.yml" >"$folder/m$1/patroni.yml"
    chmod 0600 "$folder/m$1/patroni.yml"
    [ "$(id -u)" -ne 0 ] || chown -R postgres: "$folder/m$1"
    start "$1"
}

start() { # number
    "${as_postgres[@]}" patroni "$folder/m$1/patroni.yml" >"$folder/m$1.log" 2>&1 &
    echo $! >"$folder/m$1.pid"
}

await_standby() {
    for _ in $(seq 180); do
        [ -z "$(found 'Sync Standby')" ] || return 0
        sleep 1
    done
    echo "No synchronous standby within 3 minutes: see $folder/m*.log" >&2
    exit 1
}

# a member of the cluster that Patroni's own list shows in this role
found() {
    "${as_postgres[@]}" patronictl -c "$folder/m1/patroni.yml" list -f json 2>/dev/null |
        python3 -c 'import json, sys; print(*(m["Member"] for m in json.load(sys.stdin) if m["Role"] == sys.argv[1]))' "$1"
}

case $task in
up)
    command -v patroni etcd >/dev/null || { echo "Needed: apt-get install patroni etcd-server python3-etcd" >&2; exit 1; }
    mkdir -m 0711 "$folder"
    password=$(head -c 18 /dev/urandom | base64 | tr -d '+/=')
    etcd --data-dir "$folder/etcd" --listen-client-urls "http://$etcd" --advertise-client-urls "http://$etcd" \
        --listen-peer-urls "http://127.0.0.1:$((base + 8))" --initial-advertise-peer-urls "http://127.0.0.1:$((base + 8))" \
        --initial-cluster "default=http://127.0.0.1:$((base + 8))" >"$folder/etcd.log" 2>&1 &
    echo $! >"$folder/etcd.pid"
    for number in 1 2 3; do member "$number"; done
    await_standby
    echo "postgresql://postgres:$password@127.0.0.1:$((base + 1)),127.0.0.1:$((base + 2)),127.0.0.1:$((base + 3))/postgres"
    ;;
leader)
    name=$(found Leader)
    echo "$name $(cat "$folder/$name.pid") $(head -1 "$folder/$name/data/postmaster.pid")"
    ;;
start)
    member=${3:?a member, such as m1}
    start "${member#m}"
    await_standby
    ;;
down)
    for file in "$folder"/m*.pid "$folder/etcd.pid"; do
        kill "$(cat "$file")" 2>/dev/null || true
    done
    for _ in $(seq 60); do
        compgen -G "$folder/m*/data/postmaster.pid" >/dev/null || break
        sleep 0.5
    done
    rm -rf "$folder"
    ;;
*)
    echo "up, leader, start or down" >&2
    exit 2
    ;;
esac
