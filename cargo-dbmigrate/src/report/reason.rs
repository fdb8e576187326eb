//! What a line of JSON is about. Each of them is a contract, and has its place in `docs/json.md`.

/// The field `reason` of a line. Those of the database commands are the runtime's (`dbmigrate_runtime::cli::Reason`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(test, derive(clap::ValueEnum))]
pub(crate) enum Reason {
    AdoptedFiles,
    CheckSummary,
    Created,
    Diagnostic,
    DriftSummary,
    Edited,
    Fix,
    FleetDatabase,
    FleetFinished,
    FleetPaused,
    Generated,
    Hook,
    Lint,
    Locked,
    Mention,
    Migration,
    Note,
    PageWritten,
    Pruned,
    Renumbered,
    Repeatable,
    Schema,
    SchemaDifference,
    SchemaWritten,
    Script,
    ScriptFile,
    Snapshot,
    SnapshotRemoved,
    Squashed,
    TestSummary,
    TestedMigration,
    TestedVersion,
    Unsquashed,
}

impl Reason {
    /// As it stands in the line.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::AdoptedFiles => "adopted-files",
            Self::CheckSummary => "check-summary",
            Self::Created => "created",
            Self::Diagnostic => "diagnostic",
            Self::DriftSummary => "drift-summary",
            Self::Edited => "edited",
            Self::Fix => "fix",
            Self::FleetDatabase => "fleet-database",
            Self::FleetFinished => "fleet-finished",
            Self::FleetPaused => "fleet-paused",
            Self::Generated => "generated",
            Self::Hook => "hook",
            Self::Lint => "lint",
            Self::Locked => "locked",
            Self::Mention => "mention",
            Self::Migration => "migration",
            Self::Note => "note",
            Self::PageWritten => "page-written",
            Self::Pruned => "pruned",
            Self::Renumbered => "renumbered",
            Self::Repeatable => "repeatable",
            Self::Schema => "schema",
            Self::SchemaDifference => "schema-difference",
            Self::SchemaWritten => "schema-written",
            Self::Script => "script",
            Self::ScriptFile => "script-file",
            Self::Snapshot => "snapshot",
            Self::SnapshotRemoved => "snapshot-removed",
            Self::Squashed => "squashed",
            Self::TestSummary => "test-summary",
            Self::TestedMigration => "tested-migration",
            Self::TestedVersion => "tested-version",
            Self::Unsquashed => "unsquashed",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::ValueEnum;

    use super::Reason;

    /// What stands between backticks in the headings of the page.
    #[test]
    fn the_page_has_every_reason_and_no_other() {
        let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/json.md")).unwrap();
        let headings = page.lines().filter_map(|line| line.strip_prefix("### `")?.split('`').next());
        let shown: BTreeSet<&str> = headings.collect();
        let own = Reason::value_variants().iter().map(|reason| reason.as_str());
        let all: BTreeSet<&str> = own.chain(dbmigrate_runtime::cli::Reason::ALL.iter().map(|it| it.as_str())).collect();
        assert_eq!(shown, all);
    }
}
