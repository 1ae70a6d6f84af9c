//! What the folders and files of a channel and of the data folder are called, besides its boxes and messages.

/// What a channel says of itself, within a box.
pub const PROFILE_FILE: &str = ".channel.toml";
/// Who signed what, within a box that several people write.
pub const AUTHORS_FILE: &str = ".authors.toml";
/// What tells a channel's folder from every other one, however it is called: beside the boxes, and so not replicated.
pub const FOLDER_ID_FILE: &str = ".missive-id";
/// The settings of a channel.
pub const SETTINGS_FILE: &str = "missive.toml";
/// The drafts of a channel.
pub const DRAFTS_FOLDER: &str = "drafts";
/// What was deleted from a channel, a folder for each deletion.
pub const TRASH_FOLDER: &str = "trash";
/// A channel's own templates and styles.
pub const THEME_FOLDER: &str = "theme";
/// Where a channel's site is built unless said otherwise.
pub const SITE_FOLDER: &str = "site";
/// What this program keeps for itself in the data folder: keys, marks and the replication engine's store.
pub const STATE_FOLDER: &str = ".missive";
/// The keys of a profile.
pub const PROFILE_KEYS: [&str; 10] =
    ["id", "title", "description", "author", "language", "link", "icon", "markdown", "timezone", "menu"];
