# Completion of leaklab's commands, flags and modes in bash. What there is, leaklab itself is asked.
# shellcheck shell=bash

_leaklab_commands() { leaklab --help | sed -nE "/^'leaklab /q; s/^  ([a-z]+) +[a-z].*/\1/p"; }
_leaklab_flags() { leaklab "$1" --help | sed -nE 's/^  (--[a-z0-9_-]+).*/\1/p'; }
_leaklab_modes() { leaklab patterns --json | sed -nE 's/^ +"((leak|fix|mix|decoy)-[A-Za-z0-9_-]+)",?$/\1/p'; }

_leaklab() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command=${COMP_WORDS[1]-} choices
    if [ "$COMP_CWORD" -eq 1 ] && [[ $word != -* ]]; then
        choices=$(_leaklab_commands)
    elif [[ $word == -* ]]; then
        [[ $command != -* ]] || command=run
        choices="$(_leaklab_flags "$command") --help"
    elif [[ $before == -mode || $before == --mode || $command == graph ]]; then
        choices=$(_leaklab_modes)
    else
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
        return
    fi
    mapfile -t COMPREPLY < <(compgen -W "$choices" -- "$word")
}

complete -o filenames -F _leaklab leaklab
