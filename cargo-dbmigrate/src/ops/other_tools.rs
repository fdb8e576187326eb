//! Folders of other tools: what commands refuse there, and what such a folder looks like.

use cargo_metadata::DependencyKind;
use dbmigrate_core::Help;
use dbmigrate_core::layout::{Candidate, Layout, detect};
use dbmigrate_core::lock;

use crate::error::CliError;
use crate::ops::adopt::is_adopted;
use crate::ops::project::Project;
use crate::ops::wiring::BUILD;

/// Ends a command that would put files of the house into the folder of another tool.
pub(crate) fn refuse(project: &Project, command: &str) -> Result<(), CliError> {
    let layout = project.config.layout;
    if layout == Layout::House {
        return Ok(());
    }
    let (tool, dir) = (layout.name(), &project.config.dir);
    let message = format!("`{dir}` has files of {tool}, and `cargo dbmigrate {command}` writes dbmigrate's own");
    let error = CliError::usage(message).help("take over the files first: `cargo dbmigrate adopt`");
    Err(match (command, creates(layout)) {
        ("create", Some(way)) => error.help(format!("or write it with {tool}: {way}")),
        _ => error,
    })
}

/// How the tool makes its next file.
fn creates(layout: Layout) -> Option<&'static str> {
    Some(match layout {
        Layout::House | Layout::Refinery | Layout::RusqliteMigration | Layout::Flyway | Layout::Plain => return None,
        Layout::Sqlx => "`sqlx migrate add NAME`",
        Layout::Diesel => "`diesel migration generate NAME`",
        Layout::Drizzle => "`npx drizzle-kit generate`",
        Layout::Prisma => "`npx prisma migrate dev --create-only`",
        Layout::Goose => "`goose create NAME sql`",
        Layout::Dbmate => "`dbmate new NAME`",
        Layout::GolangMigrate => "`migrate create -ext sql -dir DIR NAME`",
        Layout::WranglerD1 => "`npx wrangler d1 migrations create DATABASE NAME`",
        Layout::SqlMigrate => "`sql-migrate new NAME`",
    })
}

/// Whether the files were taken over, or written for the house: what a tool has left beside them says nothing then.
fn is_settled(project: &Project) -> bool {
    let is_sealed = || project.root.join(&project.config.dir).join(lock::FILE).exists();
    project.config.layout != Layout::House || is_adopted(project) || is_sealed()
}

/// The tool whose the files certainly are, and why, where the manifest takes them for those of the house.
pub(crate) fn certain(project: &Project) -> Option<(&'static str, String)> {
    if is_settled(project) {
        return None;
    }
    let all = detect(project.root.as_path(), &project.config.dir);
    let foreign = all.into_iter().find(|candidate| candidate.certain && candidate.layout != Layout::House)?;
    Some((foreign.layout.name(), foreign.reason))
}

/// What to try where the files do not fit the house, and look like those of another tool. `is_unread` says that not even
/// their order is known.
pub(crate) fn look_alikes(project: &Project, is_unread: bool) -> Vec<Help> {
    if is_settled(project) {
        return Vec::new();
    }
    let dir = &project.config.dir;
    let (certain, possible): (Vec<_>, Vec<_>) =
        detect(project.root.as_path(), dir).into_iter().partition(|candidate| candidate.certain);
    // Who has said that there are migrations, or lets a build read them, has only misnamed one.
    let is_said = project.config.declared || project.dependency(DependencyKind::Build, BUILD).is_some();
    let is_open = certain.is_empty() && is_unread && !is_said;
    let one = |Candidate { layout, reason, .. }: Candidate| {
        let tool = layout.name();
        let what = format!(" looks like a folder of {tool} ({reason}): try `--layout {tool}`");
        Help::from("").file(dir).words(&what)
    };
    let possible: Vec<_> = possible.into_iter().filter(|candidate| candidate.layout != Layout::House).collect();
    let several = possible.first().filter(|_| is_open).map(|Candidate { reason, .. }| {
        let tools: Vec<_> = possible.iter().map(|it| format!("`--layout {}`", it.layout.name())).collect();
        let what = format!(" may be a folder of another tool ({reason}): try {}", tools.join(" or "));
        Help::from("").file(dir).words(&what)
    });
    certain.into_iter().map(one).chain(several).collect()
}
