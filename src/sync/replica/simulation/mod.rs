//! A simulated world in memory in which two to six replicas run, by a seed: hands that fail at each step, a network that delays, doubles, reorders
//! and loses, people who move, rename, restore and copy, strangers who do harm, clocks and disks.
//!
//! `schedules` plays ten thousand schedules in each run of the tests; `stories` are the faults that were found, told in short;
//! `rules` and `rest` say what must hold, at each step and at the end.

mod computer;
mod content;
mod engine;
mod folder;
mod hands_box;
mod hands_document;
mod happening;
mod ledger;
mod log_file;
mod network;
mod people;
mod random;
mod rest;
mod rules;
mod schedule;
mod schedules;
mod shrink;
mod stories;
mod story;
mod strangers;
mod work;
mod world;

use crate::sync::replica::records::{ReceivedEntry, Record};

/// An entry of a file as the document's records have it.
fn records_of(entry: &ReceivedEntry, empty: bool) -> Record {
    Record { author: entry.author, hash: entry.hash, len: entry.len, time: entry.time, empty }
}
