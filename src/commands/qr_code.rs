//! QR codes on a terminal, for a telephone's camera.
//!
//! Whoever prints the code prints its text too, for those who cannot photograph it.

use qrcode::render::unicode::Dense1x2;
use qrcode::{EcLevel, QrCode};

/// The light rim without which a camera does not find the picture, on each side.
const RIM: usize = 4;

/// A text as a QR code of whole lines but for the last line's end, each at most so many columns wide; `None` if it cannot
/// be that small.
///
/// A picture is as small as the least correction of errors makes it, and then has the most that it has room for.
pub(super) fn qr(text: &str, width: usize) -> Option<String> {
    let of = |level| QrCode::with_error_correction_level(text, level).ok();
    let smallest = of(EcLevel::L)?;
    if smallest.width() + 2 * RIM > width {
        return None;
    }
    let mut corrected = [EcLevel::H, EcLevel::Q, EcLevel::M].into_iter().filter_map(of);
    let code = corrected.find(|code| code.width() == smallest.width()).unwrap_or(smallest);
    // Terminals are dark more often than not, and a camera reads light on dark less often than not.
    Some(code.render::<Dense1x2>().dark_color(Dense1x2::Light).light_color(Dense1x2::Dark).build())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(picture: &str) -> usize {
        let widths: Vec<usize> = picture.lines().map(|line| line.chars().count()).collect();
        assert!(widths.iter().all(|width| Some(width) == widths.first()), "a rectangle");
        assert!(widths.len() == widths[0].div_ceil(2), "a square");
        widths[0]
    }

    #[test]
    fn a_picture_is_as_wide_as_it_must_be() {
        let link = format!("https://example.org/#{}", "a".repeat(200));
        let width = columns(&qr(&link, 200).unwrap());
        assert!((50..80).contains(&width), "{width}");
        assert!(qr(&link, width).is_some() && qr(&link, width - 1).is_none());
        assert_eq!(columns(&qr("missive", 80).unwrap()), 29);
    }

    #[test]
    fn what_is_too_long_has_no_picture() {
        assert!(qr(&"a".repeat(2_953), 1_000).is_some());
        assert!(qr(&"a".repeat(2_954), 1_000).is_none());
        assert!(qr("missive", 0).is_none() && qr("missive", 28).is_none());
    }

    #[test]
    fn room_that_is_left_corrects_errors() {
        // 17 bytes fill the smallest picture; 7 leave room for the strongest correction.
        let level = |text: &str| {
            let picture = qr(text, 80).unwrap();
            let same = |level: &EcLevel| {
                let code = QrCode::with_error_correction_level(text, *level).unwrap();
                let render = code.render::<Dense1x2>().dark_color(Dense1x2::Light).light_color(Dense1x2::Dark).build();
                render == picture
            };
            [EcLevel::L, EcLevel::M, EcLevel::Q, EcLevel::H].into_iter().find(same).unwrap()
        };
        assert_eq!((level("seventeen (bytes)"), level("missive")), (EcLevel::L, EcLevel::H));
    }
}
