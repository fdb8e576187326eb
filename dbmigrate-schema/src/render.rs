//! A schema as text: SQL that makes it, JSON that describes it.

pub(crate) mod json;
pub(crate) mod sql;
