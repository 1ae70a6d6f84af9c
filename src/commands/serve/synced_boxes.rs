//! How the boxes stand that are synced, for the app and its API: in the words of `missive status`.

use std::path::Path;

use crate::sync::socket;
use crate::sync::status::DocumentState;
use crate::text::invisible::field;
use crate::web::SyncedBox;

/// So many details of one box are told; `missive status` has all.
const MAX_DETAILS: usize = 5;

/// Asks the program that syncs the data folder; where none runs, this is how it stood when one ran last.
pub(super) fn ask(data: &Path, now: i64) -> Vec<SyncedBox> {
    // A page does not wait for a program that is only starting.
    let asked = socket::ask_until(data, &|| true);
    let is_running = asked.is_some();
    let state = asked.or_else(|| socket::last_state(data)).unwrap_or_default();
    state.documents.iter().map(|document| synced(document, is_running, now)).collect()
}

fn synced(document: &DocumentState, is_running: bool, now: i64) -> SyncedBox {
    let words = field(&document.sentence(now));
    let problems = document.problems.iter().map(|problem| field(problem));
    let not_fetched = document.not_fetched.iter().map(|file| format!("{}: {}", field(&file.path), file.why));
    SyncedBox {
        channel: document.channel.clone(),
        r#box: document.side,
        state: document.facts().state(now).name().to_owned(),
        words: if is_running { words } else { format!("sync is not running · {words}") },
        details: problems.chain(not_fetched).take(MAX_DETAILS).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channel::protocol::entry::Side;
    use crate::sync::replica::limits::Refusal;
    use crate::sync::status::NotFetched;

    #[test]
    fn a_box_is_shown_as_status_says_it() {
        let mut document = DocumentState::new("blog".parse().unwrap(), Side::Inbox, false);
        (document.checking, document.last_compared) = (false, Some(40));
        document.left_out.limited = 1;
        let why = Refusal::Large { bytes: 5000, limit: 1000 };
        document.not_fetched = vec![NotFetched { path: "a\nb".into(), why }];
        let expected = SyncedBox {
            channel: "blog".parse().unwrap(),
            r#box: Side::Inbox,
            state: "limited".into(),
            words: "up to date as of 2 s ago, except 1 file beyond the limits · no one is connected".into(),
            details: vec!["a␊b: not downloaded: 5 kB, limit 1 kB".into()],
        };
        assert_eq!(synced(&document, true, 42), expected);
        assert!(synced(&document, false, 42).words.starts_with("sync is not running · up to date as of"));
    }
}
