//! What a shell offers at the tab key: words of the command line, and names of the project.

#[cfg(unix)]
use std::{path::Path, process::Command};

use crate::support::Project;
#[cfg(unix)]
use crate::support::Run;

const TEAMS: &str = "-- Migration: The teams\nCREATE TABLE teams (id INTEGER PRIMARY KEY);\n";
const STARS: &str = "ALTER TABLE teams ADD COLUMN stars INTEGER;\n";

fn project(test: &str) -> Project {
    Project::wired(test, &[("001_teams.sql", TEAMS), ("002_add_stars.sql", STARS)])
}

/// The words that could stand in the place of the last one.
fn offered(project: &Project, words: &[&str]) -> Vec<String> {
    let run = project.dbmigrate(["complete-words", "--", "dbmigrate"].iter().chain(words)).succeeds();
    assert_eq!(run.stderr, "", "completion talks: {run}");
    run.stdout.lines().map(|line| line.split('\t').next().unwrap().to_owned()).collect()
}

#[test]
fn names_of_the_project_are_offered_where_they_can_stand() {
    let project = project("completions-names");
    for words in [
        &["up", "--to", ""][..],
        &["down", "0"],
        &["mark", "001_teams", ""],
        &["forget", ""],
        &["lock", "--accept", "00"],
        &["script", "--from", ""],
    ] {
        let offered = offered(&project, words);
        for name in ["002_add_stars", "001_teams"] {
            assert!(offered.contains(&name.to_owned()), "{words:?}: {offered:?}");
        }
    }
    assert_eq!(offered(&project, &["up", "--to", "002"]), ["002_add_stars"]);
    assert_eq!(offered(&project, &["up", "--to=001"]), ["--to=001_teams"]);
    assert_eq!(offered(&project, &["status", "-p", ""]), [project.name.as_str()]);
    assert_eq!(offered(&project, &["explain", "drop-tab"]), ["drop-table"]);
    assert_eq!(offered(&project, &["check", "--deny", "drop-view,drop-tab"]), ["drop-view,drop-table"]);
    assert_eq!(offered(&project, &["schema", "--format", "s"]), ["sql", "svg"]);
    assert_eq!(offered(&project, &["schema", "mig"]), ["migrations", "migrations/"]);
    assert_eq!(offered(&project, &["adopt", "--from", "d"]), ["diesel", "drizzle", "dbmate"]);
    assert_eq!(offered(&project, &["sche"]), ["schema"]);
    assert_eq!(offered(&project, &["complete-w"]), [""; 0]);
    let run = project.dbmigrate(["complete-words", "--", "dbmigrate", "up", "--to", "001"]).succeeds();
    assert_eq!(run.stdout, "001_teams\tThe teams\n");
    assert!(!project.has("app.db"));
}

#[test]
fn names_of_sets_are_offered_and_their_migrations() {
    let project = Project::new("completions-sets");
    project.edit_manifest(|manifest| {
        let sets = "[package.metadata.migrations.sets.billing]\ndir = \"billing\"\n\
                    [package.metadata.migrations.sets.accounts]\ndir = \"accounts\"\n";
        let sets: toml_edit::DocumentMut = sets.parse().unwrap();
        manifest["package"]["metadata"] = sets["package"]["metadata"].clone();
    });
    project.write("billing/001_invoices.sql", TEAMS);
    project.write("accounts/001_users.sql", TEAMS);
    let mut sets = offered(&project, &["up", "--set", ""]);
    sets.sort_unstable();
    assert_eq!(sets, ["accounts", "billing"]);
    assert_eq!(offered(&project, &["--set", "billing", "up", "--to", ""]), ["001_invoices"]);
    assert_eq!(offered(&project, &["up", "-p", ""]), [project.name.as_str()]);
}

#[test]
fn a_broken_project_is_completed_without_a_word() {
    let project = project("completions-broken");
    project.write("migrations/2-no-name.sql", "");
    assert_eq!(offered(&project, &["up", "--to", "001"]), ["001_teams"]);
    project.write("Cargo.toml", "[package\n");
    assert_eq!(offered(&project, &["up", "--to", ""]), [""; 0]);
    assert_eq!(offered(&project, &["sta"]), ["status"]);
    assert_eq!(offered(&project, &["explain", "no-such-rule"]), [""; 0]);
}

#[test]
fn every_shell_has_a_script() {
    let project = project("completions-scripts");
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = project.dbmigrate(["completions", shell]).succeeds().stdout;
        for word in ["cargo-dbmigrate complete-words --", "`cargo dbmigrate` and `cargo-dbmigrate`"] {
            let script = script.replace("(external cargo-dbmigrate)", "cargo-dbmigrate");
            assert!(script.contains(word), "{shell}: no `{word}` in\n{script}");
        }
    }
    project.dbmigrate(["completions", "tcsh"]).exits(2).says("[possible values: bash, zsh, fish, powershell, elvish]");
}

/// As bash calls it: it parts words at `=` and `:`, and hands over what of the last one it takes for its own.
#[cfg(unix)]
#[test]
fn bash_completes_both_ways_to_call_it_and_leaves_the_rest_of_cargo_alone() {
    let project = project("completions-bash");
    let script = "_before() { COMPREPLY=(before \"$2\"); }
complete -F _before cargo
source <(cargo-dbmigrate completions bash)
# Sourced twice, it does not call itself.
source <(cargo-dbmigrate completions bash)
offer() {
    COMP_WORDS=(\"$@\") COMP_CWORD=$(($# - 1)) COMPREPLY=()
    local typed=${COMP_WORDS[COMP_CWORD]}
    [[ $typed == [=:] ]] && typed=
    [[ $(complete -p \"$1\") =~ -F\\ ([^ ]+) ]] && \"${BASH_REMATCH[1]}\" \"$1\" \"$typed\" \"\"
    echo \"${COMPREPLY[*]}\"
}
offer cargo bui
offer cargo dbmigra
offer cargo dbmigrate sche
offer cargo +nightly dbmigrate sche
offer cargo-dbmigrate sche
offer cargo dbmigrate up --to \"\"
offer cargo dbmigrate up --to =
offer cargo dbmigrate up --to = 001
offer cargo dbmigrate schema --from gi
";
    let folder = Path::new(env!("CARGO_BIN_EXE_cargo-dbmigrate")).parent().unwrap();
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
    let mut bash: Command = project.command("bash");
    let run = Run::of(bash.args(["--norc", "--noprofile", "-c", script]).env("PATH", path)).succeeds();
    assert_eq!(
        run.stdout.lines().collect::<Vec<_>>(),
        [
            "before bui",
            "before dbmigra",
            "schema",
            "schema",
            "schema",
            "002_add_stars 001_teams",
            "002_add_stars 001_teams",
            "001_teams",
            "git:",
        ],
        "{run}"
    );
}
