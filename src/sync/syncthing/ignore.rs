//! Which files of a box Syncthing ignores (<https://docs.syncthing.net/users/ignoring.html>).
//!
//! The patterns say the same as `channel/protocol/classify.rs`: what is no part of a channel stays where it is, and so a receive-only
//! folder is never seen as changed because of a file that nobody wrote. The user's own patterns stay.

/// One pattern a line, the first that fits counts.
///
/// `(?d)` lets Syncthing delete such a file when it is the last thing that keeps a deleted folder in place; what a person
/// may have written never has it. Of the hidden files, the channel's profile and pictures at the top of the box (its icon)
/// do travel.
const PATTERNS: [&str; 35] = [
    "// missive: what is no part of a channel stays on its device",
    "(?d).missive-*",
    "(?d)._*",
    "(?d).~lock.*",
    "(?d).nfs*",
    "(?d).fuse_hidden*",
    "!/.channel.toml",
    "!(?i)/.*.png",
    "!(?i)/.*.jpg",
    "!(?i)/.*.jpeg",
    "!(?i)/.*.gif",
    "!(?i)/.*.webp",
    "(?d).DS_Store",
    "(?d)(?i).*.sw[a-z]",
    ".*",
    "~*",
    "*~",
    "(?d)(?i)Thumbs.db",
    "(?d)(?i)desktop.ini",
    "(?d)4913",
    "#*#",
    "(?i)*.swp",
    "(?i)*.swx",
    "(?i)*.part",
    "(?i)*.crdownload",
    "(?i)*.!sync",
    "(?i)*.SyncPart",
    "(?i)*.SyncTemp",
    "(?i)*.SyncOld",
    "(?i)*.rsls",
    "(?i)*.bts",
    "(?i)*.sync-conflict-*",
    "(?i)*conflicted copy*",
    "(?i)*(SFConflict *",
    "*~[0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]-[0-9][0-9][0-9][0-9][0-9][0-9]*",
];

/// The patterns that a folder should have, given those that it has; `None` when it has them already.
///
/// Ours stand first, and what else there was follows as it was.
pub(super) fn wanted(there: &[String]) -> Option<Vec<String>> {
    let is_there = there.len() >= PATTERNS.len() && there.iter().zip(PATTERNS).all(|(line, pattern)| line == pattern);
    if is_there {
        return None;
    }
    let others = there.iter().filter(|line| !PATTERNS.contains(&line.as_str())).cloned();
    Some(PATTERNS.map(str::to_owned).into_iter().chain(others).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channel::protocol::layout;
    use crate::fs::atomic_write::TEMPORARY_PREFIX;

    #[test]
    fn patterns_of_the_users_own_stay() {
        let first = wanted(&["*.bak".into(), "*~".into()]).unwrap();
        assert_eq!(first.len(), PATTERNS.len() + 1);
        assert_eq!(first.last().unwrap(), "*.bak");
        assert_eq!(wanted(&first), None);
        assert_eq!(wanted(&[]).unwrap(), PATTERNS);
    }

    #[test]
    fn the_profile_travels_and_temporary_files_do_not() {
        let at = |line: String| PATTERNS.iter().position(|pattern| *pattern == line).unwrap();
        assert!(at(format!("!/{}", layout::PROFILE_FILE)) < at(".*".into()));
        assert!(TEMPORARY_PREFIX.starts_with(".missive-"));
    }
}
