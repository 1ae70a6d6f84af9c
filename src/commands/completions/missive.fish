# Completions of missive for fish: missive completions fish > ~/.config/fish/completions/missive.fish
function __missive_complete
    set -l words (commandline --cut-at-cursor --current-process --tokenize)
    set -l current (string unescape -- (commandline --cut-at-cursor --current-token) 2>/dev/null)
    missive complete (count $words) -- $words "$current" 2>/dev/null
end
complete --command missive --no-files --keep-order --arguments '(__missive_complete)'
