//! What a text's author should know of it, each with its line.

use serde::{Deserialize, Serialize};

use super::bounds::Limit;
use super::demand::Demand;

/// Something that a text's author should know of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The line, counted from 1 where the text behind the header begins.
    pub line: usize,
    /// What was found.
    pub what: What,
}

/// What was found in a text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum What {
    /// A tag without a partner, which is shown as text.
    Unpaired(String),
    /// A comment that does not end: nothing behind it is shown.
    OpenComment,
    /// From here on the text is shown as plain text, because of a limit.
    Plain(Limit),
    /// HTML that asks for more than a page gives by itself.
    Demand(Demand),
}
