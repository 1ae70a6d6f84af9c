//! How fresh a channel is, in words: `up to date 4 s ago · 3 peers`; and what is wrong with the clock.
//!
//! The words of each state are those of `sync/sync_state.rs`. All is a function of the state and of the clock that is passed in.

use crate::sync::status::{DocumentState, NodeState};
use crate::text::quantity::time_length;

/// How a document stands, for a person.
pub(super) fn words(document: &DocumentState, now: i64) -> String {
    document.sentence(now)
}

/// That the clock here differs from those of others; which of them is right nobody can tell.
pub(super) fn clock(state: &NodeState) -> Option<String> {
    let ahead = state.clock?;
    // A question and its answer take a moment.
    let by = time_length((ahead.unsigned_abs() + 30) / 60 * 60);
    let (this, late) = if ahead > 0 {
        ("behind", "messages from others arrive late")
    } else {
        ("ahead of", "your messages arrive late")
    };
    Some(format!("this computer's clock is {by} {this} the others': one of them is wrong, and {late}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_clock_is_named() {
        let words = |ahead| clock(&NodeState { clock: ahead, ..NodeState::default() }).unwrap_or_default();
        assert_eq!(words(None), "");
        assert!(words(Some(3599)).starts_with("this computer's clock is 1 h behind the others'"));
        assert!(words(Some(-7200)).starts_with("this computer's clock is 2 h ahead of the others'"));
    }
}
