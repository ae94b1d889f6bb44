# Sourced by the other scripts: how a part of the system is installed on this machine.

say() { printf '%s\n' "$*" >&2; }

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    else
        sudo -n "$@"
    fi
}

may_apt() {
    command -v apt-get >/dev/null || return 1
    [ "$(id -u)" -eq 0 ] || sudo -n true 2>/dev/null
}

# Package lists are fetched only when an install fails without them, and then once.
apt_install() {
    local quiet=(env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300)
    as_root "${quiet[@]}" install --no-install-recommends "$@" >/dev/null 2>&1 && return 0
    as_root "${quiet[@]}" update >/dev/null && as_root "${quiet[@]}" install --no-install-recommends "$@" >/dev/null
}
