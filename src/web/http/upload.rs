//! Receiving a form with files.
//!
//! Each file is written under a hidden name beside the channel's drafts while it arrives, so that its length costs no memory, and a
//! request that is cut off leaves nothing.

use std::ffi::OsStr;
use std::io::Write;
use std::path::Path;

use axum::extract::multipart::Field;
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::StatusCode;

use crate::article::readable_size;
use crate::channel::Channel;
use crate::channel::outbox::draft;
use crate::channel::outbox::new_message::NewAttachment;
use crate::channel::protocol::classify::{FoundAttachment, classify_attachment};
use crate::channel::protocol::entry::RelativePath;
use crate::channel::snapshot::attachments::max_length;
use crate::fs::atomic_write::Temporary;
use crate::fs::confined::Kind;
use crate::text::caseless::casefold;

use crate::web::http::idempotency::Submission;
use crate::web::http::refusal::Refusal;
use crate::web::http::request;
use crate::web::http::request::{MAX_BODY, MAX_TEXT, Pace};

/// The most files of one request.
const MAX_FILES: usize = 1_000;
/// The most fields besides files.
const MAX_FIELDS: usize = 2_000;
/// The longest name that a file can have, in bytes.
const MAX_NAME: usize = 255;
/// How much of a file is gathered before it is written.
const PIECE: usize = 1 << 20;

/// A form as it was received. The files are gone when it is dropped.
#[derive(Debug)]
pub(crate) struct ReceivedForm {
    fields: Vec<(String, String)>,
    /// The files under the names that they came with.
    files: Vec<NewAttachment>,
    folder: Option<Temporary>,
    /// How long all fields together are, in bytes.
    length: usize,
    pace: Pace,
    /// The hash of the files with their names, as they came.
    files_hash: blake3::Hasher,
}

impl ReceivedForm {
    fn new() -> Self {
        let (pace, files_hash) = (Pace::new(), blake3::Hasher::new());
        Self { fields: Vec::new(), files: Vec::new(), folder: None, length: 0, pace, files_hash }
    }

    /// The form that this is, sent to this path, if it bears a number.
    pub(crate) fn submission(&self, path: &str) -> Option<Submission> {
        let fields = self.fields.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        Submission::from_form(path, fields, &self.files_hash)
    }

    /// The files, each under a name that no other one has, and none of these.
    pub(crate) fn files_beside(&self, taken: &[NewAttachment]) -> Vec<NewAttachment> {
        let mut files: Vec<NewAttachment> = Vec::with_capacity(self.files.len());
        for file in &self.files {
            let is_taken =
                |name: &str| taken.iter().chain(&files).any(|other| casefold(&other.name.text()) == casefold(name));
            let name = RelativePath::parse(free(&file.name.text(), is_taken).as_bytes());
            files.push(NewAttachment { name: name.unwrap_or_else(|| file.name.clone()), ..file.clone() });
        }
        files
    }

    pub(crate) fn has_files(&self) -> bool {
        !self.files.is_empty()
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn all<'f>(&'f self, name: &'f str) -> impl Iterator<Item = &'f str> {
        self.fields.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// A form with files, as it comes.
async fn multipart_form(request: Request) -> Result<Multipart, Refusal> {
    const MIME: &str = "multipart/form-data";
    if !request::has_content_type(request.headers(), MIME) {
        return Err(Refusal::unlike(MIME));
    }
    Multipart::from_request(request, &()).await.map_err(|error| Refusal::bad(error.body_text()))
}

/// Receives a form whose sender may send files.
pub(crate) async fn receive_all(request: Request, channel: &Channel) -> Result<ReceivedForm, Refusal> {
    receive(request, channel, |_| Ok(())).await
}

/// Receives a form whose sender may send files, and has to.
pub(crate) async fn receive_files(request: Request, channel: &Channel) -> Result<ReceivedForm, Refusal> {
    let received = receive_all(request, channel).await?;
    if received.files.is_empty() {
        return Err(Refusal::bad("the request has no file").hint("send each file as the form field `file`"));
    }
    Ok(received)
}

/// Receives a form; `admit` is asked before its first file is taken.
pub(crate) async fn receive(
    request: Request,
    channel: &Channel,
    admit: impl Fn(&ReceivedForm) -> Result<(), Refusal>,
) -> Result<ReceivedForm, Refusal> {
    let mut form = multipart_form(request).await?;
    let mut received = ReceivedForm::new();
    loop {
        let next = received.pace.next(form.next_field()).await?;
        let Some(field) = next.map_err(|error| refusal(&error))? else {
            return Ok(received);
        };
        let name = field.name().unwrap_or_default().to_owned();
        match field.file_name().map(str::to_owned) {
            // A form's file field that was left empty.
            Some(file) if file.is_empty() => drop(whole(field, &mut received.pace).await?),
            Some(file) => {
                admit(&received)?;
                received.take_file(field, &file, channel).await?;
            }
            None if received.fields.len() < MAX_FIELDS => {
                let value = whole(field, &mut received.pace).await?;
                received.length += value.len();
                if received.length > MAX_BODY {
                    return Err(Refusal::too_large(format!(
                        "the form is longer than {MAX_BODY} bytes, without its files"
                    )));
                }
                // A form's text has the line ends of the network (HTML, section 4.10.21.4).
                received.fields.push((name, value.replace("\r\n", "\n")));
            }
            None => return Err(Refusal::too_large(format!("the form has more than {MAX_FIELDS} fields"))),
        }
    }
}

impl ReceivedForm {
    async fn take_file(&mut self, mut field: Field<'_>, given: &str, channel: &Channel) -> Result<(), Refusal> {
        if self.files.len() == MAX_FILES {
            return Err(Refusal::too_large(format!("at most {MAX_FILES} files can be sent at once")));
        }
        let name = checked_file_name(given)?;
        let relative = RelativePath::parse(name.as_bytes())
            .ok_or_else(|| unfit(given, "this is not a name that a file can have"))?;
        // Two may come with one name.
        let number = self.files.len().to_string();
        let path = self.folder(channel)?.join(number);
        let mut file = tokio::task::spawn_blocking({
            let path = path.clone();
            move || std::fs::File::create_new(path)
        })
        .await
        .map_err(|_| Refusal::broken("the uploaded file could not be created"))??;
        let (mut len, limit, mut gathered) = (0_u64, max_length(&relative), Vec::with_capacity(64 << 10));
        loop {
            let piece = self.pace.next(field.chunk()).await?.map_err(|error| refusal(&error))?;
            let came = piece.as_ref().map_or(0, axum::body::Bytes::len);
            self.pace.came(came);
            len += came as u64;
            if len > limit {
                return Err(Refusal::too_large(format!("`{name}` is longer than {}", readable_size(limit))));
            }
            let is_last = piece.is_none();
            gathered.extend_from_slice(&piece.unwrap_or_default());
            if is_last || gathered.len() >= PIECE {
                self.files_hash.update(&gathered);
                (file, gathered) = write(file, gathered, is_last).await?;
                // How long the disk took is not the sender's.
                self.pace = Pace::new();
            }
            if is_last {
                self.files_hash.update(&len.to_le_bytes()).update(name.as_bytes());
                self.files.push(NewAttachment { name: relative, path, len, is_ours: true });
                return Ok(());
            }
        }
    }

    /// The hidden folder for the files, made when the first one comes.
    fn folder(&mut self, channel: &Channel) -> Result<&Path, Refusal> {
        if self.folder.is_none() {
            channel.outbox()?;
            let drafts = draft::create_folder(channel)?;
            self.folder = Some(Temporary::folder(&drafts.join("upload"))?);
        }
        self.folder.as_ref().map(Temporary::path).ok_or_else(|| Refusal::broken("the uploaded files have no folder"))
    }
}

/// Writes what was gathered, off the threads that answer; the last of a file reaches the disk.
async fn write(
    mut file: std::fs::File,
    mut gathered: Vec<u8>,
    is_last: bool,
) -> Result<(std::fs::File, Vec<u8>), Refusal> {
    let written = tokio::task::spawn_blocking(move || {
        file.write_all(&gathered)?;
        gathered.clear();
        if is_last {
            file.sync_all()?;
        }
        Ok::<_, std::io::Error>((file, gathered))
    });
    Ok(written.await.map_err(|_| Refusal::broken("the uploaded file could not be written"))??)
}

/// A field that is no file, whole.
async fn whole(mut field: Field<'_>, pace: &mut Pace) -> Result<String, Refusal> {
    let mut bytes = Vec::new();
    while let Some(piece) = pace.next(field.chunk()).await?.map_err(|error| refusal(&error))? {
        pace.came(piece.len());
        if bytes.len() + piece.len() > 2 * MAX_TEXT {
            return Err(
                Refusal::too_large("a message's text is at most 1 MiB long").hint("attach longer texts as files")
            );
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The last part of the name that a browser gives, if a channel can have a file of that name.
fn checked_file_name(given: &str) -> Result<String, Refusal> {
    let name = given.rsplit(['/', '\\']).next().unwrap_or_default().trim();
    match classify_attachment(OsStr::new(name), Kind::File) {
        FoundAttachment::File if !name.is_empty() && name.len() <= MAX_NAME => Ok(name.to_owned()),
        FoundAttachment::Foreign(reason) => Err(unfit(given, &reason.to_string())),
        _ => Err(unfit(given, "readers are not shown files of that name")),
    }
}

fn unfit(name: &str, why: &str) -> Refusal {
    Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, format!("`{name}` can't be attached: {why}"))
        .hint("give the file another name")
}

/// The name, or the first free one like it: `image.png`, `image-2.png`.
fn free(name: &str, is_taken: impl Fn(&str) -> bool) -> String {
    let (stem, extension) = match name.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() && extension.len() <= 32 => (stem, format!(".{extension}")),
        _ => (name, String::new()),
    };
    let others = (2..).map(|number: u32| {
        let end = format!("-{number}{extension}");
        let stem = stem.get(..stem.floor_char_boundary(MAX_NAME.saturating_sub(end.len()))).unwrap_or_default();
        format!("{stem}{end}")
    });
    std::iter::once(name.to_owned()).chain(others).find(|name| !is_taken(name)).unwrap_or_default()
}

fn refusal(error: &axum::extract::multipart::MultipartError) -> Refusal {
    // What breaks off is not this side's failure.
    let status = if error.status().is_server_error() { StatusCode::BAD_REQUEST } else { error.status() };
    Refusal::new(status, format!("the form can't be read: {}", error.body_text()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_taken_gets_a_number() {
        let taken = ["image.png", "image-2.png", "notes"];
        let is_taken = |name: &str| taken.contains(&name);
        for (name, wanted) in
            [("image.png", "image-3.png"), ("other.png", "other.png"), ("notes", "notes-2"), ("a.tar.gz", "a.tar.gz")]
        {
            assert_eq!(free(name, is_taken), wanted);
        }
    }

    #[test]
    fn only_names_that_are_shown_are_taken() {
        assert_eq!(checked_file_name("C:\\Pictures\\a b.jpg").ok().as_deref(), Some("a b.jpg"));
        assert_eq!(checked_file_name("../../x.txt").ok().as_deref(), Some("x.txt"));
        for name in ["", "..", ".hidden", "~x", "a/", "x.part", "Thumbs.db", ".syncthing.a.tmp"] {
            assert!(checked_file_name(name).is_err(), "{name}");
        }
    }
}
