//! The linter: every rule by its own examples, and what the rules rest on.

#![allow(clippy::unwrap_used)] // Helpers of tests.

mod checks;
mod examples;
mod later;
mod lineage;
mod plan;
mod quotes;
mod rows;
mod support;
mod versions;
mod views;
