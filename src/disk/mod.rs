//! The lowest floor: reaching files without being led astray, and writing them whole.
//!
//! Owns the two promises that the rest of the house leans on: a name found in a folder never leads out of it (no link is
//! followed, no pipe is waited for), and a file is either its old self or its new one. Refuses to know what a channel is.

pub mod beneath;
pub mod make;
pub mod private;
pub mod record;
pub mod regular;
pub mod space;
pub mod whole;
