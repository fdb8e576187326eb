//! Links and colours in what is said to people, and where a file is named from.

use crate::support::{Project, Run};

const TEMP: &str = "CREATE TEMP TABLE t (x);\n";

/// `check` with these variables of the environment, as stderr has it.
fn check(project: &Project, color: &str, hyperlinks: Option<&str>) -> Run {
    let mut command = project.command(env!("CARGO_BIN_EXE_cargo-dbmigrate"));
    command.args(["dbmigrate", "check", "--color", color]);
    if let Some(value) = hyperlinks {
        command.env("CARGO_TERM_HYPERLINKS", value);
    }
    Run::of(&mut command)
}

/// What a terminal shows of a text: without colours and links.
fn shown(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('\u{1b}') {
        out.push_str(&rest[..at]);
        let is_link = rest[at..].starts_with("\u{1b}]8;");
        let end = if is_link {
            rest[at + 1..].find("\u{1b}\\").map(|end| end + 3)
        } else {
            rest[at..].find('m').map(|end| end + 1)
        };
        rest = &rest[at + end.unwrap()..];
    }
    out + rest
}

#[test]
fn a_place_and_a_rule_are_links_where_the_terminal_has_them() {
    let project = Project::wired("links", &[("001_temp.sql", TEMP)]);
    let linked = check(&project, "always", Some("true"));
    let root = project.root.canonicalize().unwrap();
    let place = format!(
        "\u{1b}]8;;file://{}/migrations/001_temp.sql\u{1b}\\migrations/001_temp.sql\u{1b}]8;;\u{1b}\\:1:1",
        root.display()
    );
    assert!(linked.stderr.contains(&place), "{:?}", linked.stderr);
    assert!(linked.stderr.contains("/docs/lints.md#temp-object\u{1b}\\cargo dbmigrate explain temp-object"));
    // No terminal, or nobody wants them: none. What is read is the same each time, so nothing is told by colour alone.
    let plain = check(&project, "never", Some("true"));
    assert!(!plain.stderr.contains('\u{1b}') && plain.stderr.contains("warning: "), "{plain}");
    for (color, hyperlinks) in [("always", Some("false")), ("always", None), ("auto", None), ("auto", Some("true"))] {
        let run = check(&project, color, hyperlinks);
        assert_eq!(shown(&run.stderr), plain.stderr, "{color} {hyperlinks:?}");
        assert!(!run.stderr.contains("\u{1b}]8;"), "{color} {hyperlinks:?}");
    }
    assert_eq!(shown(&linked.stderr), plain.stderr);
    // Cargo's own configuration says it as well.
    project.write(".cargo/config.toml", "[term]\nhyperlinks = true\n");
    assert!(check(&project, "always", None).stderr.contains("\u{1b}]8;;file://"));
    assert!(!check(&project, "always", Some("false")).stderr.contains("\u{1b}]8;"));
}

#[test]
fn files_are_named_from_where_the_command_was_called() {
    let project = Project::new("links-workspace");
    project.write("Cargo.toml", "[workspace]\nmembers = [\"a\", \"b\"]\nresolver = \"3\"\n");
    for name in ["a", "b"] {
        let manifest = format!(
            "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[package.metadata.migrations]\n"
        );
        project.write(&format!("{name}/Cargo.toml"), manifest);
        project.write(&format!("{name}/src/main.rs"), "fn main() {}\n");
        project.write(&format!("{name}/migrations/001_temp.sql"), TEMP);
    }
    let run = project.dbmigrate(["check", "--workspace"]);
    let run = run.says("--> a/migrations/001_temp.sql:1:1").says("--> b/migrations/001_temp.sql:1:1");
    drop(run);
    let json = project.dbmigrate(["check", "--workspace", "--message-format", "json"]).stdout;
    for name in ["a", "b"] {
        let is_it = |line: &&str| line.contains("temp-object") && line.contains(&format!("\"package\":\"{name}\""));
        let line = json.lines().find(is_it).unwrap_or_else(|| panic!("{json}"));
        assert!(line.contains("\"file\":\"migrations/001_temp.sql\""), "{line}");
    }
    // Inside of a package they are those of the package, and from a folder of it they lead up.
    let mut inside = project.command(env!("CARGO_BIN_EXE_cargo-dbmigrate"));
    inside.args(["dbmigrate", "check"]).current_dir(project.root.join("a/src"));
    Run::of(&mut inside).says("--> ../migrations/001_temp.sql:1:1");
}
