//! What every command is given of the world: nothing below reads the environment, the current folder or the system's clock by itself.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::channel::protocol::stamp::Stamp;
use crate::commands::failure::Failure;
use crate::commands::sync_settings::SyncSettings;
use crate::commands::time_zone::Zone;
use crate::console::Pager;
use crate::daemon::{Clock, Folders};

/// What every command is given of the world.
#[derive(Clone, Debug)]
pub struct Environment {
    /// Where everything lies.
    pub folders: Folders,
    /// What time it is. It is asked each time anew.
    pub clock: Clock,
    /// In which zone people are told the time.
    pub zone: Zone,
    /// How others are reached, as the user's settings say.
    pub sync: SyncSettings,
    /// Where this program lies.
    pub program: Option<PathBuf>,
    /// The command that the user's environment names for writing texts, with its arguments.
    pub editor: Option<OsString>,
    /// What long results are shown through; `None` when nobody sits before the terminal.
    pub pager: Option<Pager>,
}

impl Environment {
    /// The second that the clock shows, for a message that is written now.
    ///
    /// # Errors
    /// [`Failure`] when it shows a year that no message can have.
    pub(super) fn second(&self) -> Result<Stamp, Failure> {
        let failure = || Failure::new("the clock shows a year that no message can have", "set the clock");
        self.clock.stamp().ok_or_else(failure)
    }
}

#[cfg(test)]
impl Environment {
    /// The environment of a test, with all of its folders below this one.
    pub(crate) fn for_test(root: &std::path::Path) -> Self {
        Self {
            folders: Folders {
                data: root.join("data"),
                here: root.to_owned(),
                cache: None,
                home: Some(root.to_owned()),
                config: Some(root.join(".config")),
            },
            clock: crate::daemon::test_clock::clock(),
            zone: Zone::default(),
            sync: SyncSettings::default(),
            program: Some("/usr/bin/missive".into()),
            editor: None,
            pager: None,
        }
    }
}
