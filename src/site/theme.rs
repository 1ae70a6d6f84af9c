//! The theme: templates, and the files that go beside the pages.
//!
//! There is a built-in theme; a folder of the user's is laid over it, file by file. Templates are parsed only when a page must
//! be rendered.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use include_dir::{Dir, include_dir};
use tera::Tera;
use walkdir::WalkDir;

use crate::fs::regular_file;
use crate::site::engine::fingerprint::Hasher;
use crate::site::engine::out_path::OutPath;
use crate::site::error::SiteError;

static LETTER: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/themes/letter");

/// The names of the built-in themes.
pub const BUILT_IN: [&str; 1] = ["letter"];

/// Where a theme's files are looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ThemeSource {
    /// A built-in theme.
    BuiltIn,
    /// A folder, whose files are laid over the built-in theme.
    Folder(PathBuf),
}

impl ThemeSource {
    /// The built-in theme of this name, or a folder given from `base`.
    ///
    /// # Errors
    /// [`SiteError::NoTheme`].
    pub fn find(name: &Path, base: &Path) -> Result<Self, SiteError> {
        if BUILT_IN.iter().any(|known| name == Path::new(known)) {
            return Ok(Self::BuiltIn);
        }
        let folder = base.join(name);
        if folder.is_dir() { Ok(Self::Folder(folder)) } else { Err(SiteError::NoTheme { name: name.to_owned() }) }
    }
}

/// Templates and assets.
#[derive(Debug, PartialEq, Eq)]
pub struct Theme {
    templates: BTreeMap<String, Cow<'static, str>>,
    assets: BTreeMap<String, Cow<'static, [u8]>>,
    /// Where each file that is not built in was found.
    origins: BTreeMap<String, PathBuf>,
    hash: u64,
}

impl Theme {
    /// Loads the built-in theme and lays these sources over it in order.
    ///
    /// # Errors
    /// [`SiteError::Theme`] when a folder or a file in it cannot be read or is no text where it must be.
    pub fn load(sources: &[ThemeSource]) -> Result<Self, SiteError> {
        let mut theme = Self { templates: BTreeMap::new(), assets: BTreeMap::new(), origins: BTreeMap::new(), hash: 0 };
        for file in LETTER.files() {
            theme.insert(&file.path().to_string_lossy(), Cow::Borrowed(file.contents()), None)?;
        }
        for source in sources {
            if let ThemeSource::Folder(folder) = source {
                theme.lay_over(folder)?;
            }
        }
        let mut hasher = Hasher::default();
        hasher.add(&theme.templates);
        theme.hash = hasher.finish();
        Ok(theme)
    }

    /// The hash of the templates; assets are files of their own.
    pub fn hash(&self) -> u64 {
        self.hash
    }

    /// The names of the files that are no templates.
    pub fn assets(&self) -> impl Iterator<Item = &str> {
        self.assets.keys().map(String::as_str)
    }

    /// An asset's bytes.
    pub fn asset(&self, name: &str) -> Option<&[u8]> {
        self.assets.get(name).map(Cow::as_ref)
    }

    /// Parses the templates.
    ///
    /// # Errors
    /// [`SiteError::Template`] with the file, the line and the engine's message.
    pub fn parse(&self) -> Result<Tera, SiteError> {
        let mut tera = Tera::new();
        let templates = self.templates.iter().map(|(name, text)| (name.as_str(), text.as_ref()));
        tera.add_raw_templates(templates).map_err(|error| self.explain(&error))?;
        Ok(tera)
    }

    /// An engine's error with the place where the template was found.
    pub(crate) fn explain(&self, error: &tera::Error) -> SiteError {
        let message = error.to_string();
        let origin = self.origins.iter().find(|(name, _)| message.contains(name.as_str()));
        SiteError::Template { message, path: origin.map(|(_, path)| path.clone()) }
    }

    fn lay_over(&mut self, folder: &Path) -> Result<(), SiteError> {
        let failed = |path: &Path, error: String| SiteError::Theme { path: path.to_owned(), error };
        if !folder.is_dir() {
            return Err(failed(folder, "there is no such folder".to_owned()));
        }
        for entry in WalkDir::new(folder).sort_by_file_name().into_iter().filter_entry(is_visible) {
            let entry = entry.map_err(|error| failed(folder, error.to_string()))?;
            if entry.file_type().is_dir() || entry.file_type().is_symlink() {
                continue;
            }
            let name = entry.path().strip_prefix(folder).unwrap_or(entry.path()).to_string_lossy().into_owned();
            let bytes =
                regular_file::read(entry.path(), u64::MAX).map_err(|error| failed(entry.path(), error.to_string()))?;
            self.insert(&name, Cow::Owned(bytes), Some(entry.path()))?;
        }
        Ok(())
    }

    fn insert(&mut self, name: &str, bytes: Cow<'static, [u8]>, origin: Option<&Path>) -> Result<(), SiteError> {
        let place = || origin.unwrap_or(Path::new(name)).to_owned();
        if OutPath::new(name).is_none() {
            return Err(SiteError::Theme { path: place(), error: "its name cannot be part of a site".to_owned() });
        }
        if let Some(path) = origin {
            self.origins.insert(name.to_owned(), path.to_owned());
        }
        if Path::new(name).extension().is_some_and(|extension| extension == "html") {
            let text = match bytes {
                Cow::Borrowed(bytes) => {
                    std::str::from_utf8(bytes).map(Cow::Borrowed).map_err(|error| error.to_string())
                }
                Cow::Owned(bytes) => String::from_utf8(bytes).map(Cow::Owned).map_err(|error| error.to_string()),
            };
            let text = text.map_err(|error| SiteError::Theme { path: place(), error })?;
            self.templates.insert(name.to_owned(), text);
        } else {
            self.assets.insert(name.to_owned(), bytes);
        }
        Ok(())
    }
}

/// Whether a theme's file counts: what is hidden is the editor's or the system's.
fn is_visible(entry: &walkdir::DirEntry) -> bool {
    entry.depth() == 0 || !entry.file_name().to_string_lossy().starts_with(['.', '~'])
}
