# Sourced by script/*: where the project is, and how to talk to the user.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

say() { printf '%s\n' "$*"; }

die() {
    printf '%s: %s\n' "script/${0##*/}" "$*" >&2
    exit 1
}

# The first comment block of the script, without the marks: its manual.
usage() { awk 'NR > 1 && !/^#/ { exit } NR > 1 { sub(/^# ?/, ""); print }' "$1"; }

# configure_and_build PRESET TARGET [CMAKE OPTION...]
configure_and_build() {
    local preset=$1 target=$2
    shift 2
    (cd "$root" && cmake --preset "$preset" "$@" && cmake --build --preset "$preset" --target "$target")
}

# The same without the unit tests, which need cmocka; a build tree that has them already keeps them.
build_program() { # PRESET TARGET
    local options=()
    [ -f "$root/build/$1/CMakeCache.txt" ] || options=(-DLEAKLAB_TESTS=OFF)
    configure_and_build "$1" "$2" ${options[@]+"${options[@]}"}
}

# logged NAME COMMAND...: what it prints goes to build/NAME.log, whose end is shown, and the script over, when it fails.
logged() {
    local log=$root/build/$1.log
    shift
    mkdir -p "$(dirname "$log")"
    "$@" >"$log" 2>&1 || {
        tail -n 40 "$log" >&2
        die "that failed: $*"
    }
}
