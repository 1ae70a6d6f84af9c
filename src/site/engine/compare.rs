//! What a build has to do: the difference between a plan and what the last build wrote.
//!
//! The reasons come from the very comparison that decides, so that they cannot disagree with it.

use crate::difference::{Difference, difference};
use crate::site::engine::fingerprint::Fingerprint;
use crate::site::engine::manifest;
use crate::site::engine::out_path::OutPath;
use crate::site::engine::plan::{Plan, Planned, Unplanned};
use crate::site::engine::previous_output::PreviousOutput;

/// Why a file is written of which nobody knows what it says.
pub(crate) const CUT_OFF: &str = "the last build was interrupted";

/// A file that must be written, and why.
pub(crate) struct Due<'p, P> {
    /// The file.
    pub(crate) planned: &'p Planned<P>,
    /// `new`, or the parts of its view that changed.
    pub(crate) reasons: Vec<&'static str>,
}

/// What must be done.
pub(crate) struct Todo<'p, P> {
    /// The files to write, in the order of the paths.
    pub(crate) write: Vec<Due<'p, P>>,
    /// The files to remove, in an order in which a cut does no harm.
    pub(crate) remove: Vec<OutPath>,
    /// The files that are none of ours any more.
    pub(crate) forget: Vec<OutPath>,
    /// Whether files stay of which nobody knows what they say.
    keeps_uncertain: bool,
}

impl<P> Todo<'_, P> {
    /// Whether the output and its manifest are as they should be.
    pub(crate) fn is_nothing(&self) -> bool {
        self.write.is_empty() && self.remove.is_empty() && self.forget.is_empty() && !self.keeps_uncertain
    }
}

/// Compares a plan with what the last build wrote. With `force` every file counts as changed.
pub(crate) fn compare<'p, P: Plan>(plan: &'p P, previous: &PreviousOutput, force: bool) -> Todo<'p, P::Page> {
    let mut todo = Todo { write: Vec::new(), remove: Vec::new(), forget: Vec::new(), keeps_uncertain: false };
    let wanted = plan.files().iter().map(|planned| (&planned.path, planned));
    let there = previous.manifest.entries.iter().map(|(path, fingerprint)| (path, *fingerprint));
    let is_same = |planned: &&Planned<P::Page>, old: &Option<Fingerprint>| {
        !force
            && *old == Some(planned.fingerprint)
            && !previous.gone.contains(&planned.path)
            && plan.is_settled(&planned.page, previous.saved())
    };
    for step in difference(wanted, there, is_same) {
        match step {
            Difference::Missing(_, planned) => todo.write.push(Due { planned, reasons: vec!["new"] }),
            Difference::Differing(path, planned, old) => {
                let is_gone = previous.gone.contains(path);
                todo.write.push(Due { planned, reasons: reasons(planned.fingerprint, old, is_gone, force) });
            }
            Difference::Surplus(path, old) => match plan.unplanned(path) {
                Unplanned::Remove => todo.remove.push(path.clone()),
                Unplanned::Keep => todo.keeps_uncertain |= old.is_none(),
                Unplanned::Forget => todo.forget.push(path.clone()),
            },
        }
    }
    // A manifest within the output names the other files of a site; it goes after all of them.
    todo.remove.sort_by_key(|path| path.name() == manifest::FILE_NAME);
    todo
}

fn reasons(new: Fingerprint, old: Option<Fingerprint>, is_gone: bool, force: bool) -> Vec<&'static str> {
    if is_gone {
        return vec!["the file was gone"];
    }
    let Some(old) = old else {
        return vec![CUT_OFF];
    };
    let reasons = new.reasons(&old);
    match () {
        () if !reasons.is_empty() => reasons,
        () if force => vec!["forced"],
        () => vec!["attachments"],
    }
}
