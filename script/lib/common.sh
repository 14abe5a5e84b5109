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
