//! What a line of JSON is about. Each of them is a contract, and has its place in `docs/json.md`.

macro_rules! reasons {
    ($($name:ident = $text:literal;)+) => {
        /// The field `reason` of a line. Those of the database commands are the runtime's
        /// (`dbmigrate_runtime::cli::Reason`).
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Reason {
            $($name,)+
        }

        impl Reason {
            /// All of them.
            #[cfg(test)]
            const ALL: &'static [Self] = &[$(Self::$name),+];

            /// As it stands in the line.
            pub(crate) const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)+
                }
            }
        }
    };
}

reasons! {
    AdoptedFiles = "adopted-files";
    CheckSummary = "check-summary";
    Created = "created";
    Diagnostic = "diagnostic";
    DriftSummary = "drift-summary";
    Edited = "edited";
    Fix = "fix";
    FleetDatabase = "fleet-database";
    FleetFinished = "fleet-finished";
    FleetPaused = "fleet-paused";
    Generated = "generated";
    Hook = "hook";
    Lint = "lint";
    Locked = "locked";
    Mention = "mention";
    Migration = "migration";
    Note = "note";
    PageWritten = "page-written";
    Pruned = "pruned";
    Renumbered = "renumbered";
    Repeatable = "repeatable";
    Schema = "schema";
    SchemaDifference = "schema-difference";
    SchemaWritten = "schema-written";
    Script = "script";
    ScriptFile = "script-file";
    Snapshot = "snapshot";
    SnapshotRemoved = "snapshot-removed";
    Squashed = "squashed";
    TestSummary = "test-summary";
    TestedMigration = "tested-migration";
    TestedVersion = "tested-version";
    Unsquashed = "unsquashed";
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::Reason;

    /// What stands between backticks in the headings of the page.
    #[test]
    fn the_page_has_every_reason_and_no_other() {
        let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/json.md")).unwrap();
        let headings = page.lines().filter_map(|line| line.strip_prefix("### `")?.split('`').next());
        let shown: BTreeSet<&str> = headings.collect();
        let own = Reason::ALL.iter().map(|reason| reason.as_str());
        let all: BTreeSet<&str> = own.chain(dbmigrate_runtime::cli::Reason::ALL.iter().map(|it| it.as_str())).collect();
        assert_eq!(shown, all);
    }
}
