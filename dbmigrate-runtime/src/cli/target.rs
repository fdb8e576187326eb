//! Finds the migration that a user means: by number, full name, the name without its number, or header version.

use super::failure::Failure;
use super::human::plain;
use super::nearest::nearest;
use crate::{Entry, State};

/// At most this many candidates are listed.
const SHOWN: usize = 8;

/// The one entry that `target` means.
///
/// `overview` is the command that shows all of them.
pub(super) fn find<'e>(entries: &'e [Entry], target: &str, overview: &str) -> Result<&'e Entry, Failure> {
    let name = [".up.sql", ".sql", ".rs"].iter().find_map(|end| target.strip_suffix(end)).unwrap_or(target);
    let number = if name.bytes().all(|byte| byte.is_ascii_digit()) { name.parse().ok() } else { None };
    let by_name = entries.iter().find(|entry| entry.name == name || recorded(entry) == Some(name));
    let by_number = || entries.iter().find(|entry| Some(entry.number) == number);
    if let Some(entry) = by_name.or_else(by_number) {
        return Ok(entry);
    }
    let matches: Vec<&Entry> =
        entries.iter().filter(|entry| slug(entry) == name || entry.version.as_deref() == Some(target)).collect();
    match matches[..] {
        [entry] => Ok(entry),
        [] => Err(unknown(entries, name, overview)),
        _ => {
            let shown: Vec<&str> = matches.iter().take(SHOWN).map(|entry| entry.name.as_str()).collect();
            let more = if matches.len() > SHOWN { ", …" } else { "" };
            let message = format!("`{}` matches several migrations", plain(target));
            Err(Failure::usage(message).hint(format!("use the number of one of them: `{}`{more}", shown.join("`, `"))))
        }
    }
}

fn unknown(entries: &[Entry], target: &str, overview: &str) -> Failure {
    let names = entries.iter().flat_map(|entry| [entry.name.as_str(), slug(entry)]);
    let failure = Failure::usage(format!("there is no migration `{}`", plain(target)));
    match nearest(target, names) {
        Some(near) => failure.hint(format!("did you mean `{near}`?")),
        None => failure.hint(format!("to list them (by number, name, or version from a header): {overview}")),
    }
}

fn recorded(entry: &Entry) -> Option<&str> {
    match &entry.state {
        State::Renamed { recorded } => Some(recorded),
        _ => None,
    }
}

fn slug(entry: &Entry) -> &str {
    entry.name.split_once('_').map_or("", |(_, slug)| slug)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::fixture::entry;

    #[test]
    fn a_migration_has_four_names() {
        let mut entries = vec![
            entry(1, "001_initial_schema", State::Applied),
            entry(2, "002_add_indexes", State::Applied),
            entry(3, "003_add_users", State::Renamed { recorded: "003_add_user".into() }),
            entry(4, "004_add_indexes", State::Pending),
            entry(20, "020_2", State::Pending),
        ];
        entries[1].version = Some("1.1.0".into());
        entries[3].version = Some("1".into());
        for (target, expect) in [
            ("1", Ok(1)),
            ("001", Ok(1)),
            ("001_initial_schema", Ok(1)),
            ("001_initial_schema.sql", Ok(1)),
            ("initial_schema", Ok(1)),
            ("1.1.0", Ok(2)),
            ("003_add_user", Ok(3)),
            ("2", Ok(2)),
            ("add_indexes", Err("use the number of one of them: `002_add_indexes`, `004_add_indexes`")),
            ("003_add_usrs", Err("did you mean `003_add_users`?")),
            ("initial_schma", Err("did you mean `initial_schema`?")),
            ("99", Err("`app status`")),
            ("99999999999999999999999999", Err("`app status`")),
            ("", Err("`app status`")),
        ] {
            match (find(&entries, target, "`app status`"), expect) {
                (Ok(entry), Ok(number)) => assert_eq!(entry.number, number, "{target}"),
                (Err(failure), Err(help)) => assert!(failure.help()[0].contains(help), "{target}: {failure:?}"),
                (result, _) => panic!("{target}: {result:?}"),
            }
        }
    }
}
