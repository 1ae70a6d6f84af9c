//! What a build has to do: the difference between a plan and what the last build wrote.
//!
//! The reasons come from the very comparison that decides, so that they cannot disagree with it.

use crate::difference::{Difference, difference};
use crate::site::engine::fingerprint::Fingerprint;
use crate::site::engine::manifest;
use crate::site::engine::manifest::Written;
use crate::site::engine::out_path::OutPath;
use crate::site::engine::plan::{Plan, Planned, Unplanned};
use crate::site::engine::previous_output::PreviousOutput;

/// Why a file is written of which nobody knows what it says.
pub(crate) const CUT_OFF: &str = "the last build was interrupted";

/// Why a file is written that somebody else has written to since the last build.
pub(crate) const CHANGED: &str = "changed by hand";

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
    let there = previous.manifest.entries.iter().map(|(path, written)| (path, *written));
    let is_same = |planned: &&Planned<P::Page>, old: &Option<Written>| {
        !force
            && old.is_some_and(|old| old.fingerprint == planned.fingerprint)
            && !previous.found.gone.contains(&planned.path)
            && !previous.found.changed.contains(&planned.path)
            && plan.is_settled(&planned.page, previous.saved())
    };
    for step in difference(wanted, there, is_same) {
        match step {
            Difference::Missing(_, planned) => todo.write.push(Due { planned, reasons: vec!["new"] }),
            Difference::Differing(path, planned, old) => {
                let reasons = match old {
                    _ if previous.found.gone.contains(path) => vec!["the file was gone"],
                    None => vec![CUT_OFF],
                    Some(old) => {
                        let is_changed = previous.found.changed.contains(path);
                        reasons(planned.fingerprint, old.fingerprint, is_changed, force)
                    }
                };
                todo.write.push(Due { planned, reasons });
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

fn reasons(new: Fingerprint, old: Fingerprint, is_changed: bool, force: bool) -> Vec<&'static str> {
    let mut reasons = new.reasons(&old);
    if is_changed {
        reasons.push(CHANGED);
    }
    match () {
        () if !reasons.is_empty() => reasons,
        () if force => vec!["forced"],
        () => vec!["attachments"],
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::site::engine::made::Made;
    use crate::site::engine::manifest::Manifest;
    use crate::site::error::SiteError;

    /// A plan of these files; of others, those below `kept/` and `forgotten/` stay.
    struct Fixed(Vec<Planned<()>>);

    impl Plan for Fixed {
        type Page = ();
        type Tools = ();

        fn files(&self) -> &[Planned<()>] {
            &self.0
        }

        fn messages(&self) -> [usize; 2] {
            [0, 0]
        }

        fn unplanned(&self, path: &OutPath) -> Unplanned {
            match path.as_str().split_once('/') {
                Some(("kept", _)) => Unplanned::Keep,
                Some(("forgotten", _)) => Unplanned::Forget,
                _ => Unplanned::Remove,
            }
        }

        fn rank(&self, (): &()) -> u8 {
            0
        }

        fn known_bytes(&self, (): &()) -> Option<&[u8]> {
            None
        }

        fn is_settled(&self, (): &(), _made_at: i64) -> bool {
            true
        }

        fn tools(&self) -> Result<(), SiteError> {
            Ok(())
        }

        fn batches<'p>(&self, due: &[&'p Planned<()>]) -> Vec<Vec<&'p Planned<()>>> {
            vec![due.to_vec()]
        }

        fn make(&self, (): &(), _batch: &[&Planned<()>], _made: &mut Made<'_>) -> Result<(), SiteError> {
            Ok(())
        }
    }

    fn print(text: u64) -> Fingerprint {
        Fingerprint { text, ..Fingerprint::default() }
    }

    fn planned(files: &[(&str, u64)]) -> Fixed {
        let planned =
            |(path, text): &(&str, u64)| Planned { path: OutPath::fixed(*path), fingerprint: print(*text), page: () };
        Fixed(files.iter().map(planned).collect())
    }

    fn previous(files: &[(&str, Option<u64>)], gone: &[&str]) -> PreviousOutput {
        let written = |text| Written { fingerprint: print(text), content: None };
        let entries = files.iter().map(|(path, text)| (OutPath::fixed(*path), text.map(written))).collect();
        let gone: HashSet<OutPath> = gone.iter().map(|path| OutPath::fixed(*path)).collect();
        let mut previous = PreviousOutput::remembered(Manifest { entries, ..Manifest::default() });
        previous.found.gone = gone;
        previous
    }

    fn told<'t>(todo: &'t Todo<'_, ()>) -> (Vec<String>, Vec<&'t str>, Vec<&'t str>) {
        let write = todo.write.iter().map(|due| format!("{}: {}", due.planned.path, due.reasons.join(", ")));
        (
            write.collect(),
            todo.remove.iter().map(OutPath::as_str).collect(),
            todo.forget.iter().map(OutPath::as_str).collect(),
        )
    }

    #[test]
    fn what_differs_is_written_and_the_reason_is_told() {
        let plan = planned(&[("a", 1), ("b", 2), ("c", 3), ("d", 4), ("e", 5)]);
        let previous = previous(&[("a", Some(1)), ("b", Some(1)), ("c", None), ("d", Some(4))], &["d"]);
        let todo = compare(&plan, &previous, false);
        let written = ["b: text", "c: the last build was interrupted", "d: the file was gone", "e: new"];
        assert_eq!(told(&todo), (written.map(str::to_owned).to_vec(), vec![], vec![]));
        let forced = compare(&plan, &previous, true);
        assert_eq!(told(&forced).0.first().map(String::as_str), Some("a: forced"));
    }

    #[test]
    fn what_was_changed_by_hand_is_written_and_told() {
        let plan = planned(&[("a", 1), ("b", 2), ("c", 3)]);
        let mut previous = previous(&[("a", Some(1)), ("b", Some(1)), ("c", Some(3))], &[]);
        previous.found.changed = ["a", "b", "x"].map(OutPath::fixed).into();
        let written = ["a: changed by hand", "b: text, changed by hand"].map(str::to_owned).to_vec();
        assert_eq!(told(&compare(&plan, &previous, false)), (written, vec![], vec![]));
    }

    #[test]
    fn what_is_not_planned_goes_and_a_manifest_goes_last() {
        let there = [(".missive-manifest", Some(1)), ("forgotten/x", Some(1)), ("kept/x", Some(1)), ("x", Some(1))];
        let nothing = planned(&[]);
        let todo = compare(&nothing, &previous(&there, &[]), false);
        assert_eq!(told(&todo), (vec![], vec!["x", ".missive-manifest"], vec!["forgotten/x"]));
    }

    #[test]
    fn nothing_is_to_do_only_where_everything_is_certain() {
        let plan = planned(&[("a", 1)]);
        let is_nothing = |there: &[(&str, Option<u64>)]| compare(&plan, &previous(there, &[]), false).is_nothing();
        assert!(is_nothing(&[("a", Some(1)), ("kept/x", Some(1))]));
        assert!(!is_nothing(&[("a", Some(1)), ("kept/x", None)]), "the manifest does not say what stays");
        assert!(!is_nothing(&[("a", Some(1)), ("forgotten/x", Some(1))]));
    }
}
