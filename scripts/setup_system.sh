#!/usr/bin/env bash
# Installs the parts that pip cannot: mosquitto, the broker; PostgreSQL, which the records are tested over beside SQLite;
# InfluxDB, which the readings are tested over beside DuckDB; Chromium and a Chinese font, in which the pages of the console are looked at.
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

has_influxd() { command -v influxd >/dev/null; }

if ! has_influxd; then
    if may_apt; then
        say "setup: influxdb by apt"
        # The tests start servers of their own; a policy keeps the package from starting its service.
        if [ ! -e /usr/sbin/policy-rc.d ] && printf '#!/bin/sh\nexit 101\n' | as_root tee /usr/sbin/policy-rc.d >/dev/null; then
            as_root chmod 755 /usr/sbin/policy-rc.d
            apt_install influxdb || true
            as_root rm -f /usr/sbin/policy-rc.d
        else
            apt_install influxdb || true
        fi
    elif command -v brew >/dev/null; then
        say "setup: influxdb@1 by brew"
        brew install --quiet influxdb@1 || true
        brew link --quiet --force influxdb@1 || true
    fi
fi

if ! has_influxd; then
    say "setup: influxd is missing and could not be installed here; the readings are tested over DuckDB only."
    say "       Debian, Ubuntu: sudo apt-get install influxdb    or name a server of 2.x: PREMISES_TEST_INFLUXDB_URL, _TOKEN, _ORG"
fi

has_chromium() { command -v chromium >/dev/null || command -v chromium-browser >/dev/null; }
has_chinese_font() { command -v fc-list >/dev/null && [ -n "$(fc-list :lang=zh family 2>/dev/null)" ]; }

if ! has_chromium; then
    if may_apt; then
        say "setup: chromium by apt"
        apt_install chromium || true
    elif command -v brew >/dev/null; then
        say "setup: chromium by brew"
        brew install --quiet --cask chromium || true
    fi
fi

if ! has_chromium; then
    say "setup: Chromium is missing and could not be installed here; the tests of the console's pages are skipped."
    say "       Debian: sudo apt-get install chromium    Fedora: sudo dnf install chromium    macOS: brew install --cask chromium"
fi

# macOS brings Chinese fonts along; elsewhere Chinese shows as boxes until there is one.
if [ "$(uname)" != Darwin ] && ! has_chinese_font && may_apt; then
    say "setup: a Chinese font by apt"
    apt_install fontconfig fonts-wqy-zenhei || true
fi
