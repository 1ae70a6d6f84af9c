//! The user's folders: home, settings, cache, data, and the one that the program was started in.
//!
//! What is set and empty is as if it were not set, and `~/` at the beginning of a path is the home folder wherever no shell
//! has seen to that.

use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};

use etcetera::BaseStrategy;

use crate::commands::Failure;

/// The folders of the user's own programs; none of them where nobody knows the home folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct UserFolders {
    pub(super) home: Option<PathBuf>,
    pub(super) config: Option<PathBuf>,
    pub(super) cache: Option<PathBuf>,
}

impl UserFolders {
    /// Those of this user: by `HOME`, or by the list of users where that is not set.
    pub(super) fn find() -> Self {
        let known = etcetera::choose_base_strategy().ok();
        // A path from nowhere in particular would put settings and cache wherever the program is started.
        known.filter(|folders| folders.home_dir().is_absolute()).map_or_else(Self::default, |folders| Self {
            home: Some(folders.home_dir().to_owned()),
            config: Some(folders.config_dir()),
            cache: Some(folders.cache_dir().join("missive")),
        })
    }

    /// The data folder: the first that was chosen, else `missive_data` in the home folder.
    ///
    /// # Errors
    /// [`Failure`] when it would lie in a home folder that nobody knows, or when it is relative and `here` is gone.
    pub(super) fn data(&self, chosen: Option<PathBuf>, here: &Path) -> Result<PathBuf, Failure> {
        let data = chosen.unwrap_or_else(|| Path::new("~").join("missive_data"));
        let data = self.expanded(data)?;
        if data.is_relative() && !here.is_dir() {
            let message =
                format!("the current folder is gone, so the data folder `{}` cannot be found", data.display());
            return Err(Failure::new(message, "change to another folder, or give the absolute path"));
        }
        Ok(std::path::absolute(here.join(data))?)
    }

    /// A path with `~/` at its beginning in the home folder.
    fn expanded(&self, path: PathBuf) -> Result<PathBuf, Failure> {
        let Some(Component::Normal(first)) = path.components().next() else {
            return Ok(path);
        };
        if first == "~" {
            let home = self.home.as_ref().ok_or_else(no_home)?;
            return Ok(path.components().skip(1).fold(home.clone(), |home, part| home.join(part)));
        }
        if first.as_encoded_bytes().starts_with(b"~") {
            let message = format!("`{}`: missive knows only `~/`, not the home folders of other users", path.display());
            return Err(Failure::usage(message, "give the absolute path; for a folder of that name here write `./~…`"));
        }
        Ok(path)
    }
}

fn no_home() -> Failure {
    Failure::new("no home folder is set", "set HOME, or name the data folder with `--data DIR` or in MISSIVE_DATA")
}

/// A variable that is set and not empty.
pub(super) fn variable(name: &str) -> Option<std::ffi::OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// The folder that the program was started in. Where that is gone, its name leads nowhere or to a new folder of that name.
pub(super) fn here() -> PathBuf {
    std::env::current_dir().unwrap_or_else(|_| gone(variable("PWD").as_deref()))
}

/// What stands for a folder that is gone: a path below which there is nothing.
fn gone(name: Option<&OsStr>) -> PathBuf {
    name.map(PathBuf::from).filter(|path| path.is_absolute()).unwrap_or_else(|| "/dev/null".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folders() -> UserFolders {
        UserFolders { home: Some("/home/azureen".into()), ..UserFolders::default() }
    }

    #[test]
    fn a_tilde_is_the_home_folder() {
        let here = tempfile::tempdir().unwrap();
        let here = here.path();
        let data = |chosen: &str| folders().data(Some(chosen.into()), here);
        assert_eq!(folders().data(None, here), Ok("/home/azureen/missive_data".into()));
        for (chosen, data_folder) in [
            ("~/letters", PathBuf::from("/home/azureen/letters")),
            ("~/a/~/b", "/home/azureen/a/~/b".into()),
            ("~", "/home/azureen".into()),
            ("/srv/~", "/srv/~".into()),
            ("./~", here.join("~")),
            ("letters", here.join("letters")),
        ] {
            assert_eq!(data(chosen), Ok(data_folder), "{chosen}");
        }
        assert!(data("~brando/letters").unwrap_err().message.contains("only `~/`"));
    }

    #[test]
    fn without_a_home_the_data_folder_has_to_be_named() {
        let nobody = UserFolders::default();
        let here = Path::new("/");
        assert_eq!(nobody.data(Some("/srv/data".into()), here), Ok("/srv/data".into()));
        for chosen in [None, Some("~/x".into())] {
            assert!(nobody.data(chosen, here).unwrap_err().hint.unwrap().contains("set HOME"));
        }
    }

    #[test]
    fn a_folder_that_is_gone_holds_nothing() {
        for name in [None, Some(OsStr::new("relative"))] {
            assert!(!gone(name).join("blog").exists() && gone(name).is_absolute());
        }
        let failure = folders().data(Some("letters".into()), &gone(None)).unwrap_err();
        assert!(failure.message.contains("is gone"), "{failure}");
        assert!(folders().data(None, &gone(None)).is_ok());
    }
}
