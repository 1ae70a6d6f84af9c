//! What happens to the world from outside: what people do, accidents, strangers, other programs. Each in plain words.

use std::fmt;

use crate::sync::keys::document::Returned;

/// Something that happens. `at` is a computer, `nth` one of the files that are there then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Happening {
    /// A message is written, in this second of the world's first minute or now, with so many attachments.
    Write {
        at: usize,
        second: Option<u8>,
        attachments: u8,
    },
    /// A large attachment is put into a message.
    Attach {
        at: usize,
        nth: usize,
    },
    /// The channel's profile is written.
    Profile {
        at: usize,
    },
    Edit {
        at: usize,
        nth: usize,
    },
    /// A file is emptied.
    Empty {
        at: usize,
        nth: usize,
    },
    Delete {
        at: usize,
        nth: usize,
    },
    DeleteAll {
        at: usize,
    },
    /// Yes, all is to be deleted.
    AllowDeleteAll {
        at: usize,
    },
    /// What is to be done with files that came back.
    Answer {
        at: usize,
        returned: Returned,
    },
    /// A file is moved elsewhere.
    TakeAway {
        at: usize,
        nth: usize,
    },
    /// All that was moved elsewhere is moved back.
    BringBack {
        at: usize,
    },
    BackUp {
        at: usize,
    },
    /// The last backup is put back.
    Restore {
        at: usize,
        what: What,
    },
    /// The box can't be seen for a while; an empty folder may be in its place.
    Unmount {
        at: usize,
        is_blank: bool,
    },
    Mount {
        at: usize,
    },
    RenameDataFolder {
        at: usize,
    },
    RenameChannel {
        at: usize,
    },
    /// The data folder is copied to another computer, and both run.
    Clone {
        at: usize,
    },
    /// The program is killed after so many more steps; with `power` the computer too.
    Crash {
        at: usize,
        after: u8,
        power: bool,
    },
    Start {
        at: usize,
    },
    /// Computers in different groups do not reach each other.
    Cut {
        groups: Vec<u8>,
    },
    /// All reach each other.
    Join,
    FillDisk {
        at: usize,
    },
    FreeDisk {
        at: usize,
    },
    /// The clock is set, in minutes from the right time.
    SetClock {
        at: usize,
        minutes: i32,
    },
    /// Another program copies between two boxes, until it is ended.
    Carry {
        from: usize,
        to: usize,
    },
    EndCarrying,
    /// Somebody who has the keys does harm.
    Harm {
        by: usize,
        how: Harm,
        nth: usize,
    },
}

/// What is put back from a backup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    Box,
    State,
    Both,
}

/// What a hostile writer does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Harm {
    /// Signs another's content, an hour before it was.
    SignOlder,
    /// Signs another's content now.
    SignNow,
    /// A content with a length that it does not have.
    WrongLength,
    /// A content that nobody has.
    NoContent,
    /// Keys that mean nothing.
    OddKeys,
    /// Writes over another's file.
    Overwrite,
    /// Deletes another's file.
    Delete,
    /// Many files at once.
    Flood,
    /// The owner's files and notes.
    PlayOwner,
    /// Deletes and writes one file again and again.
    Flicker,
    /// A profile that can't be read.
    BadProfile,
}

pub(super) const HARMS: [Harm; 11] = [
    Harm::SignOlder,
    Harm::SignNow,
    Harm::WrongLength,
    Harm::NoContent,
    Harm::OddKeys,
    Harm::Overwrite,
    Harm::Delete,
    Harm::Flood,
    Harm::PlayOwner,
    Harm::Flicker,
    Harm::BadProfile,
];

impl fmt::Display for Happening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Write { at, second: None, attachments } => {
                write!(f, "{at} writes a message with {attachments} attachments")
            }
            Self::Write { at, second: Some(second), attachments } => {
                write!(f, "{at} writes the message of second {second} with {attachments} attachments")
            }
            Self::Attach { at, nth } => write!(f, "{at} puts a large attachment into message {nth}"),
            Self::Profile { at } => write!(f, "{at} writes the channel's profile"),
            Self::Edit { at, nth } => write!(f, "{at} edits file {nth}"),
            Self::Empty { at, nth } => write!(f, "{at} empties file {nth}"),
            Self::Delete { at, nth } => write!(f, "{at} deletes file {nth}"),
            Self::DeleteAll { at } => write!(f, "{at} deletes all files"),
            Self::AllowDeleteAll { at } => write!(f, "{at} says that all may be deleted for readers too"),
            Self::Answer { at, returned: Returned::Publish } => write!(f, "{at} says that readers get what came back"),
            Self::Answer { at, returned: Returned::Discard } => write!(f, "{at} says that what came back is discarded"),
            Self::TakeAway { at, nth } => write!(f, "{at} moves file {nth} elsewhere"),
            Self::BringBack { at } => write!(f, "{at} moves back what was moved elsewhere"),
            Self::BackUp { at } => write!(f, "{at} makes a backup"),
            Self::Restore { at, what: What::Box } => write!(f, "{at} restores the box from the backup"),
            Self::Restore { at, what: What::State } => write!(f, "{at} restores the program's folder from the backup"),
            Self::Restore { at, what: What::Both } => {
                write!(f, "{at} restores box and program's folder from the backup")
            }
            Self::Unmount { at, is_blank: false } => write!(f, "{at}'s box can't be seen any more"),
            Self::Unmount { at, is_blank: true } => write!(f, "{at}'s disk is not there, and an empty folder is"),
            Self::Mount { at } => write!(f, "{at}'s box can be seen again"),
            Self::RenameDataFolder { at } => write!(f, "{at} renames the data folder"),
            Self::RenameChannel { at } => write!(f, "{at} renames the channel's folder"),
            Self::Clone { at } => write!(f, "{at}'s data folder is copied to another computer, which runs too"),
            Self::Crash { at, after, power: false } => write!(f, "{at}'s program is killed {after} steps later"),
            Self::Crash { at, after, power: true } => write!(f, "{at}'s power fails {after} steps later"),
            Self::Start { at } => write!(f, "{at} starts again"),
            Self::Cut { groups } => write!(f, "the network falls into parts: {groups:?}"),
            Self::Join => write!(f, "the network is whole again"),
            Self::FillDisk { at } => write!(f, "{at}'s disk is full"),
            Self::FreeDisk { at } => write!(f, "{at}'s disk has room again"),
            Self::SetClock { at, minutes } => write!(f, "{at}'s clock is set {minutes} minutes off"),
            Self::Carry { from, to } => write!(f, "another program copies between the boxes of {from} and {to}"),
            Self::EndCarrying => write!(f, "the other program ends"),
            Self::Harm { by, how, nth } => write!(f, "{by} does harm to file {nth}: {how:?}"),
        }
    }
}
