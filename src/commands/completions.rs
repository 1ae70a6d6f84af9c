//! `missive completions`: what makes a shell complete the commands, their options and the channels.
//!
//! The scripts know nothing of the commands: they hand the words typed so far to `missive complete`, so they stay right when
//! commands change.

use std::fmt;

use clap::{Args, ValueEnum};
use schemars::JsonSchema;
use serde::Serialize;

use super::Failure;

/// Print the completion script for a shell
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  source <(missive completions bash)    # in ~/.bashrc, or with zsh in ~/.zshrc
  missive completions fish > ~/.config/fish/completions/missive.fish")]
pub struct Completions {
    /// The shell
    shell: Shell,
}

/// A shell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Shell {
    /// GNU bash.
    #[value(help = None::<&str>)]
    Bash,
    /// The Z shell.
    #[value(help = None::<&str>)]
    Zsh,
    /// fish.
    #[value(help = None::<&str>)]
    Fish,
}

/// A script.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CompletionsReport {
    shell: Shell,
    script: String,
}

/// Gives a shell's script.
///
/// # Errors
/// None so far.
pub fn run(args: &Completions) -> Result<CompletionsReport, Failure> {
    let script = match args.shell {
        Shell::Bash => include_str!("completions/missive.bash"),
        Shell::Zsh => include_str!("completions/missive.zsh"),
        Shell::Fish => include_str!("completions/missive.fish"),
    };
    Ok(CompletionsReport { shell: args.shell, script: script.to_owned() })
}

impl fmt::Display for CompletionsReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.script)
    }
}
