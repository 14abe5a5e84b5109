#!/usr/bin/env bash
# leaklab-patterns.5.bash README OUTPUT: the manual page leaklab-patterns(5), from the description of the language. What a
# repository has and a manual page has not is left out: links, and a table of contents. Sections are one level higher, and a
# table, which no terminal is wide enough for, is a list of its first column, each with what stands in the others.
set -euo pipefail
{
    cat <<'TEXT'
% LEAKLAB-PATTERNS 5 "" leaklab leaklab

# NAME

leaklab-patterns - the language in which patterns of task leaks are written

# DESCRIPTION

leaklab has its patterns built in. Those of one's own are files in a folder that `--patterns` names, or are posted to the
daemon at `/patterns`; `leaklab check` says what is wrong with one.

TEXT
    sed -E -e '1d' -e '/^- \[.*\]\(#.*\)$/d' -e 's/\[([^]]*)\]\([^)]*\)/\1/g' -e 's/^##/#/' "$1" | expand -t 4 | awk '
        /^<!-- only in the repository -->$/ { hidden = 1 }
        hidden { if (/^<!-- end -->$/) hidden = 0; next }
        /^# / { print toupper($0); next }
        /^\|/ {
            if (rows++ < 2) next # what the columns are called, and the line below
            count = split(substr($0, 2, length($0) - 2), cells, "|")
            line = ""
            for (i = 2; i <= count; i++) {
                gsub(/^ +| +$/, "", cells[i])
                if (cells[i] != "") line = line (line == "" ? "" : "; ") cells[i]
            }
            gsub(/^ +| +$/, "", cells[1])
            printf "%s\n: %s\n\n", cells[1], line == "" ? "as it says" : line
            next
        }
        { rows = 0; print }'
    printf '\n# SEE ALSO\n\n**leaklab**(1), **leaklab-check**(1), **leaklab-graph**(1), **leaklab-patterns**(1), **leaklab-serve**(1)\n'
} | go-md2man | sed '/^\.TH/a .nh\n.ad l' | gzip -9n >"$2"
