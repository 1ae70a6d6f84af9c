//! The program that shows long results page by page.
//!
//! It gets its text on standard input. Where it is missing the same shell starts `cat` instead, which prints the text plainly.

use std::io::{self, Write};
use std::process::{Child, ChildStdin, Command, Stdio};

/// A pager that can be started.
#[derive(Clone, Debug)]
pub struct Pager {
    /// What the shell is told; `None` is `less -FRX`.
    pub command: Option<String>,
    /// Called when it takes over the keyboard, so that ctrl-c is for the pager and does not leave it alone.
    pub begins: fn(),
}

/// A pager that is running.
pub(super) struct Running {
    child: Child,
    input: ChildStdin,
}

impl Pager {
    /// Starts the pager.
    ///
    /// # Errors
    /// When not even a shell can be started.
    pub(super) fn start(&self) -> io::Result<Running> {
        (self.begins)();
        let mut child = Command::new("sh").args(["-c", &self.script()]).stdin(Stdio::piped()).spawn()?;
        match child.stdin.take() {
            Some(input) => Ok(Running { child, input }),
            None => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    /// Pagers that are `less`, or call it, get the same manners from its environment. Whoever has set other ones keeps them,
    /// but styles are passed on (`-R`) in any case: first, so that what is set wins where it says otherwise.
    fn script(&self) -> String {
        let manners = "export LESS=\"${LESS:+-R $LESS}\" LV=\"${LV:--c}\"\nexport LESS=\"${LESS:-FRX}\"\n";
        match &self.command {
            // 127 is the shell's word for a command that it did not find, which has then read nothing.
            Some(command) => format!("{manners}{command}\n[ $? -ne 127 ] || exec cat"),
            None => "command -v less >/dev/null && exec less -FRX\nexec cat".to_owned(),
        }
    }
}

impl Running {
    pub(super) fn input(&mut self) -> &mut impl Write {
        &mut self.input
    }

    /// Tells the pager that this is all, and waits until its reader has seen enough.
    pub(super) fn wait(mut self) {
        drop(self.input);
        // How it ended says nothing about what was read.
        let _ = self.child.wait();
    }
}
