//! The manual pages: one for each command, and nobody's file is written over.

use crate::support::Project;

#[test]
fn every_command_has_a_page() {
    let project = Project::new("man");
    project.dbmigrate(["man", "share/man1"]).succeeds().says("Wrote").says(" pages into share/man1");
    let help = project.dbmigrate(["--help"]).succeeds().stdout;
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    // What a command is about may go on in the next line, further in.
    let names = commands.filter(|line| !line.starts_with("   ")).map(|line| line.split_whitespace().next().unwrap());
    let names: Vec<&str> = names.filter(|name| *name != "help").collect();
    assert!(names.contains(&"up") && names.contains(&"man"), "{help}");
    for name in &names {
        let page = project.read(&format!("share/man1/cargo-dbmigrate-{name}.1"));
        for part in [".TH CARGO-DBMIGRATE-", ".SH NAME", ".SH \"SYNOPSIS\"", ".SH OPTIONS", ".SH \"EXAMPLES\""] {
            assert!(page.contains(part), "no {part} in the page of `{name}`:\n{page}");
        }
        assert!(page.contains(&format!("    cargo dbmigrate {}", name.replace('-', "\\-"))), "{page}");
    }
    let whole = project.read("share/man1/cargo-dbmigrate.1");
    assert!(whole.contains("cargo\\-dbmigrate\\-up(1)") && whole.contains("Exit codes"), "{whole}");
    let files = std::fs::read_dir(project.root.join("share/man1")).unwrap().count();
    assert_eq!(files, names.len() + 1);
}

#[test]
fn pages_replace_only_pages_of_ours() {
    let project = Project::new("man-again");
    project.dbmigrate(["man", "m"]).succeeds();
    let page = project.read("m/cargo-dbmigrate-up.1");
    let (first, _) = page.split_once('\n').unwrap();
    project.write("m/cargo-dbmigrate-up.1", format!("{first}\nof an older version\n"));
    project.dbmigrate(["man", "m"]).succeeds();
    assert_eq!(project.read("m/cargo-dbmigrate-up.1"), page);
    project.write("m/cargo-dbmigrate-up.1", "somebody else's\n");
    project.remove("m/cargo-dbmigrate-down.1");
    let run = project.dbmigrate(["man", "m"]).exits(101);
    run.says("`m/cargo-dbmigrate-up.1` exists, and was not written by `cargo dbmigrate man`");
    assert_eq!(project.read("m/cargo-dbmigrate-up.1"), "somebody else's\n");
    assert!(!project.has("m/cargo-dbmigrate-down.1"), "a part was written");
}
