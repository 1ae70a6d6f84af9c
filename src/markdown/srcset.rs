//! Lists of pictures to choose from (HTML, section 4.8.4.2.1): `small.jpg 480w, large.jpg 960w`.

/// The list with other addresses: `new` says what stands in the place of one, if not itself.
pub(super) fn map(list: &str, mut new: impl FnMut(&str) -> Option<String>) -> String {
    let parts: Vec<String> = candidates(list)
        .map(|(address, descriptors)| {
            // A comma at the end of an address would part it from what follows.
            let address = new(address).map_or_else(|| address.to_owned(), |new| new.replace(',', "%2C"));
            if descriptors.is_empty() { address } else { format!("{address} {descriptors}") }
        })
        .collect();
    parts.join(", ")
}

/// The addresses in a list, each with what it is for.
pub(super) fn candidates(list: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = list;
    std::iter::from_fn(move || {
        let start = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == ',');
        if start.is_empty() {
            return None;
        }
        let end = start.find(|c: char| c.is_ascii_whitespace()).unwrap_or(start.len());
        let (address, after) = start.split_at_checked(end)?;
        let bare = address.trim_end_matches(',');
        if bare.len() < address.len() {
            rest = after;
            return Some((bare, ""));
        }
        let end = end_of_descriptors(after);
        rest = after.get(end..).unwrap_or_default();
        Some((bare, after.get(..end).unwrap_or_default().trim()))
    })
}

/// Where the next comma stands that is not in parentheses.
fn end_of_descriptors(text: &str) -> usize {
    let mut is_within = false;
    for (at, c) in text.char_indices() {
        match c {
            '(' => is_within = true,
            ')' => is_within = false,
            ',' if !is_within => return at,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_address_is_found_as_browsers_find_it() {
        for (list, expected) in [
            ("small.jpg 1x, photo.jpg 2x", vec![("small.jpg", "1x"), ("photo.jpg", "2x")]),
            ("a.jpg", vec![("a.jpg", "")]),
            (" ,a.jpg, b.jpg  480w\t600h ,c.jpg,", vec![("a.jpg", ""), ("b.jpg", "480w\t600h"), ("c.jpg", "")]),
            ("a,b.jpg 1x", vec![("a,b.jpg", "1x")]),
            ("a.jpg f(1, 2) 2x, b.jpg", vec![("a.jpg", "f(1, 2) 2x"), ("b.jpg", "")]),
            ("", vec![]),
        ] {
            assert_eq!(candidates(list).collect::<Vec<_>>(), expected, "{list}");
        }
        let changed = map("a.jpg 1x,b.jpg 2x", |address| (address == "a.jpg").then(|| "m/a,.jpg".to_owned()));
        assert_eq!(changed, "m/a%2C.jpg 1x, b.jpg 2x");
    }
}
