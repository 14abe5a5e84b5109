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
download_prometheus() {
    (cd "$1" && apt-get -qq -o APT::Sandbox::User="$(id -un)" download prometheus)
}

# Puts prometheus and promtool on PATH. A program that is installed is used; otherwise Debian's package is unpacked
# below build/, because installing it would start a Prometheus on this machine.
need_prometheus() {
    local tools=$root/build/tools/prometheus
    if command -v prometheus >/dev/null && command -v promtool >/dev/null; then return 0; fi
    if [ ! -x "$tools/usr/bin/prometheus" ] || [ ! -x "$tools/usr/bin/promtool" ]; then
        command -v apt-get >/dev/null || die "prometheus and promtool are needed on PATH"
        say "Unpacking Debian's prometheus below build/tools/ (it is not installed, so that no service starts)."
        rm -rf "$tools" "$tools.part"
        mkdir -p "$tools.part"
        download_prometheus "$tools.part" || { apt update && download_prometheus "$tools.part"; } ||
            die "the package prometheus could not be downloaded"
        dpkg-deb -x "$tools.part"/prometheus_*.deb "$tools.part"
        rm "$tools.part"/prometheus_*.deb
        mv "$tools.part" "$tools"
    fi
    export PATH=$tools/usr/bin:$PATH
}
