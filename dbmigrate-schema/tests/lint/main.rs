//! The linter: every rule by its own examples, and what the rules rest on.

#![allow(clippy::unwrap_used)] // Helpers of tests.

mod examples;
mod history;
mod lineage;
mod support;
