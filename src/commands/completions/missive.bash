# Completions of missive for bash: source <(missive completions bash)
_missive() {
    # Bash cuts words at `=` and `:`; here they are put together again, up to the one at the cursor.
    local words=() word joined="" i
    for ((i = 0; i <= COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        if [[ ${#words[@]} -gt 0 && ($word == [=:]* || $joined == yes) ]]; then
            words[${#words[@]} - 1]+=$word
        else
            words+=("$word")
        fi
        [[ $word == *[=:] ]] && joined=yes || joined=""
    done
    local last=$((${#words[@]} - 1)) current
    # As typed they may be quoted.
    for ((i = 0; i <= last; i++)); do
        word=${words[i]//\\/}
        case $word in \"* | \'*) word=${word:1} word=${word%[\"\']} ;; esac
        case $word in "~/"*) [[ $i -lt $last ]] && word=$HOME/${word:2} ;; esac
        words[i]=$word
    done
    current=${words[last]}
    local value rest prefix=""
    case $current in *[=:]*) prefix=${current%"${current##*[=:]}"} ;; esac
    COMPREPLY=()
    while IFS=$'\t' read -r value rest; do
        COMPREPLY+=("${value#"$prefix"}")
        case $value in */ | *=) compopt -o nospace 2>/dev/null ;; esac
        # Bash quotes what it takes for file names.
        case $value in *[!a-zA-Z0-9_./:=@%,+-]*) compopt -o filenames 2>/dev/null ;; esac
    done < <(missive complete "$last" -- "${words[@]}" 2>/dev/null)
}
complete -F _missive missive
