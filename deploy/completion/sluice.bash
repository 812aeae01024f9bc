# bash completion for sluice. Asks the program itself for its commands, their
# words and their options, so there is no list here to fall behind.

_sluice_commands()
{
    sluice --help 2>/dev/null | sed -n 's/^  \([a-z]*\)  .*/\1/p'
}

# The words after `sluice COMMAND` in its usage lines: check|explain|diff
_sluice_words()
{
    sluice "$1" --help 2>/dev/null | sed -n "s/^\(usage:\|  *or:\|      \) *sluice $1 \([a-z][a-z|]*\).*/\2/p" | tr '|' '\n' | sort -u
}

_sluice_options()
{
    sluice "$1" --help 2>/dev/null | grep -oE '(^|[ ,[])--[a-z][a-z-]*' | grep -oE -- '--[a-z-]+' | sort -u
}

_sluice()
{
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
    local command=${COMP_WORDS[1]-}

    COMPREPLY=()
    if [ "$COMP_CWORD" -eq 1 ]; then
        mapfile -t COMPREPLY < <(compgen -W "$(_sluice_commands) --help --version" -- "$current")
        return
    fi
    case $previous in
    -c | --config)
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -f -X '!*.yaml' -- "$current"; compgen -d -- "$current")
        return
        ;;
    esac
    case $current in
    -*)
        mapfile -t COMPREPLY < <(compgen -W "$(_sluice_options "$command")" -- "$current")
        return
        ;;
    esac
    if [ "$COMP_CWORD" -eq 2 ]; then
        mapfile -t COMPREPLY < <(compgen -W "$(_sluice_words "$command")" -- "$current")
    fi
    if [ ${#COMPREPLY[@]} -eq 0 ]; then
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
    fi
}

complete -F _sluice sluice
