//! End-to-end tests: the real binary, real cargo, real database files.
//!
//! `cases` runs the case folders; every other module is a story with several steps. They share one target folder, so
//! SQLite's C is compiled once, and each test works on its own copy of a project under its own package name.

#![allow(clippy::unwrap_used)] // Helpers of tests.

mod adopt;
mod adopt_kill;
mod adopting;
mod ahead;
mod architecture;
mod assertions;
mod backup;
mod bad_input;
mod book;
mod build_faults;
mod cascade;
mod cases;
mod ci;
mod cmdarr;
mod completions;
mod configuration;
mod crash;
mod decant;
mod drizzle_server;
mod embedding;
mod examples;
mod first_steps;
mod fleet;
mod generate;
mod git;
mod guide;
mod hooks_files;
mod hot_journal;
mod ignored;
mod interrupt;
mod json;
mod kill;
mod kill_commands;
mod late;
mod layouts;
mod links;
mod lint;
mod linting;
mod lints;
mod lock;
mod man;
mod monitor;
mod nextest;
mod odd_packages;
mod packages;
mod peers;
mod places;
mod promises;
mod race;
mod readme;
mod rebuild;
mod rehearsal;
mod renumber;
mod rusqlite_matrix;
mod rust_replay;
mod scaler;
mod schema;
mod script;
mod script_d1;
mod scripts;
mod sets;
mod settle;
mod since;
mod snapshot;
mod snapshot_kill;
mod sound;
mod squash;
mod stand_ins;
mod support;
mod test_command;
mod unwritable;

/// The binary's own way from files to the runner's data, for tests that need no process.
#[path = "../cargo-dbmigrate/src/ops"]
mod ops {
    pub(crate) mod driver;
    pub(crate) mod runtime_set;
}
