# Completion of leaklab's commands, flags, modes and patterns in bash. What there is, leaklab itself is asked.
# shellcheck shell=bash

_leaklab_commands() { leaklab --help | sed -nE "/^'leaklab /q; s/^  ([a-z]+) +[a-z].*/\1/p"; }
_leaklab_flags() { leaklab "$1" --help | sed -nE 's/^  (--[a-z0-9_-]+).*/\1/p'; }
_leaklab_modes() { leaklab patterns --json | sed -nE 's/^ +"((leak|fix|mix|decoy)-[A-Za-z0-9_-]+)",?$/\1/p'; }
_leaklab_patterns() { _leaklab_modes | sed -E 's/^[a-z]+-//' | sort -u; }

# The words for what is typed behind a flag and a blank or a '=', which is a word of its own to bash; none: files.
_leaklab_values() { # COMMAND FLAG
    case $2 in
        -mode | --mode) _leaklab_modes ;;
        *) leaklab "$1" --help | sed -nE "s/^  -?${2//[^a-z0-9_-]/} ([a-z]+(\|[a-z]+)+) .*/\1/p" | tr '|' ' ' ;;
    esac
}

_leaklab() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command=${COMP_WORDS[1]-} choices='' flag
    if [ "$word" = = ]; then word=''; elif [ "$before" = = ]; then before=${COMP_WORDS[COMP_CWORD - 2]}; fi
    [[ $command != -* ]] || command=run
    if [ "$COMP_CWORD" -eq 1 ] && [[ $word != -* ]]; then
        choices=$(_leaklab_commands)
    elif [[ $word == -* ]]; then
        for flag in $(_leaklab_flags "$command") --help; do
            choices+=" $flag"
            [[ $word == --* ]] || choices+=" ${flag#-}" # as Go writes them
        done
    elif [[ $before == -* ]]; then
        choices=$(_leaklab_values "$command" "$before")
    elif [ "$command" = graph ]; then
        choices=$(_leaklab_modes)
    elif [ "$command" = patterns ]; then
        choices=$(_leaklab_patterns)
    fi
    if [ -n "$choices" ]; then
        mapfile -t COMPREPLY < <(compgen -W "$choices" -- "$word")
    else
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
    fi
}

complete -o filenames -F _leaklab leaklab
