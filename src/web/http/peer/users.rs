//! Who made the two ends of a connection.

/// Who made the two ends of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Users {
    pub(super) ours: u32,
    pub(super) theirs: u32,
}
