//! A name for a migration that was given none: what changes, in a word or two.

use dbmigrate_core::file_name::slug;
use dbmigrate_schema::{Change, Difference, Name, Rename};

/// Such as `add_teams`, `change_users` or `rename_users_and_more`. `differences` are those besides the renames.
pub(crate) fn of(differences: &[Difference], renames: &[Rename]) -> String {
    let mut told: Vec<(&str, &Name)> = Vec::new();
    let mut tell = |verb, name| {
        if !told.iter().any(|(_, told)| *told == name) {
            told.push((verb, name));
        }
    };
    for rename in renames {
        match rename {
            Rename::Table { to, .. } => tell("rename", to),
            Rename::Column { table, .. } => tell("change", table),
        }
    }
    for Difference { name, table, change, .. } in differences {
        // What is told of a table goes for its indexes and triggers.
        let of_told = |table: &Name| differences.iter().any(|it| it.table.is_none() && it.name == *table);
        match change {
            _ if table.as_ref().is_some_and(of_told) => {}
            Change::Added => tell("add", name),
            Change::Removed => tell("drop", name),
            _ => tell("change", name),
        }
    }
    let first = told.first().map_or("change_schema".to_owned(), |(verb, name)| format!("{verb}_{name}"));
    let more = if told.len() > 1 { "_and_more" } else { "" };
    slug(&format!("{first}{more}")).unwrap_or_else(|| "change_schema".to_owned())
}

#[cfg(test)]
mod tests {
    use dbmigrate_schema::{Schema, compare};

    use super::*;

    #[track_caller]
    fn check(from: &str, to: &str, renames: &[Rename], expect: &str) {
        let schema = |sql: &str| Schema::from_sql(sql).unwrap();
        let differences = compare(&schema(from).renamed(renames).unwrap(), &schema(to));
        assert_eq!(of(&differences, renames), expect, "{from} | {to}");
    }

    #[test]
    fn a_name_tells_what_changes() {
        check("", "CREATE TABLE teams (a)", &[], "add_teams");
        check("", "CREATE TABLE teams (a); CREATE INDEX i ON teams (a)", &[], "add_teams");
        check("", "CREATE TABLE teams (a); CREATE TABLE users (a)", &[], "add_teams_and_more");
        check("CREATE TABLE teams (a)", "", &[], "drop_teams");
        check("CREATE TABLE teams (a)", "CREATE TABLE teams (a, b, c)", &[], "change_teams");
        check("CREATE TABLE t (a)", "CREATE TABLE t (a); CREATE INDEX t_a ON t (a)", &[], "add_t_a");
        let rename = Rename::Table { from: Name::new("teams"), to: Name::new("Groups") };
        check("CREATE TABLE teams (a)", "CREATE TABLE Groups (a)", &[rename], "rename_groups");
        check("", "CREATE TABLE \"größe\" (a)", &[], "change_schema");
    }
}
