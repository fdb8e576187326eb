//! The linter: every rule by its own examples, and what the rules rest on.

#![allow(clippy::unwrap_used)] // Helpers of tests.

mod document;
mod examples;
mod history;
mod levels;
mod lineage;
mod mechanics;
mod plan;
mod planned;
mod quotes;
mod rows;
mod support;
mod versions;
mod views;
