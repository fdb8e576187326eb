//! The schema that the migrations of a set lead to.

use dbmigrate_core::{Diagnostic, MigrationSet};
use rusqlite::Connection;

use crate::model::Schema;
use crate::read::{ReadOptions, read};
use crate::replay::{Replay, Stopped, deferring, replay_after, replay_ups};

impl Schema {
    /// The schema that the ways up of a set and its repeatables lead to, on a database in memory.
    ///
    /// # Errors
    ///
    /// What SQLite refuses, or the first migration that can't be replayed: only the program can run its Rust.
    pub fn from_migrations(set: &MigrationSet) -> Result<Self, Vec<Diagnostic>> {
        let unexpected = |error: rusqlite::Error| {
            vec![Diagnostic::error("replay", format!("could not use a database in memory: {error}"))]
        };
        let connection = Connection::open_in_memory().map_err(unexpected)?;
        let mut replay = Replay::default();
        let deferring = deferring(set);
        replay_ups(set, &connection, deferring, &mut replay);
        if replay.stopped.is_none() && replay.diagnostics.is_empty() {
            replay_after(set, &connection, deferring, &mut replay);
        }
        if let Some((name, why)) = replay.stopped {
            replay.diagnostics.push(not_replayable(&name, why));
        }
        if !replay.diagnostics.is_empty() {
            return Err(replay.diagnostics);
        }
        read(&connection, &ReadOptions::default()).map_err(unexpected)
    }
}

fn not_replayable(name: &str, why: Stopped) -> Diagnostic {
    let why = match why {
        Stopped::Code => "holds Rust, which only the program can run",
        Stopped::OtherFiles => "attaches another database, and a replay opens no file",
    };
    Diagnostic::error("replay", format!("`{name}` {why}: the schema after it is not known"))
        .help("compare two databases: `cargo dbmigrate schema --from FILE --to FILE`")
}
