//! Width and height of a picture, and how large it may be.

use serde::{Deserialize, Serialize};

use crate::media::exif::Orientation;

/// The most pixels that a picture may have and still be given a size: 64 million.
///
/// A few hundred bytes of PNG can claim 60,000 × 60,000 pixels, which take 14 GB of memory to show. A page that holds
/// such a picture is an attack on its reader, so it gets a link at most.
pub const MAX_PIXELS: u64 = 64_000_000;

/// Width and height in CSS pixels, neither of them zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Size {
    /// From left to right, as displayed.
    pub width: u32,
    /// From top to bottom, as displayed.
    pub height: u32,
}

impl Size {
    pub(super) fn turned(self, orientation: Orientation) -> Self {
        if orientation.swaps_sides() { Self { width: self.height, height: self.width } } else { self }
    }

    pub(super) fn is_showable(self) -> bool {
        let pixels = u64::from(self.width) * u64::from(self.height);
        (1..=MAX_PIXELS).contains(&pixels)
    }
}
