//! JPEG's marker codes and the shape of the segments behind them (ITU T.81, annex B).

/// The first code that is used in JPEG files, but for TEM.
pub(super) const FIRST: u8 = 0xC0;
/// The last code of a table or header of the picture itself.
pub(super) const LAST_TABLE: u8 = EXP;
/// Three codes that lie among those of the frames: Huffman tables,
const DHT: u8 = 0xC4;
/// extensions,
const JPG: u8 = 0xC8;
/// and arithmetic coding conditions.
const DAC: u8 = 0xCC;
/// End of image.
pub(super) const EOI: u8 = 0xD9;
/// Start of scan: its segment is followed by entropy-coded data.
pub(super) const SOS: u8 = 0xDA;
const DQT: u8 = 0xDB;
const DNL: u8 = 0xDC;
const DRI: u8 = 0xDD;
const DHP: u8 = 0xDE;
const EXP: u8 = 0xDF;
/// Application segment 0: JFIF.
pub(super) const APP0: u8 = 0xE0;
/// Application segment 1: EXIF and XMP.
pub(super) const APP1: u8 = 0xE1;
/// Application segment 2: ICC profiles, and much else.
pub(super) const APP2: u8 = 0xE2;
/// Application segment 14: Adobe's colour transform.
pub(super) const APP14: u8 = 0xEE;

/// Says whether the marker stands alone, with no segment behind it, and means nothing outside a scan (RST0 to 7, TEM).
pub(super) fn is_bare(code: u8) -> bool {
    matches!(code, 0x01 | 0xD0..=0xD7)
}

/// Says whether a segment with a length follows the marker (T.81, table B.1).
pub(super) fn has_segment(code: u8) -> bool {
    matches!(code, 0xC0..=0xCF | SOS..=0xFE)
}

/// Says whether the marker starts a frame, whose header holds the picture's size (SOF0 to SOF15).
pub(super) fn starts_frame(code: u8) -> bool {
    matches!(code, 0xC0..=0xCF) && !matches!(code, DHT | JPG | DAC)
}

/// Says whether the segment is a part of the picture itself that is exactly as long as its own fields say.
///
/// Decoders refuse the picture otherwise; and a table with a wrong length may reach over something that is not a table.
pub(super) fn is_sound_table(code: u8, payload: &[u8]) -> bool {
    match (code, payload) {
        (DHT, _) => huffman_tables_fill(payload),
        (DQT, _) => quantization_tables_fill(payload),
        (DAC, _) => payload.len().is_multiple_of(2),
        (DNL | DRI, _) => payload.len() == 2,
        (EXP, _) => payload.len() == 1,
        (SOS, [components, ..]) => payload.len() == 4 + 2 * usize::from(*components),
        (DHP, [_, _, _, _, _, components, ..]) => payload.len() == 6 + 3 * usize::from(*components),
        (code, [_, _, _, _, _, components, ..]) if starts_frame(code) => {
            payload.len() == 6 + 3 * usize::from(*components)
        }
        _ => false,
    }
}

/// Tables of a class byte, sixteen counts, and as many values as the counts add up to (T.81, B.2.4.2).
fn huffman_tables_fill(mut tables: &[u8]) -> bool {
    while let Some(([_, counts @ ..], values)) = tables.split_first_chunk::<17>() {
        let count = counts.iter().copied().map(usize::from).sum();
        let Some(rest) = values.get(count..) else { return false };
        tables = rest;
    }
    tables.is_empty()
}

/// Tables of a precision byte and 64 values of one byte or two (T.81, B.2.4.1).
fn quantization_tables_fill(mut tables: &[u8]) -> bool {
    while let Some((kind, values)) = tables.split_first() {
        let length = if kind >> 4 == 0 { 64 } else { 128 };
        let Some(rest) = values.get(length..) else { return false };
        tables = rest;
    }
    true
}

/// Says whether an APP1 segment that begins with these six bytes holds EXIF (CIPA DC-008, 4.7.2); the sixth is padding,
/// which not every reader checks.
pub(super) fn is_exif(name: [u8; 6]) -> bool {
    name.starts_with(b"Exif\0")
}

#[cfg(test)]
mod tests {
    use crate::media::marker::{APP1, DHT, DQT, DRI, SOS, has_segment, is_bare, is_sound_table, starts_frame};

    #[test]
    fn the_codes_fall_into_their_classes() {
        let frames: Vec<u8> = (0..=255).filter(|code| starts_frame(*code)).collect();
        assert_eq!(frames, [0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF]);
        assert!(is_bare(0xD3) && !has_segment(0xD3));
        assert!(has_segment(APP1) && has_segment(SOS) && has_segment(0xFE));
        assert!(!has_segment(0xD8) && !has_segment(0xD9) && !has_segment(0xFF) && !has_segment(0x02));
    }

    #[test]
    fn a_table_must_fill_its_segment() {
        let mut huffman = vec![0x10];
        huffman.extend([0, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7, 8, 9]);
        assert!(is_sound_table(DHT, &huffman));
        assert!(is_sound_table(DHT, &[huffman.clone(), huffman.clone()].concat()));
        huffman.push(b'!');
        assert!(!is_sound_table(DHT, &huffman));
        assert!(is_sound_table(DQT, &[0; 65]));
        assert!(is_sound_table(DQT, &[&[0x11; 129][..], &[0; 65]].concat()));
        assert!(!is_sound_table(DQT, &[0; 64]));
        assert!(is_sound_table(DRI, &[0, 4]) && !is_sound_table(DRI, &[0, 4, 5]));
        assert!(is_sound_table(SOS, &[1, 1, 0, 0, 63, 0]) && !is_sound_table(SOS, &[2, 1, 0, 0, 63, 0]));
        assert!(is_sound_table(0xC0, &[8, 0, 1, 0, 1, 1, 1, 0x11, 0]) && !is_sound_table(0xC0, &[8, 0, 1]));
        assert!(!is_sound_table(APP1, b"Exif\0\0"));
    }
}
