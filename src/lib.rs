//! x
pub mod channel;
pub mod cli;
pub mod commands;
pub mod console;
pub mod difference;
pub mod disk;
pub mod markdown;
pub mod picture;
pub mod site;
