//! `missive new`: makes a channel.

use std::ffi::{OsStr, OsString};
use std::fmt;

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use super::Failure;
use crate::channel::protocol::entry::Side;
use crate::channel::protocol::name::ChannelName;
use crate::channel::protocol::profile::Profile;
use crate::channel::{Channel, Error, Kind};
use crate::commands::Environment;
use crate::commands::documents;
use crate::text::invisible::field;
use crate::text::shell;

/// Make a channel
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  missive new my-blog
  missive new --message brando    # a conversation: his messages in `inbox`, mine in `outbox`")]
pub struct New {
    /// The channel's name: any file name that does not begin with `.`
    name: OsString,
    /// Your own blog: an outbox (the default)
    #[arg(long, group = "kind")]
    broadcast: bool,
    /// Somebody else's blog: an inbox
    #[arg(long, group = "kind")]
    subscription: bool,
    /// A conversation: an inbox and an outbox
    #[arg(long, group = "kind")]
    message: bool,
}

/// The channel that was made.
#[derive(Debug, Serialize, JsonSchema)]
pub struct NewReport {
    name: String,
    kind: Kind,
    path: String,
    #[serde(skip)]
    typed: OsString,
}

/// Makes a channel.
///
/// # Errors
/// [`Failure`] when the name is taken or the data folder cannot be written.
pub fn run(args: &New, environment: &Environment) -> Result<NewReport, Failure> {
    let kind = match () {
        () if args.subscription => Kind::Subscription,
        () if args.message => Kind::Message,
        () => Kind::Broadcast,
    };
    let channel = make(&args.name, kind, environment)?;
    Ok(NewReport {
        name: channel.name.to_string(),
        kind,
        path: channel.path.to_string_lossy().into_owned(),
        typed: args.name.clone(),
    })
}

/// Makes a channel of this name and kind.
pub(super) fn make(name: &OsStr, kind: Kind, environment: &Environment) -> Result<Channel, Failure> {
    let parsed = ChannelName::parse(name).ok_or_else(|| Error::Name { name: name.to_string_lossy().into_owned() })?;
    let profile = Profile {
        id: Some(Uuid::new_v4().urn().to_string()),
        title: Some(parsed.to_string()),
        markdown: vec!["quotes".to_owned()],
        ..Profile::default()
    };
    // A book that cannot be read keeps nobody from a new channel.
    if !environment.folders.data.join(parsed.as_os_str()).exists()
        && let Ok(followed) = documents::follow_renamed(environment)
    {
        documents::refuse_kept_name(&followed.book, &parsed)?;
    }
    Ok(Channel::make(&environment.folders.data, &parsed, kind, &profile)?)
}

impl fmt::Display for NewReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", field(&self.path))?;
        if self.kind == Kind::Subscription {
            return writeln!(f, "Let a sync tool copy the publisher's messages into its `{}`.", Side::Inbox);
        }
        let [compose, build] = ["compose", "build"].map(|command| shell::missive(command, &[&self.typed]));
        writeln!(f, "To write: {compose}")?;
        writeln!(
            f,
            "You can also use any editor: save a text file in its `{}`, named by the time in UTC:",
            Side::Outbox
        )?;
        writeln!(f, "$(date -u +%Y-%m-%dT%H-%M-%SZ).txt. Then: {build}")
    }
}
