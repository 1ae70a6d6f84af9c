//! EXIF's orientation: reads that one tag out of an EXIF block, and writes the smallest block that says it again.
//!
//! Knows the TIFF structure as far as the first directory (CIPA DC-008, EXIF 2.32, 4.5 and 4.6.4).

use crate::media::byte_order::Order;

/// The tag, and the type "16-bit number", of the orientation (DC-008, 4.6.4 A).
const ORIENTATION: u16 = 0x0112;
const SHORT: u16 = 3;

/// How a picture is to be turned for display.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Orientation(u8);

impl Orientation {
    /// As stored; also what a picture without the tag means.
    pub(super) const UPRIGHT: Self = Self(1);

    /// Reads the orientation out of an EXIF block, which is a TIFF file with no picture in it.
    ///
    /// Whatever cannot be read, and a value that does not exist, is upright, as in browsers.
    pub(super) fn from_block(block: &[u8]) -> Self {
        match first_orientation(block) {
            Some(value @ 1..=8) => Self(value),
            _ => Self::UPRIGHT,
        }
    }

    /// Says whether width and height change places (values 5 to 8: the stored rows are shown as columns).
    pub(super) fn swaps_sides(self) -> bool {
        self.0 >= 5
    }

    /// An EXIF block with nothing in it but this orientation; none if the picture is upright.
    pub(super) fn block(self) -> Option<[u8; 26]> {
        (self != Self::UPRIGHT).then_some([
            b'M', b'M', 0, 42, 0, 0, 0, 8, // big-endian TIFF, its directory at byte 8
            0, 1, // one entry:
            0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, self.0, 0, 0, // orientation, SHORT, one value, the value
            0, 0, 0, 0, // and no further directory
        ])
    }
}

/// The value of the first directory's orientation entry, if it is one 16-bit number as DC-008 demands.
fn first_orientation(block: &[u8]) -> Option<u8> {
    let (order, directory) = match block {
        [b'I', b'I', 42, 0, o0, o1, o2, o3, ..] => (Order::Little, u32::from_le_bytes([*o0, *o1, *o2, *o3])),
        [b'M', b'M', 0, 42, o0, o1, o2, o3, ..] => (Order::Big, u32::from_be_bytes([*o0, *o1, *o2, *o3])),
        _ => return None,
    };
    let directory = block.get(usize::try_from(directory).ok()?..)?;
    let (count, entries) = directory.split_first_chunk::<2>()?;
    let (entries, _) = entries.as_chunks::<12>();
    entries.iter().take(usize::from(order.short(*count))).find_map(|entry| orientation_of(*entry, order))
}

fn orientation_of(entry: [u8; 12], order: Order) -> Option<u8> {
    let [t0, t1, k0, k1, n0, n1, n2, n3, v0, v1, _, _] = entry;
    let once = matches!((order, [n0, n1, n2, n3]), (Order::Little, [1, 0, 0, 0]) | (Order::Big, [0, 0, 0, 1]));
    let fits = once && order.short([t0, t1]) == ORIENTATION && order.short([k0, k1]) == SHORT;
    fits.then(|| order.short([v0, v1])).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use crate::media::exif::Orientation;
    use crate::media::fixture::{exif, turned};

    #[test]
    fn a_block_says_again_what_was_read() {
        for value in 2..=8 {
            let block = turned(value).block().expect("a turned picture has a block");
            assert_eq!(Orientation::from_block(&block), Orientation(value));
        }
        assert_eq!(Orientation::UPRIGHT.block(), None);
    }

    #[test]
    fn both_byte_orders_and_any_place_in_the_directory_are_read() {
        assert_eq!(Orientation::from_block(&exif(6)), Orientation(6));
        let little = b"II\x2A\0\x0A\0\0\0??\x02\0\x0F\x01\x02\0\x04\0\0\0\x51\0\0\0\x12\x01\x03\0\x01\0\0\0\x08\0\0\0";
        assert_eq!(Orientation::from_block(little), Orientation(8));
    }

    #[test]
    fn nonsense_is_upright() {
        let long = b"II\x2A\0\x08\0\0\0\x01\0\x12\x01\x04\0\x01\0\0\0\x06\0\0\0";
        let twice = b"II\x2A\0\x08\0\0\0\x01\0\x12\x01\x03\0\x02\0\0\0\x06\0\0\0";
        let nine = b"MM\0\x2A\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x09\0\0";
        let large = b"MM\0\x2A\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\x01\x06\0\0";
        let outside = b"MM\0\x2A\xFF\xFF\xFF\xFF\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0";
        for block in [&long[..], twice, nine, large, outside, b"", b"MM", b"Exif\0\0"] {
            assert_eq!(Orientation::from_block(block), Orientation::UPRIGHT, "{}", block.escape_ascii());
        }
    }

    #[test]
    fn only_the_last_four_swap_sides() {
        let swapping: Vec<u8> = (1..=8).filter(|value| turned(*value).swaps_sides()).collect();
        assert_eq!(swapping, [5, 6, 7, 8]);
    }
}
