//! `missive schema`: what a command prints with `--json`, as a JSON Schema.
//!
//! A table lists the commands with their reports. A schema follows from the type that is printed, so the two cannot disagree.

use std::fmt;

use clap::Args;
use clap::builder::PossibleValuesParser;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema as JsonSchemaText};
use serde::Serialize;

use super::{
    Failure, build, channels, check, complete, completions, compose, delete, drafts, edit, invite, keys, man, mark,
    new, read, rename, search, serve, service, share, status, subscribe, sync, why,
};

/// Print the JSON Schema of a command's --json output
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  missive schema            # lists the commands that have one
  missive schema check > check.schema.json")]
pub struct Schema {
    /// The command [default: list all commands that have a schema]
    #[arg(value_parser = names(), hide_possible_values = true)]
    command: Option<String>,
}

/// A command, and the schema of what it prints.
pub type Row = (&'static str, fn() -> JsonSchemaText);

/// Every command with a result, and the schema of what it prints; `watch` prints one such value on each line.
pub const TABLE: [Row; 28] = [
    ("accept", schema_of::<invite::AcceptReport>),
    ("build", schema_of::<build::BuildResult>),
    ("channels", schema_of::<channels::ChannelsReport>),
    ("check", schema_of::<check::CheckReport>),
    ("complete", schema_of::<complete::CompleteReport>),
    ("completions", schema_of::<completions::CompletionsReport>),
    ("compose", schema_of::<compose::ComposeReport>),
    ("delete", schema_of::<delete::DeleteReport>),
    ("drafts", schema_of::<drafts::DraftsReport>),
    ("edit", schema_of::<edit::EditReport>),
    ("invite", schema_of::<invite::InviteReport>),
    ("join", schema_of::<subscribe::SubscribeReport>),
    ("keys", schema_of::<keys::KeysReport>),
    ("man", schema_of::<man::ManReport>),
    ("mark", schema_of::<mark::MarkReport>),
    ("new", schema_of::<new::NewReport>),
    ("read", schema_of::<read::ReadReport>),
    ("rename", schema_of::<rename::RenameReport>),
    ("schema", schema_of::<SchemaReport>),
    ("search", schema_of::<search::SearchReport>),
    ("serve", schema_of::<serve::ServeReport>),
    ("service", schema_of::<service::ServiceReport>),
    ("share", schema_of::<share::ShareReport>),
    ("status", schema_of::<status::StatusReport>),
    ("subscribe", schema_of::<subscribe::SubscribeResult>),
    ("sync", schema_of::<sync::SyncReport>),
    ("watch", schema_of::<build::BuildReport>),
    ("why", schema_of::<why::WhyReport>),
];

fn names() -> PossibleValuesParser {
    PossibleValuesParser::new(TABLE.map(|(name, _)| name))
}

/// The commands, or one's schema.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum SchemaReport {
    /// The commands.
    Commands {
        /// Their names.
        commands: Vec<&'static str>,
    },
    /// The schema of what one prints.
    Schema(JsonSchemaText),
}

/// Gives a command's schema, or lists the commands.
///
/// # Errors
/// None so far: a command that is not in the table is wrong usage.
pub fn run(args: &Schema) -> Result<SchemaReport, Failure> {
    let wanted = TABLE.iter().find(|(name, _)| args.command.as_deref() == Some(name));
    Ok(match wanted {
        Some((name, schema)) => SchemaReport::Schema(titled(schema(), name)),
        None => SchemaReport::Commands { commands: TABLE.map(|(name, _)| name).to_vec() },
    })
}

fn schema_of<T: JsonSchema>() -> JsonSchemaText {
    SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<T>()
}

fn titled(mut schema: JsonSchemaText, name: &str) -> JsonSchemaText {
    schema.insert("title".to_owned(), format!("missive {name} --json").into());
    schema
}

impl fmt::Display for SchemaReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Commands { commands } => commands.iter().try_for_each(|command| writeln!(f, "{command}")),
            Self::Schema(schema) => writeln!(f, "{:#}", schema.as_value()),
        }
    }
}
