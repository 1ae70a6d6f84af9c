//! The byte order that a TIFF file or an EXIF block declares in its first two letters (TIFF 6.0, section 2).

/// A byte order.
#[derive(Clone, Copy)]
pub(in crate::media) enum Order {
    /// `II`
    Little,
    /// `MM`
    Big,
}

impl Order {
    /// A number of two bytes.
    pub(in crate::media) fn short(self, bytes: [u8; 2]) -> u16 {
        match self {
            Self::Little => u16::from_le_bytes(bytes),
            Self::Big => u16::from_be_bytes(bytes),
        }
    }

    /// A number of four bytes.
    pub(in crate::media) fn long(self, bytes: [u8; 4]) -> u32 {
        match self {
            Self::Little => u32::from_le_bytes(bytes),
            Self::Big => u32::from_be_bytes(bytes),
        }
    }

    /// The two bytes of a number.
    pub(in crate::media) fn short_bytes(self, number: u16) -> [u8; 2] {
        match self {
            Self::Little => number.to_le_bytes(),
            Self::Big => number.to_be_bytes(),
        }
    }
}
