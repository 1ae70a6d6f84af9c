//! `missive edit`: changes a message of one's own.
//!
//! An editor works on a copy of the message, so the message stays as it was until the new text is whole.

use std::ffi::OsString;
use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

use super::editor::Returned;
use super::{Failure, count, editor};
use crate::channel::outbox::draft::Draft;
use crate::channel::outbox::draft::name::DraftName;
use crate::channel::outbox::missing_attachment;
use crate::channel::outbox::new_message::gather;
use crate::channel::outbox::revise;
use crate::channel::outbox::revise::Revision;
use crate::channel::protocol::entry::RelativePath;
use crate::channel::protocol::header;
use crate::channel::protocol::stamp::Stamp;
use crate::channel::reading::resolve_id;
use crate::channel::snapshot::attachments;
use crate::channel::{Channel, Error};
use crate::commands::Environment;
use crate::commands::compose::context::ComposeContext;
use crate::commands::text_input::TextArgs;
use crate::commands::{free_values, resolve};
use crate::console::Console;
use crate::fs::confined::Folder;
use crate::text::invisible::field;
use crate::text::shell;
use crate::text::shell::quoted;

/// Change a message of your own
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  missive edit blog 2026-11-22T13-35-04Z
  missive edit blog 2026-11-22T13-35-04Z --detach old.jpg -a new.jpg --minor")]
pub struct Edit {
    /// A channel's name or folder
    channel: OsString,
    /// The message's id
    id: String,
    #[command(flatten)]
    text: TextArgs,
    /// Attach a file, or all files of a folder; may be repeated
    #[arg(short, long, value_name = "FILE", allow_hyphen_values = true, value_parser = free_values::path())]
    attach: Vec<PathBuf>,
    /// Move an attachment to the channel's trash; may be repeated
    #[arg(long, value_name = "NAME", allow_hyphen_values = true, value_parser = free_values::name())]
    detach: Vec<OsString>,
    /// A small change: do not record it in the header
    #[arg(long)]
    minor: bool,
}

/// What became of a message.
#[derive(Debug, Serialize, JsonSchema)]
pub struct EditReport {
    channel: String,
    id: Stamp,
    path: String,
    /// Why nothing was changed.
    nothing: Option<&'static str>,
    attached: Vec<String>,
    detached: Vec<String>,
    warnings: Vec<String>,
}

/// What is changed besides the text.
#[derive(Default)]
struct AttachmentChanges {
    attach: crate::channel::outbox::new_message::Gathered,
    detach: Vec<RelativePath>,
    minor: bool,
}

/// Changes a message.
///
/// # Errors
/// [`Failure`]; the message is as it was, and what was written in an editor is kept.
pub fn run(args: &Edit, environment: &Environment, console: Console) -> Result<EditReport, Failure> {
    let channel = resolve::channel(environment, &args.channel)?;
    let stamp = resolve_id::own(&channel, &args.id)?;
    let paths: Vec<PathBuf> = args.attach.iter().map(|path| environment.folders.here.join(path)).collect();
    let besides =
        AttachmentChanges { attach: gather(&paths)?, detach: args.detached(&channel, stamp)?, minor: args.minor };
    let context = ComposeContext { channel: &channel, typed: args.channel.clone(), environment, console };
    let before = revise::read(&channel, stamp)?;
    if let Some(text) = args.text.read(environment, console)? {
        return apply(&context, stamp, &before, &header::kept(&before, &text), &besides);
    }
    if !paths.is_empty() || !besides.detach.is_empty() {
        return apply(&context, stamp, &before, &before, &besides);
    }
    let (draft, left) = Draft::for_message(&channel, stamp, &before)?;
    if left {
        let name = draft.name;
        console.say(&format!(
            "note: you are continuing earlier changes. To discard them: {}",
            context.on_draft("discard", name)
        ));
    }
    in_editor(&context, stamp, draft, &before, &besides)
}

/// Goes on with changes to a message that were left, in an editor or at once.
pub(super) fn go_on(
    context: &ComposeContext<'_>,
    stamp: Stamp,
    draft: Draft,
    with_editor: bool,
) -> Result<EditReport, Failure> {
    let before = revise::read(context.channel, stamp).map_err(|error| kept(context, &draft, error))?;
    if with_editor {
        return in_editor(context, stamp, draft, &before, &AttachmentChanges::default());
    }
    finish(context, stamp, draft, &before, &AttachmentChanges::default())
}

fn in_editor(
    context: &ComposeContext<'_>,
    stamp: Stamp,
    draft: Draft,
    before: &[u8],
    besides: &AttachmentChanges,
) -> Result<EditReport, Failure> {
    let text = draft.contents()?.text;
    match editor::open(context.environment, context.console, &draft.path()) {
        Ok(Returned::AtOnce) if draft.contents()?.text == text => Err(context.returned_at_once(&draft)),
        Ok(_) => finish(context, stamp, draft, before, besides),
        Err(failure) if draft.contents()?.text == before => {
            draft.forget()?;
            Err(failure)
        }
        Err(failure) => Err(context.keeping(failure, draft.name)),
    }
}

fn finish(
    context: &ComposeContext<'_>,
    stamp: Stamp,
    draft: Draft,
    before: &[u8],
    besides: &AttachmentChanges,
) -> Result<EditReport, Failure> {
    let after = draft.contents()?.text;
    let name = draft.name;
    // What the message became meanwhile is not written over, however long the changes lay.
    let base = draft.base().unwrap_or_else(|| before.to_owned());
    if revise::read(context.channel, stamp).map_err(|error| kept(context, &draft, error))? != base {
        return Err(kept(context, &draft, Error::Changed { id: stamp.to_string() }));
    }
    let report = apply(context, stamp, &base, &after, besides).map_err(|failure| context.keeping(failure, name))?;
    draft.forget()?;
    Ok(report)
}

/// A failure after which changes to a message are still there, and what can be done with them.
fn kept(context: &ComposeContext<'_>, draft: &Draft, error: Error) -> Failure {
    let path = quoted(draft.path());
    let list = shell::missive("drafts", &[&context.typed]);
    let way = if let (Error::Changed { .. }, DraftName::Edit(stamp)) = (&error, draft.name) {
        let put = shell::missive(&format!("edit -F {path}"), &[&context.typed, &stamp.to_string()]);
        format!("`{put}` applies it")
    } else {
        let send = shell::missive(&format!("compose -F {path}"), &[&context.typed]);
        format!("`{send}` sends it as a new message, `{}` discards it", context.on_draft("discard", draft.name))
    };
    Failure::from(error).with_hint(format!("your text is saved in {path}: `{list}` lists it, {way}"))
}

fn apply(
    context: &ComposeContext<'_>,
    stamp: Stamp,
    before: &[u8],
    after: &[u8],
    besides: &AttachmentChanges,
) -> Result<EditReport, Failure> {
    let path = context.channel.outbox()?.join(format!("{stamp}.txt"));
    let report = EditReport::new(context.channel, stamp, &path);
    let files_change = !besides.attach.files.is_empty() || !besides.detach.is_empty();
    if after == before && !files_change {
        return Ok(EditReport { nothing: Some("the text is unchanged"), ..report });
    }
    if after != before && header::is_blank(after) {
        return Ok(EditReport { nothing: Some("the text is empty; `missive delete` deletes a message"), ..report });
    }
    let now = context.environment.second()?;
    let revision = Revision {
        before,
        after,
        attach: &besides.attach.files,
        detach: &besides.detach,
        updated: (!besides.minor).then_some(now.seconds()),
    };
    revise::revise(context.channel, stamp, &revision, now)?;
    let skipped = besides.attach.skipped.iter();
    let skipped = skipped.map(|(path, why)| format!("{} is not attached: {why}", field(&path.to_string_lossy())));
    Ok(EditReport {
        attached: besides.attach.files.iter().map(|file| file.name.text().into_owned()).collect(),
        detached: besides.detach.iter().map(|name| name.text().into_owned()).collect(),
        warnings: skipped.chain(missing_attachment::warnings(after, &there(context.channel, stamp), stamp)).collect(),
        ..report
    })
}

/// The message's attachments as they are now.
fn there(channel: &Channel, stamp: Stamp) -> Vec<RelativePath> {
    let outbox = channel.outbox().ok().and_then(|outbox| Folder::open(&outbox).ok());
    let files = outbox.map(|outbox| attachments::list(&outbox, stamp).files).unwrap_or_default();
    files.into_iter().map(|(path, _)| path).collect()
}

impl Edit {
    /// The attachments to take off, as they are named in the text too: with the message's folder before them or without.
    fn detached(&self, channel: &Channel, stamp: Stamp) -> Result<Vec<RelativePath>, Failure> {
        let stem = stamp.to_string();
        let mut names: Vec<RelativePath> = Vec::new();
        for given in &self.detach {
            let path = Path::new(given).strip_prefix(&stem).unwrap_or(Path::new(given));
            let bytes = path.as_os_str().as_bytes();
            let name = RelativePath::parse(bytes.strip_suffix(b"/").unwrap_or(bytes));
            let name = name.ok_or_else(|| Error::NoSuchAttachment {
                id: stem.clone(),
                name: given.to_string_lossy().into_owned(),
                there: there(channel, stamp).iter().map(|path| path.text().into_owned()).collect(),
            })?;
            if !names.contains(&name) {
                names.push(name);
            }
        }
        Ok(names)
    }
}

impl EditReport {
    fn new(channel: &Channel, id: Stamp, path: &Path) -> Self {
        Self {
            channel: channel.name.to_string(),
            id,
            path: path.to_string_lossy().into_owned(),
            nothing: None,
            attached: Vec::new(),
            detached: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// Whether nothing was changed.
    pub fn failed(&self) -> bool {
        self.nothing.is_some()
    }

    /// What is worth saying beside the result, one line each.
    pub fn remarks(&self) -> Vec<String> {
        self.warnings.iter().map(|warning| format!("warning: {}", field(warning))).collect()
    }
}

impl fmt::Display for EditReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(why) = self.nothing {
            return writeln!(f, "Nothing was changed: {why}.");
        }
        write!(f, "Changed {}", self.id)?;
        for (names, what) in [(&self.attached, "attached"), (&self.detached, "taken off")] {
            if !names.is_empty() {
                write!(f, ", {} {what}", count(names.len(), "file"))?;
            }
        }
        writeln!(f, ".\n{}", field(&self.path))
    }
}
