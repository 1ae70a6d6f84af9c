//! The command line: its options, and the commands in the groups that people think in.
//!
//! Each group is an enum, so each command is in exactly one of them, and the overview of `missive --help` is made from the same
//! enums.

use std::fmt::Write;
use std::path::PathBuf;

use clap::{Args, Command as Grammar, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::cli::logging::{EVERYWHERE, LogArgs};
use crate::cli::terminal::Color;
use crate::commands::{
    build, channels, check, complete, completions, compose, delete, drafts, edit, invite, keys, man, mark, new, read,
    rename, schema, search, serve, service, share, status, subscribe, sync, watch, why,
};

/// Publish, read and talk through plain folders of text files
#[derive(Debug, Parser)]
#[allow(clippy::doc_markdown, reason = "these comments are the program's help, which is no Markdown")]
#[command(name = "missive", version, max_term_width = 100, disable_help_subcommand = true)]
#[command(after_help = "Examples:
  missive new my-blog
  missive build my-blog

`missive COMMAND --help` shows all options of a command. CHANNEL is a path, or a name in the data folder.")]
pub(super) struct Cli {
    #[command(flatten)]
    pub(super) options: GlobalArgs,
    #[command(subcommand)]
    pub(super) command: Command,
}

/// The options of every command.
#[allow(clippy::doc_markdown, reason = "these comments are the program's help, which is no Markdown")]
#[derive(Debug, Args)]
pub(super) struct GlobalArgs {
    /// The data folder, which holds the channels [default: $MISSIVE_DATA, else ~/missive_data]
    #[arg(long, global = true, value_name = "DIR", help_heading = EVERYWHERE)]
    pub(super) data: Option<PathBuf>,
    /// Print the result as JSON
    #[arg(long, global = true, help_heading = EVERYWHERE)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) logging: LogArgs,
    /// When to show bold and dim text
    #[arg(long, global = true, value_name = "WHEN", value_enum, default_value_t, help_heading = EVERYWHERE)]
    pub(super) color: Color,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    #[command(flatten)]
    Write(WriteCommand),
    #[command(flatten)]
    Read(ReadCommand),
    #[command(flatten)]
    Publish(PublishCommand),
    #[command(flatten)]
    Share(ShareCommand),
    #[command(flatten)]
    LookAfter(LookAfterCommand),
}

/// One's own messages.
#[derive(Debug, Subcommand)]
pub(super) enum WriteCommand {
    New(new::New),
    Compose(compose::Compose),
    Drafts(drafts::Drafts),
    Edit(edit::Edit),
    Delete(delete::Delete),
}

/// What is in the channels.
#[derive(Debug, Subcommand)]
pub(super) enum ReadCommand {
    Channels(channels::Channels),
    Read(read::Read),
    Search(search::Search),
    Mark(mark::Mark),
}

/// Channels as websites.
#[derive(Debug, Subcommand)]
pub(super) enum PublishCommand {
    Build(build::Build),
    Watch(watch::Watch),
    Serve(serve::Serve),
}

/// Channels that others have too.
#[derive(Debug, Subcommand)]
pub(super) enum ShareCommand {
    Share(share::Share),
    Subscribe(subscribe::Subscribe),
    Join(subscribe::Join),
    Invite(invite::Invite),
    Accept(invite::Accept),
    Sync(sync::Sync),
    Status(status::Status),
}

/// What keeps all of it in order.
#[derive(Debug, Subcommand)]
pub(super) enum LookAfterCommand {
    Check(check::Check),
    Why(why::Why),
    Rename(rename::Rename),
    Keys(keys::Keys),
    Service(service::Service),
    Schema(schema::Schema),
    Completions(completions::Completions),
    Man(man::Man),
    #[command(hide = true)]
    Complete(complete::Complete),
}

/// What ctrl-c, SIGTERM and SIGHUP do while a command runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SignalRule {
    /// They end the program at once: it writes nothing, or each file whole.
    EndAtOnce,
    /// They end it between two steps that belong together, but are the editor's while one is open.
    EndUnlessEditing,
    /// They end it between two steps that belong together; a question for a passphrase ends by itself.
    EndUnlessHiding,
    /// The command is asked to stop, and finishes what it is doing.
    AskToStop,
}

impl Command {
    /// What signals do while it runs.
    pub(super) fn signal_rule(&self) -> SignalRule {
        match self {
            Self::Write(command) => match command {
                WriteCommand::New(_) => SignalRule::EndAtOnce,
                WriteCommand::Compose(_)
                | WriteCommand::Drafts(_)
                | WriteCommand::Edit(_)
                | WriteCommand::Delete(_) => SignalRule::EndUnlessEditing,
            },
            Self::Read(_) => SignalRule::EndAtOnce,
            Self::Publish(command) => match command {
                PublishCommand::Build(_) => SignalRule::EndAtOnce,
                PublishCommand::Watch(_) | PublishCommand::Serve(_) => SignalRule::AskToStop,
            },
            Self::Share(command) => match command {
                ShareCommand::Subscribe(_)
                | ShareCommand::Join(_)
                | ShareCommand::Accept(_)
                | ShareCommand::Sync(_) => SignalRule::AskToStop,
                ShareCommand::Share(_) | ShareCommand::Invite(_) | ShareCommand::Status(_) => {
                    SignalRule::EndUnlessHiding
                }
            },
            Self::LookAfter(command) => match command {
                LookAfterCommand::Keys(_) | LookAfterCommand::Rename(_) => SignalRule::EndUnlessHiding,
                LookAfterCommand::Check(_)
                | LookAfterCommand::Why(_)
                | LookAfterCommand::Service(_)
                | LookAfterCommand::Schema(_)
                | LookAfterCommand::Completions(_)
                | LookAfterCommand::Man(_)
                | LookAfterCommand::Complete(_) => SignalRule::EndAtOnce,
            },
        }
    }

    /// Whether its failures quote neither a key nor a text, since it is given none, so that they can be logged.
    pub(super) fn quotes_no_secret(&self) -> bool {
        match self {
            Self::Publish(_) => true,
            Self::Share(command) => matches!(command, ShareCommand::Sync(_)),
            Self::LookAfter(command) => matches!(command, LookAfterCommand::Check(_)),
            Self::Write(_) | Self::Read(_) => false,
        }
    }
}

impl Cli {
    /// Reads the arguments, the program's name first.
    ///
    /// # Errors
    /// What is wrong with them; also help and version, which are answers.
    pub(super) fn parse_arguments(args: Vec<std::ffi::OsString>) -> Result<Self, clap::Error> {
        let mut grammar = grammar();
        let matches = grammar.try_get_matches_from_mut(args)?;
        Self::from_arg_matches(&matches).map_err(|error| error.format(&mut grammar))
    }

    /// The data folder that the arguments name, or those that are being completed.
    pub(super) fn data(&self) -> Option<PathBuf> {
        let named = self.options.data.clone();
        if let Command::LookAfter(LookAfterCommand::Complete(args)) = &self.command {
            return args.data().or(named);
        }
        named
    }
}

/// The whole command line's grammar, with the overview in groups.
pub(super) fn grammar() -> Grammar {
    let grammar = Cli::command();
    let overview = overview(&grammar);
    grammar.help_template(format!(
        "{{about-with-newline}}\n{{usage-heading}} {{usage}}\n\n{overview}{}\n{{options}}{{after-help}}",
        heading("Options", &Cli::command())
    ))
}

/// The groups, by their headings, with the grammars of their commands.
fn groups() -> [(&'static str, Grammar); 5] {
    let empty = || Grammar::new("missive");
    [
        ("Write", WriteCommand::augment_subcommands(empty())),
        ("Read", ReadCommand::augment_subcommands(empty())),
        ("Publish", PublishCommand::augment_subcommands(empty())),
        ("Share", ShareCommand::augment_subcommands(empty())),
        ("Look after", LookAfterCommand::augment_subcommands(empty())),
    ]
}

/// The commands with what each does, group by group.
fn overview(grammar: &Grammar) -> String {
    let style = grammar.get_styles().get_literal();
    let groups = groups();
    let widest = groups.iter().flat_map(|(_, group)| visible(group)).map(|(name, _)| name.len()).max().unwrap_or(0);
    let mut text = String::new();
    for (title, group) in &groups {
        text.push_str(&heading(title, grammar));
        text.push('\n');
        for (name, about) in visible(group) {
            let gap = " ".repeat(widest + 2 - name.len());
            // Writing to a String cannot fail.
            let _ = writeln!(text, "  {style}{name}{style:#}{gap}{about}");
        }
        text.push('\n');
    }
    text
}

/// The commands of a group that help shows, with what each does.
fn visible(group: &Grammar) -> Vec<(String, String)> {
    let commands = group.get_subcommands().filter(|command| !command.is_hide_set());
    commands.map(|command| (command.get_name().to_owned(), about(command))).collect()
}

fn heading(title: &str, grammar: &Grammar) -> String {
    let style = grammar.get_styles().get_header();
    format!("{style}{title}:{style:#}")
}

fn about(command: &Grammar) -> String {
    command.get_about().map_or_else(String::new, ToString::to_string)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn every_command_is_in_exactly_one_group() {
        let mut found: BTreeMap<String, usize> = BTreeMap::new();
        for (_, group) in groups() {
            for command in group.get_subcommands() {
                *found.entry(command.get_name().to_owned()).or_default() += 1;
            }
        }
        let all = Cli::command();
        let expected = all.get_subcommands().map(|command| (command.get_name().to_owned(), 1)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn the_overview_is_in_groups() {
        let plain = clap::builder::StyledStr::from(overview(&Cli::command())).to_string();
        assert_eq!(plain, include_str!("overview.txt"));
        let help = grammar().render_help().to_string();
        assert!(help.contains(include_str!("overview.txt")) && help.contains("\nOptions:\n"), "{help}");
    }
}
