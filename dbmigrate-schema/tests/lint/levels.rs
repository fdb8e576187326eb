//! What is done about findings, who says so, and what the files silence.

use dbmigrate_core::config::{LintLevel, read};
use dbmigrate_core::{Diagnostic, MigrationSet, SourceText};
use dbmigrate_schema::Schema;
use dbmigrate_schema::lint::{Explained, Levels, Options, Orders, RULES, Rows, Rule, lint};

use crate::support::set;

const TABLES: &str = "CREATE TABLE a (id INTEGER PRIMARY KEY, x TEXT); CREATE TABLE b (id INTEGER PRIMARY KEY);";

/// Everything that is said of the newest of these migrations.
fn judged(migrations: &[&str], levels: &Levels) -> Vec<Diagnostic> {
    let names: Vec<_> = (1..=migrations.len()).map(|number| format!("{number:03}_m.sql")).collect();
    let mut set = set(&names.iter().map(String::as_str).zip(migrations.iter().copied()).collect::<Vec<_>>());
    // Of down scripts others speak.
    set.config.reversible = false;
    judge(&set, levels)
}

fn judge(set: &MigrationSet, levels: &Levels) -> Vec<Diagnostic> {
    let old = set.migrations.iter().rev().skip(1).map(|migration| migration.number).collect();
    let options = Options { old: Some(&old), ..Options::default() };
    let (replay, findings) = lint(set, None, &options);
    assert_eq!(replay.diagnostics, []);
    levels.judge((set, &replay, &options), findings, Vec::new(), &mut Explained::default())
}

/// `line code severity`, of those that are about the rules of this test.
fn short(diagnostics: &[Diagnostic]) -> Vec<String> {
    let rules = ["drop-table", "drop-column", "unused-allow", "unknown-lint"];
    let line = |it: &Diagnostic| it.location.as_ref().map_or(0, |at| at.position.line);
    let ours = diagnostics.iter().filter(|it| rules.contains(&it.code));
    ours.map(|it| format!("{} {} {}", line(it), it.code, it.severity.as_str())).collect()
}

#[track_caller]
fn says(now: &str, expect: &[&str]) {
    assert_eq!(short(&judged(&[TABLES, now], &Levels::default())), expect, "{now}");
}

/// What the command line says.
type Given<'a> = &'a [(LintLevel, &'a str)];

fn levels(lints: &str, workspace: &str, orders: Given<'_>) -> (Levels, Vec<Diagnostic>) {
    let package = SourceText::new("Cargo.toml", &format!("[package.metadata.migrations]\nlints = {lints}\n"));
    let workspace = format!("[workspace.metadata.migrations]\nlints = {workspace}\n");
    let (config, diagnostics) = read(&package, Some(&SourceText::new("../Cargo.toml", &workspace)));
    assert_eq!(diagnostics, []);
    let mut given = Orders::default();
    orders.iter().for_each(|(level, name)| given.add(*level, name).unwrap());
    Levels::new(&config.lints, &given)
}

#[test]
fn an_allow_silences_its_rule_where_it_stands_and_nowhere_else() {
    says("DROP TABLE a;\nDROP TABLE b;", &["1 drop-table error", "2 drop-table error"]);
    says("-- dbmigrate: allow drop-table so\nDROP TABLE a;\nDROP TABLE b;", &[]);
    says("SELECT 1;\n-- dbmigrate: allow drop-table so\nDROP TABLE a;\nDROP TABLE b;", &["4 drop-table error"]);
    says(
        "SELECT 1;\n-- dbmigrate: allow drop-table so\nDROP TABLE a;\n-- dbmigrate: allow drop-table so\nDROP TABLE b;",
        &[],
    );
    says("-- dbmigrate: allow drop-column, drop-table so\nALTER TABLE a DROP COLUMN x;\nDROP TABLE b;", &[]);
    says("SELECT 1;\n-- dbmigrate: allow drop-table so\n\n-- Why.\nDROP /* it */ TABLE a;", &[]);
    // The file's own transaction and its PRAGMA are left out of the steps.
    says(
        "PRAGMA foreign_keys = OFF;\nBEGIN;\n-- dbmigrate: allow drop-table so\nDROP TABLE a;\nDROP TABLE b;\nCOMMIT;",
        &["5 drop-table error"],
    );
    // A rule of the up script has nothing to do with the down script.
    says(
        "DROP TABLE a;\n-- dbmigrate: down\n-- dbmigrate: allow drop-table so\nCREATE TABLE a (id);",
        &["1 drop-table error", "3 unused-allow warning"],
    );
}

#[test]
fn an_empty_file_is_allowed_with_a_reason_and_where_nothing_has_begun() {
    let said = |migrations: &[&str]| {
        let said = judged(migrations, &Levels::default());
        said.into_iter().map(|it| format!("{} {}", it.code, it.message)).collect::<Vec<_>>()
    };
    assert_eq!(said(&[TABLES, "-- Later."]), ["empty-migration `002_m` contains no statement"]);
    assert_eq!(said(&[TABLES, ""]).len(), 1);
    assert_eq!(said(&[TABLES, "-- dbmigrate: allow empty-migration given up"]), Vec::<String>::new());
    assert_eq!(said(&["-- Migration: Initial schema"]), Vec::<String>::new());
    // It is old.
    assert_eq!(said(&["", "CREATE TABLE a (id INTEGER PRIMARY KEY);"]), Vec::<String>::new());
}

#[test]
fn what_silences_nothing_is_said() {
    says("-- dbmigrate: allow drop-table so\nSELECT 1;", &["1 unused-allow warning"]);
    says("-- dbmigrate: allow drop-table, drop-column so\nDROP TABLE a;", &["1 unused-allow warning"]);
    says(
        "SELECT 1;\n-- dbmigrate: allow drop-table so\nSELECT 2;\nDROP TABLE a;",
        &["2 unused-allow warning", "4 drop-table error"],
    );
    // The nearest has silenced it, so the one for all is for nothing.
    says(
        "-- dbmigrate: allow drop-table all\nSELECT 1;\n-- dbmigrate: allow drop-table one\nDROP TABLE a;",
        &["1 unused-allow warning"],
    );
    let found = judged(&[TABLES, "-- dbmigrate: allow drop-table, drop-column so\nDROP TABLE a;"], &Levels::default());
    let unused = found.iter().find(|it| it.code == "unused-allow").unwrap();
    assert!(
        unused.message.contains("`drop-column`") && unused.help_texts()[0].contains("remove `drop-column` from"),
        "{unused}"
    );
}

#[test]
fn what_is_said_of_an_allow_can_be_silenced_for_a_half() {
    says("-- dbmigrate: allow unused-allow so\n-- dbmigrate: allow drop-table so\nSELECT 1;", &[]);
    says("-- dbmigrate: allow unknown-lint so\n-- dbmigrate: allow nonsense so\nSELECT 1;", &[]);
}

#[test]
fn what_could_not_be_judged_is_not_called_unused() {
    let allow = "-- dbmigrate: allow drop-table so\nSELECT 1;";
    // An old one.
    assert_eq!(short(&judged(&[TABLES, allow, "SELECT 1;"], &Levels::default())), [""; 0]);
    // One behind the end of the replay.
    let after_code = set(&[("001_a.sql", "-- dbmigrate: call fill\n"), ("002_b.sql", allow)]);
    assert_eq!(short(&judge(&after_code, &Levels::default())), [""; 0]);
    // A rule that is off, and one that another part of the tool knows.
    let (off, _) = levels("{ drop-table = 'allow' }", "{}", &[]);
    assert_eq!(short(&judged(&[TABLES, allow], &off)), [""; 0]);
    says("-- dbmigrate: allow down-not-inverse so\nSELECT 1;", &[]);
}

#[test]
fn a_name_that_no_rule_has_is_said_with_the_nearest() {
    says("-- dbmigrate: allow drop-tabel so\nDROP TABLE a;", &["1 unknown-lint warning", "2 drop-table error"]);
    says("-- dbmigrate: allow destructive so\nDROP TABLE a;", &["1 unknown-lint warning", "2 drop-table error"]);
    for (name, help) in [
        ("drop-tabel", "did you mean `drop-table`?"),
        ("drop_table", "did you mean `drop-table`?"),
        ("destructive", "name the rules"),
        ("nonsense", "`cargo dbmigrate explain` lists the rules by group"),
    ] {
        let found = judged(&[TABLES, &format!("-- dbmigrate: allow {name} so\nSELECT 1;")], &Levels::default());
        assert_eq!(found[0].help[0], help, "{name}");
    }
    // In an old one it may be the name of another version.
    let old = "-- dbmigrate: allow nonsense so\nSELECT 1;";
    assert_eq!(short(&judged(&[TABLES, old, "SELECT 1;"], &Levels::default())), [""; 0]);
}

#[test]
fn a_level_is_that_of_the_nearest_who_says_one() {
    use LintLevel::{Allow, Deny, Warn};
    let rule = Rule::find("drop-table").unwrap();
    let cases: &[(&str, &str, Given<'_>, LintLevel)] = &[
        ("{}", "{}", &[], Deny),
        ("{ destructive = 'warn' }", "{}", &[], Warn),
        ("{ destructive = 'warn', drop-table = 'allow' }", "{}", &[], Allow),
        ("{ drop-table = 'allow', destructive = 'warn' }", "{}", &[], Allow),
        ("{}", "{ drop-table = 'warn' }", &[], Warn),
        ("{ drop-table = 'allow' }", "{ drop-table = 'warn' }", &[], Allow),
        ("{ destructive = 'allow' }", "{ destructive = 'warn' }", &[], Allow),
        ("{ destructive = 'allow' }", "{ drop-table = 'warn' }", &[], Warn),
        ("{ style = 'allow' }", "{}", &[], Deny),
        ("{ drop-table = 'allow' }", "{}", &[(Warn, "destructive")], Warn),
        ("{ drop-table = 'allow' }", "{}", &[(Warn, "destructive"), (Deny, "drop-table")], Deny),
        ("{ drop-table = 'warn' }", "{}", &[(Deny, "warnings")], Deny),
        ("{ drop-table = 'allow' }", "{}", &[(Deny, "warnings")], Allow),
        ("{}", "{}", &[(Deny, "warnings"), (Warn, "drop-table")], Deny),
    ];
    for (lints, workspace, orders, expect) in cases {
        let (levels, errors) = levels(lints, workspace, orders);
        assert_eq!((levels.level(rule), errors), (*expect, vec![]), "{lints} {workspace} {orders:?}");
    }
}

#[test]
fn a_finding_says_once_in_a_run_who_gave_it_its_level() {
    let notes = |lints: &str, workspace: &str, orders: Given<'_>| {
        let found = judged(&[TABLES, "DROP TABLE a;\nDROP TABLE b;"], &levels(lints, workspace, orders).0);
        let is_note = |note: &&String| note.contains(" by ");
        let notes: Vec<String> = found.iter().flat_map(|it| it.notes.iter().filter(is_note).cloned()).collect();
        let helps =
            found.iter().flat_map(Diagnostic::help_texts).filter(|help| help.contains("explain drop-table")).count();
        assert_eq!((notes.len(), helps), (1, 1), "{found:?}");
        notes.concat()
    };
    assert_eq!(notes("{}", "{}", &[]), "`drop-table` is deny by default");
    assert_eq!(notes("{ drop-table = 'warn' }", "{}", &[]), "`drop-table` is warn by `lints` in `Cargo.toml`");
    assert_eq!(
        notes("{}", "{ destructive = 'warn' }", &[]),
        "`drop-table` is warn by `destructive` of `lints` in `../Cargo.toml`"
    );
    assert_eq!(notes("{}", "{}", &[(LintLevel::Warn, "destructive")]), "`drop-table` is warn by `--warn destructive`");
    assert_eq!(
        notes("{ drop-table = 'warn' }", "{}", &[(LintLevel::Deny, "warnings")]),
        "`drop-table` is deny by `--deny warnings`"
    );
}

#[test]
fn a_name_in_the_manifest_that_no_rule_has_is_an_error_where_it_stands() {
    let (_, errors) = levels("{ drop-tabel = 'warn' }", "{ styl = 'allow', nonsense = 'allow' }", &[]);
    let said: Vec<String> = errors.iter().map(ToString::to_string).collect();
    assert_eq!(
        said,
        [
            "../Cargo.toml:2:11: error: there is no rule or group of rules `styl`\n  help: did you mean `style`?",
            "../Cargo.toml:2:27: error: there is no rule or group of rules `nonsense`\n  help: `cargo dbmigrate \
             explain` lists the rules by group",
            "Cargo.toml:2:11: error: there is no rule or group of rules `drop-tabel`\n  help: did you mean \
             `drop-table`?",
        ]
    );
}

#[test]
fn orders_that_make_no_sense_are_refused() {
    for (orders, expect) in [
        (&[(LintLevel::Deny, "drop-tabel")][..], "there is no rule or group of rules `drop-tabel`"),
        (&[(LintLevel::Warn, "warnings")], "`--warn warnings` is not possible"),
        (
            &[(LintLevel::Warn, "drop-table"), (LintLevel::Deny, "drop-table")],
            "`--warn drop-table` and `--deny drop-table`",
        ),
    ] {
        let mut given = Orders::default();
        let error = orders.iter().try_for_each(|(level, name)| given.add(*level, name)).unwrap_err();
        assert_eq!(error.to_string(), expect);
    }
}

#[test]
fn what_others_found_is_weighed_by_the_same_levels() {
    let files = [
        ("001_a.sql", "SELECT 1;\n"),
        ("002_b.sql", "-- dbmigrate: allow empty-down so\nSELECT 1;\n-- dbmigrate: down\n"),
    ];
    let set = set(&files);
    let other = |code, file: &str| Diagnostic::warning(code, "so").in_file(format!("migrations/{file}"));
    let options = Options::default();
    let (replay, _) = lint(&set, None, &options);
    let judge = |levels: &Levels| {
        let others =
            vec![other("empty-down", "001_a.sql"), other("empty-down", "002_b.sql"), other("wiring", "001_a.sql")];
        let judged = levels.judge((&set, &replay, &options), Vec::new(), others, &mut Explained::default());
        judged.iter().map(|it| format!("{} {}", it.code, it.severity.as_str())).collect::<Vec<_>>()
    };
    assert_eq!(judge(&Levels::default()), ["empty-down warning", "wiring warning"]);
    assert_eq!(judge(&levels("{ empty-down = 'deny' }", "{}", &[]).0), ["empty-down error", "wiring warning"]);
    assert_eq!(judge(&levels("{ history = 'allow' }", "{}", &[]).0), ["wiring warning"]);
    let all = levels("{}", "{}", &[(LintLevel::Deny, "warnings")]).0;
    assert_eq!(judge(&all), ["empty-down error", "wiring error"]);
}

#[test]
fn what_fails_the_build_is_no_matter_of_levels() {
    let set = set(&[("001_a.sql", "-- dbmigrate: allow gap, edited-migration so\nSELECT 1;\n")]);
    let gap = Diagnostic::error("gap", "so").in_file("migrations/001_a.sql");
    let comment = Diagnostic::warning("edited-migration", "so").in_file("migrations/001_a.sql");
    let options = Options::default();
    let (replay, _) = lint(&set, None, &options);
    let judge = |levels: &Levels| {
        let others = vec![gap.clone(), comment.clone()];
        let judged = levels.judge((&set, &replay, &options), Vec::new(), others, &mut Explained::default());
        judged.iter().map(|it| it.severity.as_str()).collect::<Vec<_>>()
    };
    assert_eq!(judge(&Levels::default()), ["error", "warning"]);
    assert_eq!(judge(&levels("{ history = 'allow' }", "{}", &[]).0), ["error", "warning"]);
    assert_eq!(judge(&levels("{}", "{}", &[(LintLevel::Deny, "warnings")]).0), ["error", "error"]);
    let error = Orders::default().add(LintLevel::Allow, "gap").unwrap_err();
    assert_eq!(error.to_string(), "`gap` has no level");
    let package = SourceText::new("Cargo.toml", "[package.metadata.migrations]\nlints = { sealed-edited = 'warn' }\n");
    let (config, _) = read(&package, None);
    let (_, errors) = Levels::new(&config.lints, &Orders::default());
    assert_eq!(errors.iter().map(|it| &it.message).collect::<Vec<_>>(), ["`sealed-edited` has no level"]);
}

/// Those that the levels themselves report, by their own examples.
#[test]
fn the_rules_about_allows_do_what_their_examples_say() {
    for name in ["unused-allow", "unknown-lint"] {
        let rule = Rule::find(name).unwrap();
        for (examples, expect) in [(rule.fails, true), (rule.passes, false), (rule.quiet, false)] {
            assert!(!examples.is_empty(), "{name}");
            for example in examples {
                let found = judged(&[example.before, example.now], &Levels::default());
                assert_eq!(found.iter().any(|it| it.code == name), expect, "{name}: {}", example.now);
            }
        }
    }
}

#[test]
fn rules_about_rows_are_not_called_unused_where_the_rows_are_known() {
    let Some(rule) =
        RULES.iter().find(|rule| rule.group == dbmigrate_schema::lint::Group::Data && !rule.is_elsewhere())
    else {
        return;
    };
    let allow = format!("-- dbmigrate: allow {} so\nSELECT 1;", rule.name);
    let set = set(&[("001_a.sql", TABLES), ("002_b.sql", &allow)]);
    let connection = rusqlite::Connection::open_in_memory().unwrap();
    for (rows, expect) in [(None, 1), (Some(Rows::new(&connection, Vec::new())), 0)] {
        let options = Options { rows, ..Options::default() };
        let (replay, findings) = lint(&set, None, &options);
        let judged =
            Levels::default().judge((&set, &replay, &options), findings, Vec::new(), &mut Explained::default());
        assert_eq!(judged.iter().filter(|it| it.code == "unused-allow").count(), expect);
    }
}

#[test]
fn the_schema_comes_out_of_the_same_replay_where_it_is_asked_for() {
    let files = [("001_a.sql", TABLES), ("repeatable/v.sql", "CREATE VIEW v AS SELECT x FROM a;")];
    let asked = Options { schema: true, ..Options::default() };
    let (replay, _) = lint(&set(&files), None, &asked);
    assert_eq!(replay.schema, Some(Schema::from_migrations(&set(&files), None).unwrap()));
    assert_eq!(lint(&set(&files), None, &Options::default()).0.schema, None);
    // What did not run leads nowhere.
    for rest in [("002_b.sql", "SELECT gone FROM a;"), ("002_b.sql", "-- dbmigrate: call fill\n")] {
        assert_eq!(lint(&set(&[files[0], rest, files[1]]), None, &asked).0.schema, None, "{rest:?}");
    }
}
