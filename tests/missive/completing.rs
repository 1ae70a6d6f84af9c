//! `missive completions` in real shells.

use std::process::Command;

use crate::every_command::Data;
use crate::test_environment::{Environment, finished, words};

/// A data folder with a channel whose name has to be quoted.
fn data() -> Data {
    let data = Data::new();
    std::fs::create_dir_all(data.root().join("Azureen & co/outbox")).unwrap();
    data
}

/// Runs a script in a shell that finds the program.
fn shell(data: &Data, shell: &[&str], script: &str) -> String {
    let environment = Environment::new(data.root()).set("LC_ALL", "C.UTF-8");
    let output = finished(environment.other(shell[0]).args(&shell[1..]).args(["-c", script]));
    let (out, talk) = words(&output);
    assert!(talk.is_empty(), "{shell:?}: {talk}");
    out
}

#[test]
fn bash_completes_commands_options_and_channels() {
    let data = data();
    let cases = [
        ("missive ch", "channels|check|"),
        ("missive build b", "blog|"),
        ("missive build ''", "Azureen & co|blog|talk|theirs|"),
        ("missive build 'Azureen\\ '", "Azureen & co|"),
        ("missive build '\"Azu'", "Azureen & co|"),
        ("missive check --f", "--fix|"),
        ("missive build --box = i", "inbox|"),
        ("missive --data /nowhere build ''", "--"),
        ("missive --data = ./talk check th", ""),
        ("missive build ./ta", "./talk/|"),
        ("missive completions z", "zsh|"),
        ("missive schema wa", "watch|"),
    ];
    for (typed, expected) in cases {
        let script = format!(
            "source <(missive completions bash); COMP_WORDS=({typed}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); \
             _missive; printf '%s|' \"${{COMPREPLY[@]}}\""
        );
        let completed = shell(&data, &["bash", "--norc"], &script);
        if expected == "--" {
            assert!(completed.starts_with("--"), "no channel, so options: {typed}: {completed}");
        } else {
            assert_eq!(completed.trim_matches('|'), expected.trim_matches('|'), "{typed}");
        }
    }
}

#[test]
fn fish_completes_channels() {
    let data = data();
    let ask = |typed: &str| {
        shell(&data, &["fish", "--no-config"], &format!("missive completions fish | source; complete -C '{typed}'"))
    };
    assert_eq!(
        ask("missive build "),
        "Azureen & co\tbroadcast\nblog\tbroadcast\ntalk\tmessage\ntheirs\tsubscription\n"
    );
    assert_eq!(ask("missive build Azureen\\ "), "Azureen & co\tbroadcast\n");
    assert_eq!(ask("missive che"), "check\tList the files that are not shown, and why\n");
}

#[test]
fn zsh_completes_channels() {
    let data = data();
    // What zsh would be told, printed instead.
    let ask = |words: &str, prefix: &str| {
        let script = format!(
            "compdef() {{ }}; compadd() {{ while [[ $1 != -- ]] {{ shift }}; shift; print -rl -- \"$@\" }}; \
             source <(missive completions zsh); words=({words}); CURRENT=$#words; PREFIX={prefix}; _missive"
        );
        shell(&data, &["zsh", "-f"], &script)
    };
    assert_eq!(ask("missive build ''", "''"), "Azureen & co\nblog\ntalk\ntheirs\n");
    assert_eq!(ask("missive build '\"Azureen '", "'Azureen '"), "Azureen & co\n");
    assert_eq!(ask("missive --data /nowhere che", "che"), "check\n");
}

#[test]
fn every_page_of_the_manual_is_written_and_groff_has_nothing_to_warn_of() {
    let data = data();
    let (out, _) = words(&data.command(&["man", "pages"]).output().unwrap());
    assert!(out.contains("pages written"), "{out}");
    let main = std::fs::read_to_string(data.root().join("pages/missive.1")).unwrap();
    assert_eq!(main, words(&data.command(&["man"]).output().unwrap()).0, "the one that is printed");
    for entry in std::fs::read_dir(data.root().join("pages")).unwrap().map(Result::unwrap) {
        let text = std::fs::read_to_string(entry.path()).unwrap();
        assert!(text.contains(".SH EXAMPLES\n") && !text.contains(".SH EXTRA"), "{:?}", entry.path());
        let checked = finished(Command::new("groff").args(["-man", "-Tutf8", "-ww", "-z"]).arg(entry.path()));
        assert_eq!(words(&checked).1, "", "{:?}", entry.path());
    }
}
