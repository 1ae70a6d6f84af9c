//! Where a TOML file has its mistake.

/// The line, counted from 1, in which reading the text stopped.
pub fn line(text: &str, error: &toml::de::Error) -> usize {
    let at = error.span().map_or(0, |span| span.start);
    let before = text.get(..at).unwrap_or(text);
    1 + before.matches('\n').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_of_the_mistake_is_told() {
        let told = |text: &str| line(text, &toml::from_str::<toml::Table>(text).unwrap_err());
        assert_eq!((told("a = 1\nb = \n"), told("= 1"), told("a = \"é\"\n\nb = x")), (2, 1, 3));
    }
}
