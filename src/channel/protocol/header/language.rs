//! Language tags: what a header's `lang` and a profile's `language` may be.

/// A language tag (RFC 5646, section 2.1), and whether it was written otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Language {
    /// The tag.
    pub(crate) tag: String,
    /// Whether it was written as systems write locales, such as `zh_CN.UTF-8`.
    pub(crate) is_mended: bool,
}

impl Language {
    /// Reads a tag; `None` where it has not the form of one.
    pub(crate) fn parse(value: &str) -> Option<Self> {
        let value = value.trim();
        let locale = value.split_once(['.', '@']).map_or(value, |(locale, _)| locale);
        let tag = locale.replace('_', "-");
        is_tag(&tag).then(|| Self { is_mended: tag != value, tag })
    }
}

fn is_tag(tag: &str) -> bool {
    let is_part = |part: &str| (1..=8).contains(&part.len()) && part.chars().all(|c| c.is_ascii_alphanumeric());
    let first = tag.split('-').next().unwrap_or_default();
    // Registered tags begin with two or three letters, private and old ones with `x` or `i`.
    let is_first = first.chars().all(|c| c.is_ascii_alphabetic())
        && (matches!(first.len(), 2 | 3) || first.len() < tag.len() && matches!(first, "x" | "X" | "i" | "I"));
    tag.len() <= 35 && is_first && tag.split('-').all(is_part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_taken_and_locales_become_tags() {
        for tag in ["en", "pt-BR", "zh-Hant-TW", "gsw", "x-own", "i-klingon", "de-1996"] {
            assert_eq!(Language::parse(tag), Some(Language { tag: tag.into(), is_mended: false }), "{tag}");
        }
        for (locale, tag) in [("zh_CN", "zh-CN"), ("en_US.UTF-8", "en-US"), ("de_DE@euro", "de-DE")] {
            assert_eq!(Language::parse(locale), Some(Language { tag: tag.into(), is_mended: true }), "{locale}");
        }
        for wrong in ["", "english", "e", "x", "<script>", "en-", "en--x", "12", "en us", "C.UTF-8"] {
            assert_eq!(Language::parse(wrong), None, "{wrong}");
        }
    }
}
