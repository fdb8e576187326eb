//! Files of the migrations that git ignores: on this machine all is well, and every other checkout lacks them.

use crate::git::{commit, git};
use crate::support::Project;

#[test]
fn a_file_that_git_ignores_is_warned_of_when_it_is_made_and_when_it_is_checked() {
    let project = Project::wired("git-ignores", &[("001_a.sql", "CREATE TABLE a (x);\n")]);
    // The checkout, in which all of this lies, ignores the whole package: that is nobody's slip.
    project.dbmigrate(["check"]).says_not("git ignores");

    git(&project, &["init", "--quiet"]).succeeds();
    project.write(".gitignore", "/target\n*.lock\n");
    commit(&project, "first");
    project.dbmigrate(["check"]).says_not("git ignores");
    project.dbmigrate(["create", "b"]).succeeds().says_not("git ignores");
    let ignored = "warning: git ignores `migrations/migrations.lock`\n";
    project.dbmigrate(["lock"]).succeeds().says(ignored).says("`git check-ignore -v migrations/migrations.lock`");
    project.dbmigrate(["check"]).succeeds().says(ignored).says("`git add --force migrations/migrations.lock`");
    git(&project, &["add", "--force", "migrations/migrations.lock"]).succeeds();
    project.dbmigrate(["check"]).says_not("git ignores");

    project.write(".gitignore", "/target\nmigrations/*\n");
    let created = project.dbmigrate(["create", "Tea's cups"]).succeeds();
    created.says("warning: git ignores `migrations/002_b.down.sql` and 3 other files");
    // What is not read may be ignored.
    project.write(".gitignore", "/target\n*.md\n.*\n");
    project.write("migrations/README.md", "");
    project.write("migrations/.001_a.sql", "");
    project.dbmigrate(["check"]).says_not("git ignores");
}
