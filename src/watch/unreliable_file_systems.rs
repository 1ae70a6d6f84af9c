//! File systems whose files can change behind the kernel's back, so that the system does not report all changes.

use std::path::Path;

/// Names the kind of file system that `path` is on, when it is one that others can write to unseen.
///
/// The numbers are those of Linux (`statfs(2)`, `linux/magic.h`); the last three belong to the shared folders of
/// virtual machines.
pub(super) fn unreliable(path: &Path) -> Option<&'static str> {
    let kind = rustix::fs::statfs(path).ok()?.f_type;
    // Its type differs between architectures, and some numbers are negative where it is narrow.
    #[allow(
        clippy::cast_sign_loss,
        clippy::cast_possible_truncation,
        clippy::unnecessary_cast,
        reason = "the number is 32 bits wide, whatever holds it"
    )]
    let kind = kind as u32;
    Some(match kind {
        0x6969 => "NFS",
        0x517B | 0xFF53_4D42 | 0xFE53_4D42 => "SMB",
        0x0102_1997 => "9P",
        0x6573_5546 => "FUSE",
        0x5346_414F | 0x6B41_4653 => "AFS",
        0x00C3_6400 => "Ceph",
        0x7375_7245 => "Coda",
        0x0BD0_0BD0 => "Lustre",
        0x0116_1970 => "GFS2",
        0x7461_636F => "OCFS2",
        0x4750_4653 => "GPFS",
        0x786F_4256 => "vboxsf",
        0x7C7C_6673 => "prl_fs",
        0xBACB_ACBC => "vmhgfs",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ordinary_folder_is_reliable() {
        assert_eq!(unreliable(tempfile::tempdir().unwrap().path()), None);
        assert_eq!(unreliable(Path::new("/proc")), None);
        assert_eq!(unreliable(Path::new("/not/there")), None);
    }
}
