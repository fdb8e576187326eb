//! The linter: every rule by its own examples, and what the rules rest on.

#![allow(clippy::unwrap_used)] // Helpers of tests.

mod checks;
mod counts;
mod document;
mod examples;
mod history;
mod later;
mod levels;
mod lineage;
mod old;
mod plan;
mod planned;
mod quotes;
mod recipes;
mod rows;
#[path = "../support/set.rs"]
mod set;
mod support;
mod versions;
mod views;
