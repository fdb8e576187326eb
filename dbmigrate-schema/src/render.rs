//! A schema as text: SQL that makes it, JSON that describes it, diagrams that show it.

mod diagram;
mod json;
pub(crate) mod sql;
mod svg;
