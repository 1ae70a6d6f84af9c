//! What is to be done so that a box and its document agree: the difference of three states of one file.
//!
//! Owns the decision, a pure function of what the document wants, what lies in the box, and what the two agreed on last.
//! Refuses to touch disk or net.

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
pub enum Wanted {
    /// Nothing.
    Unknown,
    /// It was deleted.
    Deleted,
    /// It has this content.
    Content(Hash),
}

/// What lies in the box.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum There {
    /// Nothing.
    Missing,
    /// A file with this content.
    Content(Hash),
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Step {
    /// All is well.
    Rest,
    /// Noting that box and document agree.
    Adopt,
    /// Noting that neither has it any more.
    Forget,
    /// Telling the document what the box has.
    Publish,
    /// Telling the document that it was deleted in the box.
    Retract,
    /// Putting the document's content where nothing is, or where what is there was agreed on.
    Take,
    /// Putting the document's content in place, and what a person made of the file beside it.
    TakeBeside,
    /// Taking away what the document has deleted.
    Remove,
    /// Giving way: two people wrote in the same second, and this side is the later one.
    GiveWay,
    /// Leaving what a person changed in an inbox.
    Leave,
}

/// Decides what is to be done about one file. `agreed` is the content on which box and document agreed last.
pub fn step(role: Role, agreed: Option<Hash>, there: There, wanted: Wanted) -> Step {
    match (there, wanted) {
        (There::Missing, Wanted::Content(content)) => match (role, agreed) {
            (Role::Writer, Some(agreed)) if agreed == content => Step::Retract,
            _ => Step::Take,
        },
        (There::Missing, Wanted::Unknown | Wanted::Deleted) => {
            if agreed.is_some() {
                Step::Forget
            } else {
                Step::Rest
            }
        }
        (There::Content(there), Wanted::Content(content)) if there == content => {
            if agreed == Some(there) {
                Step::Rest
            } else {
                Step::Adopt
            }
        }
        (There::Content(there), wanted) if agreed == Some(there) => untouched(role, wanted),
        (There::Content(_), wanted) => touched(role, agreed, wanted),
    }
}

/// Nobody has touched the file in the box since the last agreement.
fn untouched(role: Role, wanted: Wanted) -> Step {
    match (wanted, role) {
        (Wanted::Content(_), _) => Step::Take,
        (Wanted::Deleted, _) => Step::Remove,
        // The document knows less than was agreed on: its store was lost, and is made again from the box.
        (Wanted::Unknown, Role::Writer) => Step::Publish,
        (Wanted::Unknown, Role::Reader) => Step::Rest,
    }
}

/// Somebody has made or changed the file in the box since the last agreement.
fn touched(role: Role, agreed: Option<Hash>, wanted: Wanted) -> Step {
    let is_news = match wanted {
        Wanted::Content(content) => agreed != Some(content),
        Wanted::Deleted | Wanted::Unknown => false,
    };
    match (role, agreed) {
        (Role::Writer, None) if is_news => Step::GiveWay,
        (_, _) if is_news => Step::TakeBeside,
        // What was changed here outlives a deletion elsewhere.
        (Role::Writer, _) => Step::Publish,
        (Role::Reader, None) => Step::Rest,
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
        use Step::{Adopt, Forget, GiveWay, Publish, Remove, Rest, Retract, Take, TakeBeside};
        for (agreed, there, wanted, expected) in [
            (None, There::Content(A), Wanted::Unknown, Publish),
            (Some(A), There::Content(A), Wanted::Content(A), Rest),
            (Some(A), There::Content(B), Wanted::Content(A), Publish),
            (Some(A), There::Missing, Wanted::Content(A), Retract),
            (Some(A), There::Content(A), Wanted::Content(B), Take),
            (Some(A), There::Content(A), Wanted::Deleted, Remove),
            (Some(A), There::Content(B), Wanted::Deleted, Publish),
            (Some(A), There::Content(B), Wanted::Content(C), TakeBeside),
            (Some(A), There::Missing, Wanted::Content(B), Take),
            (Some(A), There::Missing, Wanted::Deleted, Forget),
            (Some(A), There::Content(A), Wanted::Unknown, Publish),
            (None, There::Content(A), Wanted::Content(B), GiveWay),
            (None, There::Content(A), Wanted::Content(A), Adopt),
            (None, There::Content(A), Wanted::Deleted, Publish),
            (None, There::Missing, Wanted::Content(A), Take),
        ] {
            assert_eq!(step(Role::Writer, agreed, there, wanted), expected, "{agreed:?} {there:?} {wanted:?}");
        }
    }

    #[test]
    fn a_reader_never_tells_and_loses_nothing() {
        use Step::{Adopt, Leave, Remove, Rest, Take, TakeBeside};
        for (agreed, there, wanted, expected) in [
            (None, There::Missing, Wanted::Content(A), Take),
            (Some(A), There::Missing, Wanted::Content(A), Take),
            (Some(A), There::Content(A), Wanted::Content(B), Take),
            (Some(A), There::Content(B), Wanted::Content(A), Leave),
            (Some(A), There::Content(B), Wanted::Content(C), TakeBeside),
            (Some(A), There::Content(B), Wanted::Deleted, Leave),
            (Some(A), There::Content(A), Wanted::Deleted, Remove),
            (Some(A), There::Content(A), Wanted::Unknown, Rest),
            (None, There::Content(A), Wanted::Unknown, Rest),
            (None, There::Content(A), Wanted::Deleted, Rest),
            (None, There::Content(A), Wanted::Content(A), Adopt),
            (None, There::Content(A), Wanted::Content(B), TakeBeside),
        ] {
            assert_eq!(step(Role::Reader, agreed, there, wanted), expected, "{agreed:?} {there:?} {wanted:?}");
        }
    }

    fn hash() -> impl Strategy<Value = Hash> {
        prop_oneof![Just(A), Just(B), Just(C)]
    }

    proptest! {
        #[test]
        fn what_a_person_made_is_never_replaced_without_a_copy(
            writer in any::<bool>(),
            agreed in proptest::option::of(hash()),
            there in hash(),
            wanted in prop_oneof![Just(Wanted::Unknown), Just(Wanted::Deleted), hash().prop_map(Wanted::Content)],
        ) {
            let role = if writer { Role::Writer } else { Role::Reader };
            let step = step(role, agreed, There::Content(there), wanted);
            if agreed != Some(there) && wanted != Wanted::Content(there) {
                prop_assert!(!matches!(step, Step::Take | Step::Remove | Step::Retract));
            }
            if role == Role::Reader {
                prop_assert!(!matches!(step, Step::Publish | Step::Retract | Step::GiveWay));
            }
        }
    }
}
