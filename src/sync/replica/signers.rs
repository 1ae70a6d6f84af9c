//! Who signed the contents of a file first, as this replica saw it.
//!
//! A later signature of the same content changes nothing, whatever time it claims. Who is met at once can't be told apart, so all of
//! them are remembered.

use serde::{Deserialize, Serialize};

use crate::sync::replica::item_log::ItemLog;
use crate::sync::replica::merge::Hash;

/// The public half of the key that an author signs with.
pub type Author = [u8; 32];

/// A content of a file, and who signed it first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signed {
    /// The content.
    pub content: Hash,
    /// Who was first, in order: one author, or all who were met at once.
    pub by: Vec<Author>,
}

/// What is remembered of a box's files.
pub type FirstSigners = ItemLog<Vec<Signed>>;

/// What is to be remembered of a file whose contents are signed like this now; `None` if that is known already.
///
/// `here` is the content that lies in the box, whoever signs it now. `is_fresh` tells of which known contents the other signers are
/// being met still.
pub fn remember(
    known: &[Signed],
    signatures: &[(Hash, Author)],
    here: Option<Hash>,
    is_fresh: impl Fn(&Hash) -> bool,
) -> Option<Vec<Signed>> {
    let is_signed = |content: &Hash| signatures.iter().any(|(signed, _)| signed == content);
    let stays = |signed: &&Signed| is_signed(&signed.content) || here == Some(signed.content);
    let mut all: Vec<Signed> = known.iter().filter(stays).cloned().collect();
    let before = all.len();
    for (content, author) in signatures {
        let place = all.iter().position(|signed| signed.content == *content);
        match place {
            Some(at) => {
                // Only what came a moment ago has more signers than one.
                let is_open = at >= before || is_fresh(content);
                if let Some(signed) = all.get_mut(at).filter(|signed| is_open && !signed.by.contains(author)) {
                    signed.by.push(*author);
                    signed.by.sort_unstable();
                }
            }
            None => all.push(Signed { content: *content, by: vec![*author] }),
        }
    }
    (all != known).then_some(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    const X: Hash = [1; 32];
    const Y: Hash = [2; 32];
    const A: Author = [0xa; 32];
    const B: Author = [0xb; 32];

    fn signed(content: Hash, by: &[Author]) -> Signed {
        Signed { content, by: by.to_vec() }
    }

    #[test]
    fn whoever_signs_later_was_not_first() {
        let first = remember(&[], &[(X, A)], None, |_| false).unwrap();
        assert_eq!(first, [signed(X, &[A])]);
        assert_eq!(remember(&first, &[(X, B), (X, A)], None, |_| false), None);
        assert_eq!(remember(&first, &[(X, B)], Some(X), |_| false), None, "the first one signs something else now");
    }

    #[test]
    fn who_is_met_at_once_is_all_of_them() {
        let at_once = remember(&[], &[(X, B), (X, A)], None, |_| false).unwrap();
        assert_eq!(at_once, [signed(X, &[A, B])]);
        let still_coming = remember(&[signed(X, &[B])], &[(X, B), (X, A)], None, |content| *content == X).unwrap();
        assert_eq!(still_coming, [signed(X, &[A, B])]);
    }

    #[test]
    fn a_content_is_remembered_as_long_as_somebody_signs_it_or_it_lies_in_the_box() {
        let known = [signed(X, &[A])];
        let changed = remember(&known, &[(X, A), (Y, B)], Some(X), |_| false).unwrap();
        assert_eq!(changed, [signed(X, &[A]), signed(Y, &[B])]);
        assert_eq!(remember(&changed, &[(Y, B)], Some(X), |_| false), None);
        assert_eq!(remember(&changed, &[(X, B), (X, A)], Some(Y), |_| false), None, "and comes back as what it was");
        assert_eq!(remember(&changed, &[(Y, B)], Some(Y), |_| false).unwrap(), [signed(Y, &[B])]);
    }
}
