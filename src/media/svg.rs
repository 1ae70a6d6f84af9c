//! The size that an SVG drawing asks for: `width`, `height` and `viewBox` of its root element (SVG 2, sections 8.2 and 8.6).

use crate::media::dimensions::Size;

/// The displayed size by the root element's attributes; `None` when they do not tell it in pixels.
pub fn svg_size(head: &str) -> Option<Size> {
    let start = head.find("<svg")?;
    let root = head.get(start..)?;
    let root = root.get(..root.find('>')?)?;
    let length = |name: &str| attribute(root, name).and_then(pixels);
    if let (Some(width), Some(height)) = (length("width"), length("height")) {
        return sized(width, height);
    }
    let mut numbers = attribute(root, "viewBox")?.split([' ', ',']).filter(|part| !part.is_empty()).skip(2);
    sized(pixels(numbers.next()?)?, pixels(numbers.next()?)?)
}

fn attribute<'a>(element: &'a str, name: &str) -> Option<&'a str> {
    let at = element.match_indices(name).find(|(at, _)| {
        let before = element.get(..*at).unwrap_or_default();
        before.ends_with(char::is_whitespace)
            && element.get(at + name.len()..).is_some_and(|rest| rest.starts_with('='))
    })?;
    let rest = element.get(at.0 + name.len() + 1..)?;
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    rest.get(1..)?.split(quote).next()
}

/// A length without unit or in `px`.
fn pixels(text: &str) -> Option<f64> {
    text.trim().trim_end_matches("px").parse().ok().filter(|number: &f64| number.is_finite())
}

fn sized(width: f64, height: f64) -> Option<Size> {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is checked before")]
    let whole = |length: f64| (1.0..=100_000.0).contains(&length).then(|| length.round() as u32);
    Some(Size { width: whole(width)?, height: whole(height)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size(root: &str) -> Option<(u32, u32)> {
        svg_size(root).map(|size| (size.width, size.height))
    }

    #[test]
    fn the_root_element_tells_its_size() {
        assert_eq!(size("<?xml version='1.0'?><svg xmlns='x' width=\"760\" height='600px'><g/>"), Some((760, 600)));
        assert_eq!(size("<svg viewBox=\"0 0 300.4,150\" stroke-width=\"3\">"), Some((300, 150)));
        assert_eq!(size("<svg width=\"100%\" height=\"50%\">"), None);
        assert_eq!(size("<svg width=\"1e9\" height=\"NaN\">"), None);
        assert_eq!(size("<html>"), None);
    }
}
