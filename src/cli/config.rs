//! The user's own configuration: `missive/config.toml` in the system's configuration folder.
//!
//! Owns its keys. Strict like a channel's settings: a key that is not known is an error with its line.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::commands::Failure;

/// What the file can say.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Config {
    /// The data folder; `~/` at its beginning is the home folder.
    pub(super) data: Option<PathBuf>,
}

/// Reads the configuration below the system's configuration folder; without the file it says nothing.
pub(super) fn read(folder: &Path, home: &Path) -> Result<Config, Failure> {
    let path = folder.join("missive/config.toml");
    let text = match fs_err::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Config::default()),
        Err(error) => return Err(error.into()),
    };
    let mut config: Config = toml::from_str(&text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        let line = 1 + text.get(..at).unwrap_or_default().matches('\n').count();
        let message = format!("{}, line {line}: {}", path.display(), error.message());
        Failure::new(message, "the one key it knows is `data`, the data folder")
    })?;
    config.data = config.data.map(|data| data.strip_prefix("~").map_or(data.clone(), |rest| home.join(rest)));
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_data_folder_may_lie_at_home() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(read(dir.path(), Path::new("/home/azureen")).unwrap(), Config::default());
        std::fs::create_dir(dir.path().join("missive")).unwrap();
        std::fs::write(dir.path().join("missive/config.toml"), "data = \"~/letters\"\n").unwrap();
        assert_eq!(read(dir.path(), Path::new("/home/azureen")).unwrap().data, Some("/home/azureen/letters".into()));
        std::fs::write(dir.path().join("missive/config.toml"), "\ndaat = \"x\"\n").unwrap();
        assert!(
            read(dir.path(), Path::new("/")).unwrap_err().message.contains("config.toml, line 2: unknown field `daat`")
        );
    }
}
