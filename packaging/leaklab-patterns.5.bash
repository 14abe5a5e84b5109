#!/usr/bin/env bash
# leaklab-patterns.5.bash README OUTPUT: the manual page leaklab-patterns(5), from the description of the language. Links have no
# place in it, and its sections are one level higher.
set -euo pipefail
{
    printf '%% leaklab-patterns 5 "" leaklab leaklab\n\n'
    printf '# NAME\n\nleaklab-patterns - the language in which patterns of task leaks are written\n\n# DESCRIPTION\n\n'
    sed -E -e '1d' -e '/^- \[.*\]\(#.*\)$/d' -e 's/\[([^]]*)\]\([^)]*\)/\1/g' -e 's/^##/#/' "$1" | expand -t 4
} | go-md2man | gzip -9n >"$2"
