#compdef missive
# Completions of missive for zsh: a file `_missive` in a folder of $fpath, or source <(missive completions zsh)
_missive() {
    local value help tab=$'\t'
    local -a typed plain plain_shown open
    # As typed they may be quoted; in a quote that is still open, $PREFIX is what stands behind it.
    typed=("${(@Q)words[1,CURRENT-1]}" "${(Q)PREFIX}")
    while IFS=$tab read -r value help; do
        if [[ $value == */ || $value == *= ]]; then
            open+=("$value")
        else
            plain+=("$value") plain_shown+=("$value${help:+  -- $help}")
        fi
    done < <(missive complete $((CURRENT - 1)) -- "${typed[@]}" 2>/dev/null)
    (($#plain)) && compadd -l -d plain_shown -- "${plain[@]}"
    (($#open)) && compadd -S '' -- "${open[@]}"
    (($#plain + $#open))
}
if [[ $funcstack[1] == _missive ]]; then
    _missive "$@"
else
    compdef _missive missive
fi
