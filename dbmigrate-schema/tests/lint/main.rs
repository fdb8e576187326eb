//! The linter: every rule by its own examples, and what the rules rest on.

#![allow(clippy::unwrap_used)] // Helpers of tests.

mod counts;
mod examples;
mod lineage;
mod planned;
mod recipes;
mod support;
