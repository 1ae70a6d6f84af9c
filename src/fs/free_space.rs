//! How much room a disk has left.

use std::path::Path;

/// The free space of a folder's disk that this user may fill, in bytes; of a disk that does not tell, without end.
pub fn free(folder: &Path) -> u64 {
    rustix::fs::statvfs(folder).map_or(u64::MAX, |disk| disk.f_bavail.saturating_mul(disk.f_frsize))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_tells_and_what_is_none_does_not() {
        let dir = tempfile::tempdir().unwrap();
        assert!((1..u64::MAX).contains(&free(dir.path())));
        assert_eq!(free(&dir.path().join("nothing")), u64::MAX);
    }
}
