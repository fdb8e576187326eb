//! What a line of JSON is about. Each of them is a contract, and has its place in `docs/json.md`.

macro_rules! reasons {
    ($($name:ident = $text:literal;)+) => {
        /// What a line of JSON is about: its field `reason`.
        ///
        /// ```
        /// # use dbmigrate_runtime::cli::Reason;
        /// assert!(Reason::ALL.iter().any(|reason| reason.as_str() == "migration-applied"));
        /// ```
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct Reason(&'static str);

        impl Reason {
            $(pub(super) const $name: Self = Self($text);)+

            /// All that the database commands know.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// As it stands in the line.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                self.0
            }
        }
    };
}

reasons! {
    BACKUP = "backup";
    DATABASE_COPIED = "database-copied";
    DATABASE_RECOVERED = "database-recovered";
    DATABASE_RESTORED = "database-restored";
    ERROR = "error";
    HISTORY_ADOPTED = "history-adopted";
    HISTORY_ROW = "history-row";
    MIGRATION = "migration";
    MIGRATION_APPLIED = "migration-applied";
    MIGRATION_FORGOTTEN = "migration-forgotten";
    MIGRATION_MARKED = "migration-marked";
    MIGRATION_REHEARSED = "migration-rehearsed";
    MIGRATION_REPAIRED = "migration-repaired";
    MIGRATION_ROLLED_BACK = "migration-rolled-back";
    OLD_HISTORY = "old-history";
    REHEARSAL_SUMMARY = "rehearsal-summary";
    REPAIR_NEEDED = "repair-needed";
    REPEATABLE = "repeatable";
    REPEATABLE_APPLIED = "repeatable-applied";
    REPEATABLE_REHEARSED = "repeatable-rehearsed";
    SCHEMA_DIFFERENCE = "schema-difference";
    SNAPSHOT_USED = "snapshot-used";
    STATUS_SUMMARY = "status-summary";
    SUMMARY = "summary";
    VERIFY_NOTE = "verify-note";
    VERIFY_PROBLEM = "verify-problem";
    VERIFY_SUMMARY = "verify-summary";
}

impl Reason {
    /// Between a runner and the command line that has called it, for a replay: no contract.
    pub(super) const REPLAYED: Self = Self("replayed");
    /// The same.
    pub(super) const REPLAY_FAILED: Self = Self("replay-failed");
}
