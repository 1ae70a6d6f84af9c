//! Blocks of code that show what somebody typed in a terminal and what came of it.
//!
//! The grammar for these colours the prompt and no command; so the commands are coloured as the shell's language and the
//! rest stays plain.

/// What such blocks are called.
const NAMES: [&str; 8] = [
    "bash-session",
    "console",
    "sh-session",
    "shell-session",
    "shellsession",
    "terminal",
    "terminal-session",
    "zsh-session",
];

/// The language of the commands.
pub(super) const COMMANDS: &str = "shellscript";

/// What a prompt ends in.
const PROMPTS: [&str; 6] = ["$ ", "# ", "% ", "> ", "❯ ", "➜ "];

/// Whether a language's name says that its block is a session.
pub(super) fn is_session(language: &str) -> bool {
    NAMES.iter().any(|name| name.eq_ignore_ascii_case(language))
}

/// Where the command begins in a line of a session, behind its prompt; `None` where it has no prompt.
///
/// `$ ls`, `# apt update`, `> continued`, `me@host:~/x$ ls`, `[me@host x]$ ls`, `(venv) $ ls`, `PS C:\> dir`.
pub(super) fn command_at(line: &str) -> Option<usize> {
    let ends = PROMPTS.iter().filter_map(|prompt| line.find(prompt).map(|at| (at, at + prompt.len())));
    let (start, end) = ends.min()?;
    let before = line.get(..start)?.trim();
    let is_prompt = before.is_empty()
        || before.contains('@') && !before.starts_with(['<', '"'])
        || before.starts_with("PS ")
        || before.starts_with('(') && before.ends_with(')');
    is_prompt.then_some(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_begins_behind_its_prompt() {
        for (line, command) in [
            ("$ ls -l", "ls -l"),
            ("# apt update", "apt update"),
            ("% ls", "ls"),
            ("> two", "two"),
            ("❯ ls", "ls"),
            ("  $ ls", "ls"),
            ("me@host:~/x$ ls $ a", "ls $ a"),
            ("[me@host x]$ ls", "ls"),
            ("root@host:/# ls", "ls"),
            ("(venv) $ ls", "ls"),
            ("PS C:\\> dir", "dir"),
        ] {
            assert_eq!(command_at(line).and_then(|at| line.get(at..)), Some(command), "{line}");
        }
        for output in ["", "total 0", "costs 3$ now", "a > b", "$", "$HOME is where", "50% done", "line # note"] {
            assert_eq!(command_at(output), None, "{output}");
        }
    }

    #[test]
    fn names_that_say_so_in_any_case() {
        assert!(is_session("console") && is_session("Console") && is_session("shell-session"));
        assert!(!is_session("sh") && !is_session("bash"));
    }
}
