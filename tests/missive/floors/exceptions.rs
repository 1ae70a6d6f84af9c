//! What is not yet as the house asks. Every list may only shrink: a test fails for what is not in it, and for what need not be.

/// Arrows that lead upwards today, as `from -> to`.
pub(crate) const UPWARD_ARROWS: &[&str] = &[];
/// Arrows through walls within a room today, as `from -> to`.
pub(crate) const ARROWS_THROUGH_WALLS: &[&str] = &[];
/// Files that need each other today; one line for each group.
pub(crate) const CIRCLES: &[&str] = &[];
/// Crates away from home today, as `file crate`.
pub(crate) const CRATES_AWAY_FROM_HOME: &[&str] = &[];
/// Functions of more than 60 lines, with how many they may have and why.
pub(crate) const LONG_FUNCTIONS: &[(&str, usize, &str)] = &[];
/// Functions that take more than five arguments, with how many and why.
pub(crate) const MANY_PARAMETERS: &[(&str, usize, &str)] =
    &[("channel/reading/marks.rs: push_line", 6, "the parts of a line, in their order")];
/// Structs of more than ten fields, with how many and why.
pub(crate) const LARGE_STRUCTS: &[(&str, usize, &str)] = &[
    ("article/message.rs: Message", 23, "what a template may show of a message, one field each"),
    ("channel/snapshot/card.rs: Card", 21, "a row of the card cache, as it is stored"),
    ("commands/build/report.rs: BuildReport", 11, "what `--json` prints, one field each"),
    ("commands/channels.rs: ChannelLine", 15, "what `--json` prints, one field each"),
    ("commands/compose/report.rs: ComposedMessage", 12, "what `--json` prints, one field each"),
    ("commands/message_view.rs: MessageRecord", 12, "what `--json` prints, one field each"),
    ("site/feeds/channel_feed.rs: JsonItem", 11, "the fields of an item in JSON Feed 1.1"),
    ("site/pages/contents.rs: Contents", 16, "all that pages are made from, each derived once"),
    ("site/pages/facts.rs: Facts", 17, "what every page depends on; its hash is part of their fingerprints"),
    ("site/pages/template_context.rs: Site", 14, "what a template may show of a site, one field each"),
    ("sync/keys/document.rs: Document", 14, "an entry of the file of keys, as it is stored"),
    ("sync/status.rs: DocumentState", 29, "what `status --json` prints, one field each"),
    ("sync/syncthing/folder_state.rs: FolderState", 13, "what `status --json` prints, one field each"),
    ("web/api/wire.rs: Channel", 20, "the API's own object, one field each"),
    ("web/api/wire.rs: Message", 15, "the API's own object, one field each"),
    ("web/app/template_views.rs: Channel", 18, "what a template may show of a channel, one field each"),
    ("web/app/template_views.rs: Shown", 11, "what a template may show of a message, one field each"),
];
/// Files of more than 450 lines without their tests, with how many and why.
pub(crate) const LONG_FILES: &[(&str, usize, &str)] = &[];
/// Closures that have a name and more than two lines, in the whole crate: they become functions.
pub(crate) const NAMED_CLOSURES: usize = 46;
