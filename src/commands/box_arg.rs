//! `--box inbox` and `--box outbox`: one of a channel's two boxes, parsed at once into a [`Side`].

use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::channel::protocol::entry::Side;

/// Reads the name of a box.
pub(super) fn side() -> impl TypedValueParser<Value = Side> {
    let names = PossibleValuesParser::new(Side::BOTH.map(Side::name));
    names.map(|name| if name == Side::Inbox.name() { Side::Inbox } else { Side::Outbox })
}
