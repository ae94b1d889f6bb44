#!/usr/bin/env bash
# Installs the parts that pip cannot: mosquitto, the broker that the tests and the server mode use,
# and PostgreSQL, which the tests of the records run over beside SQLite.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/system.sh

# A broker is often in a sbin folder that an ordinary user's PATH leaves out.
PATH="$PATH:/usr/sbin:/usr/local/sbin:/opt/homebrew/sbin"

has_mosquitto() { command -v mosquitto >/dev/null; }

if ! has_mosquitto; then
    if may_apt; then
        say "setup: mosquitto by apt"
        apt_install mosquitto || true
    elif command -v brew >/dev/null; then
        say "setup: mosquitto by brew"
        brew install --quiet mosquitto || true
    fi
fi

if ! has_mosquitto; then
    say "setup: mosquitto is missing and could not be installed here; the tests over a real broker need it."
    say "       Debian, Ubuntu: sudo apt-get install mosquitto    Fedora: sudo dnf install mosquitto    macOS: brew install mosquitto"
fi

has_postgres() {
    local program
    for program in /usr/lib/postgresql/*/bin/initdb; do
        [ -x "$program" ] && return 0
    done
    command -v initdb >/dev/null
}

if ! has_postgres; then
    if may_apt; then
        say "setup: postgresql by apt"
        apt_install postgresql || true
    elif command -v brew >/dev/null; then
        say "setup: postgresql by brew"
        brew install --quiet postgresql@17 || true
        brew link --quiet --force postgresql@17 || true
    fi
fi

if ! has_postgres; then
    say "setup: PostgreSQL is missing and could not be installed here; the records are tested over SQLite only."
    say "       Debian, Ubuntu: sudo apt-get install postgresql    Fedora: sudo dnf install postgresql-server    macOS: brew install postgresql"
fi
