//! Faults that were found, each told as a short story that must end well.

use crate::sync::replica::simulation::computer::Part::{Owner, Reader};
use crate::sync::replica::simulation::happening::Happening::Write;
use crate::sync::replica::simulation::story::Story;

#[test]
fn a_message_comes_to_a_reader() {
    Story::new(&[Owner, Reader]).then(500, Write { at: 0, second: None, attachments: 2 }).must_end_well(50);
}
