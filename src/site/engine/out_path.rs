//! A file of the site: where it is written, and how it is linked.
//!
//! A path is made of safe names; nothing else is ever joined to the output folder. Its address is percent-encoded.

use std::fmt;
use std::path::Path;

use crate::text::percent;

/// A path relative to the output folder, `/` between its names.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
pub struct OutPath(Box<str>);

impl OutPath {
    /// Makes a path of names that are safe already; `None` for one that could lead out of the folder.
    pub fn new(path: &str) -> Option<Self> {
        let safe = |name: &str| !name.is_empty() && name != "." && name != ".." && !name.contains(['\0', '\\']);
        path.split('/').all(safe).then(|| Self(path.into()))
    }

    /// Makes a path that the program itself spells out.
    pub(crate) fn fixed(path: impl Into<Box<str>>) -> Self {
        Self(path.into())
    }

    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The path as the system takes it.
    pub fn as_path(&self) -> &Path {
        Path::new(&*self.0)
    }

    /// The last name of the path.
    pub(crate) fn name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }

    /// The path percent-encoded, relative to the site's root.
    pub fn address(&self) -> String {
        address(&self.0)
    }

    /// What leads from this page to the site's root: nothing, `../`, `../../`.
    pub fn root(&self) -> String {
        "../".repeat(self.0.matches('/').count())
    }
}

/// Percent-encodes a path for a link.
pub(crate) fn address(path: &str) -> String {
    percent::path(path)
}

impl fmt::Display for OutPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_string_leads_out_of_the_folder(text in "[./a\\\\\0%]{0,12}") {
            if let Some(path) = OutPath::new(&text) {
                prop_assert!(path.as_path().components().all(|c| matches!(c, std::path::Component::Normal(_))));
            }
        }
    }

    #[test]
    fn addresses_are_encoded_by_segment() {
        let path = OutPath::new("2013/100% done #1?.jpg").unwrap();
        assert_eq!(path.address(), "2013/100%25%20done%20%231%3F.jpg");
        assert_eq!(path.root(), "../");
    }
}
