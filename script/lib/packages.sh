# Sourced by script/*: installs the Debian packages that are missing, and nothing else.
# shellcheck shell=bash

root=${root:?common.sh comes first}

package_installed() { [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

# Runs a command as root: as it is, or with sudo.
as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

# apt-get, with what it says in a log below build/; told only when it fails.
apt() {
    local log=$root/build/packages.log
    mkdir -p "$root/build"
    if ! as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=120 "$@" >"$log" </dev/null; then
        tail -n 20 "$log" >&2
        return 1
    fi
}

# need_packages LIST...: each LIST is a file of script/packages/ without its ending.
need_packages() {
    local list package why line by_hand missing=() reasons=()
    for list in "$@"; do
        while IFS= read -r line; do
            case $line in '' | '#'*) continue ;; esac
            package=${line%% | *} why=${line#* | }
            case " ${missing[*]-} " in *" $package "*) continue ;; esac
            if ! package_installed "$package"; then
                missing+=("$package")
                reasons+=("$(printf '  %-26s %s' "$package" "$why")")
            fi
        done <"$root/script/packages/$list.txt"
    done
    [ ${#missing[@]} -eq 0 ] && return 0
    if ! command -v apt-get >/dev/null; then
        say "There is no apt-get here. leaklab is built on Debian 12; on this system, its equivalents of these are needed:"
        printf '%s\n' "${reasons[@]}"
        say "Going on with what is there."
        return 0
    fi
    say "Missing Debian packages:"
    printf '%s\n' "${reasons[@]}"
    by_hand="apt-get update && apt-get install -y --no-install-recommends ${missing[*]}"
    if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null; then
        die "cannot install them: this is neither root nor is there sudo. As root, type:
  $by_hand"
    fi
    say "Installing them with apt-get$([ "$(id -u)" -eq 0 ] || echo ' through sudo') (log: build/packages.log)."
    apt update || say "apt-get update complained; trying with the package lists that are there."
    apt install -y --no-install-recommends "${missing[@]}" ||
        die "they could not be installed (see above). As root, type:
  $by_hand"
}

# The folder is the user's own, where apt's helper user could not write.
download() { # FOLDER PACKAGE...
    (cd "$1" && shift && apt-get -qq -o APT::Sandbox::User="$(id -un)" download "$@")
}

# unpack NAME PACKAGE...: Debian's packages below build/tools/NAME, and their programs on PATH. For packages of services, which
# would start on this machine if they were installed.
unpack() {
    local name=$1 tools=$root/build/tools/$1 package
    shift
    if [ ! -d "$tools" ]; then
        command -v apt-get >/dev/null || { say "$name is needed on PATH" >&2 && return 1; }
        say "Unpacking Debian's $* below build/tools/ (not installed, so that no service starts)."
        rm -rf "$tools.part"
        mkdir -p "$tools.part"
        download "$tools.part" "$@" || { apt update && download "$tools.part" "$@"; } || return 1
        for package in "$tools.part"/*.deb; do dpkg-deb -x "$package" "$tools.part" || return 1; done
        rm "$tools.part"/*.deb
        mv "$tools.part" "$tools"
    fi
    export PATH=$tools/usr/bin:$tools/usr/sbin:$tools/bin:$PATH
}

# Puts prometheus and promtool on PATH, unless they are installed.
need_prometheus() {
    if command -v prometheus >/dev/null && command -v promtool >/dev/null; then return 0; fi
    unpack prometheus prometheus || die "the package prometheus could not be unpacked"
}

# Puts on PATH what tests/docker starts an engine and an Alertmanager with. What fails here fails no test: it is skipped.
need_engine() {
    (need_packages docker) || return 1
    if ! command -v prometheus-alertmanager >/dev/null || ! command -v amtool >/dev/null; then
        unpack alertmanager prometheus-alertmanager || return 1
    fi
    if ! command -v busybox >/dev/null; then unpack busybox busybox-static || return 1; fi
    if ! command -v dockerd >/dev/null || ! command -v containerd >/dev/null; then
        unpack docker docker.io containerd runc || return 1
    fi
}
