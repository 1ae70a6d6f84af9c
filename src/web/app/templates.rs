//! The app's templates and its other files, which are part of the program.

use std::collections::HashMap;
use std::path::Path;

use include_dir::{Dir, include_dir};
use tera::{Context, Tera};

use crate::web::http::refusal::Refusal;

static FILES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/themes/app");
/// The letter theme's look is the app's too.
const LETTER: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/themes/letter/letter.css"));
const ENTRY: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/themes/letter/entry.html"));

/// A template of the app can't be used, which is a bug of this program.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// The engine can't parse it.
    #[error("the app's templates can't be read: {0}")]
    Engine(#[from] tera::Error),
    /// A file of the app is no text.
    #[error("the app's file `{0}` is not text")]
    NoText(String),
}

/// The templates and the other files.
#[derive(Debug)]
pub(in crate::web) struct Templates {
    tera: Tera,
    /// The files that are no templates, by their names.
    assets: HashMap<&'static str, &'static [u8]>,
}

impl Templates {
    /// Parses the templates.
    ///
    /// # Errors
    /// [`TemplateError`]; it can only be a bug of this program.
    pub(in crate::web) fn new() -> Result<Self, TemplateError> {
        let mut tera = Tera::new();
        let mut templates = vec![("entry.html", ENTRY)];
        let mut assets = HashMap::from([("letter.css", LETTER.as_bytes())]);
        for file in FILES.files() {
            let no_text = || TemplateError::NoText(file.path().display().to_string());
            let name = file.path().to_str().ok_or_else(no_text)?;
            if is_template(file.path()) {
                templates.push((name, file.contents_utf8().ok_or_else(no_text)?));
            } else {
                assets.insert(name, file.contents());
            }
        }
        tera.add_raw_templates(templates)?;
        Ok(Self { tera, assets })
    }

    /// Renders a template.
    pub(super) fn render(&self, template: &str, context: &Context) -> Result<Vec<u8>, Refusal> {
        // A page with twenty messages is about so long.
        let mut bytes = Vec::with_capacity(16 << 10);
        self.tera.render_to(template, context, &mut bytes).map_err(|error| Refusal::broken(error.to_string()))?;
        Ok(bytes)
    }

    /// One of the other files.
    pub(super) fn asset(&self, name: &str) -> Option<&'static [u8]> {
        self.assets.get(name).copied()
    }
}

fn is_template(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "html")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_templates_are_sound() {
        assert!(Templates::new().is_ok_and(|templates| templates.asset("app.js").is_some()));
    }
}
