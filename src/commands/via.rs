//! TEMP
use std::fmt;
use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;
use super::{Failure, Surroundings};
use crate::channel::Channel;
/// x
#[derive(Debug, Args)]
pub struct Via {}
/// x
#[derive(Debug, Serialize, JsonSchema)]
pub struct Report {}
impl fmt::Display for Report { fn fmt(&self, _f: &mut fmt::Formatter<'_>) -> fmt::Result { Ok(()) } }
/// x
pub(super) fn states(_around: &Surroundings) -> Vec<String> { Vec::new() }
impl Via {
    pub(super) fn share(&self, _channel: &Channel, _around: &Surroundings) -> Result<Option<Report>, Failure> { Ok(None) }
}
