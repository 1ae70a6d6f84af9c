//! The three-way merge of one file: what is to be done so that a box and its document agree.
//!
//! A pure function of three states: what lies in the box (local), what the document says (remote), and on what the two agreed last
//! (the baseline).

use serde::{Deserialize, Serialize};

/// A content's BLAKE3 hash.
pub type Hash = [u8; 32];

/// Whose box it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// One's own, or one that is shared with others who write: what changes in it is published.
    Writer,
    /// Somebody else's: what changes in it is not.
    Reader,
}

/// What the document says of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remote {
    /// Nothing.
    Unknown,
    /// It was deleted.
    Deleted,
    /// It has this content.
    Content(Hash),
}

/// What lies in the box.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Local {
    /// Nothing.
    Missing,
    /// A file with this content.
    Content(Hash),
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Step {
    /// Nothing: all is well.
    Nothing,
    /// Noting that box and document agree.
    Adopt,
    /// Noting that neither has it any more.
    Forget,
    /// Telling the document what the box has.
    Publish,
    /// Telling the document that it was deleted in the box.
    Retract,
    /// Putting the document's content where nothing is, or where what is there was agreed on.
    Place,
    /// Putting what a person made of the file aside, and then the document's content in place.
    PutAside,
    /// Taking away what the document has deleted.
    Remove,
    /// Giving way: two people wrote in the same second, and this side is the later one.
    GiveWay,
    /// Leaving what a person changed in an inbox.
    Leave,
}

/// Decides what is to be done about one file. `baseline` is the content on which box and document agreed last.
pub fn step(role: Role, baseline: Option<Hash>, local: Local, remote: Remote) -> Step {
    match (local, remote) {
        (Local::Missing, Remote::Content(content)) => match (role, baseline) {
            (Role::Writer, Some(baseline)) if baseline == content => Step::Retract,
            _ => Step::Place,
        },
        (Local::Missing, Remote::Unknown | Remote::Deleted) => {
            if baseline.is_some() {
                Step::Forget
            } else {
                Step::Nothing
            }
        }
        (Local::Content(local), Remote::Content(content)) if local == content => {
            if baseline == Some(local) {
                Step::Nothing
            } else {
                Step::Adopt
            }
        }
        (Local::Content(local), remote) if baseline == Some(local) => untouched(role, remote),
        (Local::Content(_), remote) => touched(role, baseline, remote),
    }
}

/// Nobody has touched the file in the box since the last agreement.
fn untouched(role: Role, remote: Remote) -> Step {
    match (remote, role) {
        (Remote::Content(_), _) => Step::Place,
        (Remote::Deleted, _) => Step::Remove,
        // The document knows less than was agreed on: its store was lost, and is made again from the box.
        (Remote::Unknown, Role::Writer) => Step::Publish,
        (Remote::Unknown, Role::Reader) => Step::Nothing,
    }
}

/// Somebody has made or changed the file in the box since the last agreement.
fn touched(role: Role, baseline: Option<Hash>, remote: Remote) -> Step {
    let is_new = match remote {
        Remote::Content(content) => baseline != Some(content),
        Remote::Deleted | Remote::Unknown => false,
    };
    match (role, baseline) {
        (Role::Writer, None) if is_new => Step::GiveWay,
        (_, _) if is_new => Step::PutAside,
        // What was changed here outlives a deletion elsewhere.
        (Role::Writer, _) => Step::Publish,
        (Role::Reader, None) => Step::Nothing,
        (Role::Reader, Some(_)) => Step::Leave,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const A: Hash = [1; 32];
    const B: Hash = [2; 32];
    const C: Hash = [3; 32];

    #[test]
    fn a_writer_tells_what_changed_here_and_takes_what_changed_there() {
        use Step::{Adopt, Forget, GiveWay, Nothing, Place, Publish, PutAside, Remove, Retract};
        for (baseline, local, remote, expected) in [
            (None, Local::Content(A), Remote::Unknown, Publish),
            (Some(A), Local::Content(A), Remote::Content(A), Nothing),
            (Some(A), Local::Content(B), Remote::Content(A), Publish),
            (Some(A), Local::Missing, Remote::Content(A), Retract),
            (Some(A), Local::Content(A), Remote::Content(B), Place),
            (Some(A), Local::Content(A), Remote::Deleted, Remove),
            (Some(A), Local::Content(B), Remote::Deleted, Publish),
            (Some(A), Local::Content(B), Remote::Content(C), PutAside),
            (Some(A), Local::Missing, Remote::Content(B), Place),
            (Some(A), Local::Missing, Remote::Deleted, Forget),
            (Some(A), Local::Content(A), Remote::Unknown, Publish),
            (None, Local::Content(A), Remote::Content(B), GiveWay),
            (None, Local::Content(A), Remote::Content(A), Adopt),
            (None, Local::Content(A), Remote::Deleted, Publish),
            (None, Local::Missing, Remote::Content(A), Place),
        ] {
            assert_eq!(step(Role::Writer, baseline, local, remote), expected, "{baseline:?} {local:?} {remote:?}");
        }
    }

    #[test]
    fn a_reader_never_tells_and_loses_nothing() {
        use Step::{Adopt, Leave, Nothing, Place, PutAside, Remove};
        for (baseline, local, remote, expected) in [
            (None, Local::Missing, Remote::Content(A), Place),
            (Some(A), Local::Missing, Remote::Content(A), Place),
            (Some(A), Local::Content(A), Remote::Content(B), Place),
            (Some(A), Local::Content(B), Remote::Content(A), Leave),
            (Some(A), Local::Content(B), Remote::Content(C), PutAside),
            (Some(A), Local::Content(B), Remote::Deleted, Leave),
            (Some(A), Local::Content(A), Remote::Deleted, Remove),
            (Some(A), Local::Content(A), Remote::Unknown, Nothing),
            (None, Local::Content(A), Remote::Unknown, Nothing),
            (None, Local::Content(A), Remote::Deleted, Nothing),
            (None, Local::Content(A), Remote::Content(A), Adopt),
            (None, Local::Content(A), Remote::Content(B), PutAside),
        ] {
            assert_eq!(step(Role::Reader, baseline, local, remote), expected, "{baseline:?} {local:?} {remote:?}");
        }
    }

    fn hash() -> impl Strategy<Value = Hash> {
        prop_oneof![Just(A), Just(B), Just(C)]
    }

    proptest! {
        #[test]
        fn what_a_person_made_is_never_replaced_without_a_copy(
            writer in any::<bool>(),
            baseline in proptest::option::of(hash()),
            local in hash(),
            remote in prop_oneof![Just(Remote::Unknown), Just(Remote::Deleted), hash().prop_map(Remote::Content)],
        ) {
            let role = if writer { Role::Writer } else { Role::Reader };
            let step = step(role, baseline, Local::Content(local), remote);
            if baseline != Some(local) && remote != Remote::Content(local) {
                prop_assert!(!matches!(step, Step::Place | Step::Remove | Step::Retract));
            }
            if role == Role::Reader {
                prop_assert!(!matches!(step, Step::Publish | Step::Retract | Step::GiveWay));
            }
        }
    }
}
