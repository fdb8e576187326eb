//! What `cargo dbmigrate` asks the package's runner for where a replay meets Rust. No command for people: it stands in
//! no help, and works on no database but those that `cargo dbmigrate` makes for it.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use super::Terminal;
use super::failure::{DONE, FAILURE, USAGE};
use super::json::Object;
use super::reason::Reason;
use crate::{Access, Backend, Direction, Error, Migrator, one_way};

/// The word by which the runner is asked: `replay-one up 3 FILE`, with the name of the set behind it where it has one.
/// The file ends in `.dbmigrate-replay`.
pub const REPLAY: &str = "replay-one";

/// How a database ends that may be worked on.
const ENDING: &str = "dbmigrate-replay";

/// Goes one way of one migration, and says in one line of JSON that it did, or what went wrong: code can end a process
/// with any exit code.
pub(crate) fn run<B: Backend>(migrator: Migrator<'_, B>, arguments: &[OsString], terminal: &mut dyn Terminal) -> u8 {
    let Some((way, number, database)) = read(arguments) else {
        terminal.error(&format!("`{REPLAY}` is for `cargo dbmigrate`, and works on no database but its own"));
        return USAGE;
    };
    let mut connection = match B::open(database, Access::ReadWrite) {
        Ok(connection) => connection,
        Err(error) => {
            terminal.error(&format!("could not open `{}`: {error}", database.display()));
            return FAILURE;
        }
    };
    match one_way::run(migrator, &mut connection, way, number) {
        Ok(()) => {
            terminal.data(&Object::new(Reason::REPLAYED).line());
            DONE
        }
        Err(error) => {
            terminal.data(&line(&error));
            FAILURE
        }
    }
}

/// The set that is asked for.
pub(super) fn set_of(arguments: &[OsString]) -> Option<&str> {
    arguments.get(3).map_or(Some(""), |set| set.to_str())
}

fn read(arguments: &[OsString]) -> Option<(Direction, u64, &Path)> {
    let ([way, number, database] | [way, number, database, _]) = arguments else { return None };
    let way = match way.to_str()? {
        "up" => Direction::Up,
        "down" => Direction::Down,
        _ => return None,
    };
    let database = Path::new(database);
    let is_ours = database.extension() == Some(OsStr::new(ENDING));
    is_ours.then_some((way, number.to_str()?.parse().ok()?, database))
}

fn line(error: &Error) -> String {
    // What became of this database matters to nobody.
    let notes: Vec<String> = error.notes().iter().filter(|note| !note.contains("rolled back")).cloned().collect();
    Object::new(Reason::REPLAY_FAILED)
        .text("message", error.summary())
        .text("file", error.file())
        .number("line", error.line())
        .number("column", error.column())
        .list("notes", &notes)
        .line()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Set;
    use crate::cli::fixture::{Connection, Folder, Memory, Rusqlite, set, with_view};

    /// Three migrations of which a replay asks for any, with a view and a hook that it leaves out.
    fn all() -> &'static Set<'static> {
        let migrations = set(&[
            ("001_a", "CREATE TABLE a (x)", Some("DROP TABLE a"), None),
            ("002_b", "INSERT INTO a VALUES (1)", Some("DELETE FROM a"), None),
            ("003_c", "CREATE TABLE c (x)", None, None),
        ]);
        let hook = Some(migrations.migrations[2].up);
        Box::leak(Box::new(Set { before_all: hook, ..*with_view(migrations, "v", "CREATE VIEW v AS SELECT x FROM a") }))
    }

    fn ask(way: &str, number: &str, database: &Path) -> (u8, Memory) {
        let arguments = [way.into(), number.into(), database.into()];
        let mut terminal = Memory::default();
        (run(Migrator::<Rusqlite>::new(all()), &arguments, &mut terminal), terminal)
    }

    /// Its objects, the rows of `a`, and how it keeps its journal.
    fn state(database: &Path) -> String {
        let sql = "SELECT (SELECT group_concat(name) FROM sqlite_schema WHERE name <> 'sqlite_sequence') || '|' || \
                   (SELECT count(*) FROM a) || '|' || journal_mode FROM pragma_journal_mode";
        Connection::open(database).unwrap().query_row(sql, [], |row| row.get(0)).unwrap()
    }

    #[test]
    fn one_way_of_one_migration_runs_and_nothing_else() {
        let folder = Folder::new("replay");
        let file = folder.path("1.dbmigrate-replay");
        let before = Connection::open(&file).unwrap();
        before.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE a (x)").unwrap();
        drop(before);
        let (exit, said) = ask("up", "2", &file);
        assert_eq!((exit, said.out), (DONE, vec!["{\"reason\":\"replayed\"}".to_owned()]));
        assert_eq!(state(&file), "a|1|delete");
        assert_eq!(ask("down", "2", &file).0, DONE);
        assert_eq!(state(&file), "a|0|delete");
        assert_eq!(folder.files(), ["1.dbmigrate-replay"]);

        let (exit, said) = ask("up", "1", &file);
        assert_eq!((exit, said.err), (FAILURE, vec![]));
        let [line] = said.out.as_slice() else { panic!("{:?}", said.out) };
        let expect = "{\"reason\":\"replay-failed\",\"message\":\"`001_a` failed: table a already exists\",\
                      \"file\":\"migrations/001_a.sql\",\"line\":1,";
        assert!(line.starts_with(expect) && line.ends_with("\"notes\":[]}"), "{line}");
        for (way, number, expect) in
            [("down", "3", "can't be rolled back"), ("up", "9", "no migration has the number 9")]
        {
            let (exit, said) = ask(way, number, &file);
            assert!(exit == FAILURE && said.out[0].contains(expect), "{:?}", said.out);
        }
    }

    #[test]
    fn no_database_of_a_person_is_touched() {
        let folder = Folder::new("replay-refused");
        let file = folder.path("app.db");
        Connection::open(&file).unwrap().execute_batch("CREATE TABLE a (x)").unwrap();
        let missing = folder.path("2.dbmigrate-replay");
        for (way, number, database, exit) in [
            ("up", "2", &file, USAGE),
            ("sideways", "2", &missing, USAGE),
            ("up", "x", &missing, USAGE),
            ("up", "2", &missing, FAILURE),
        ] {
            assert_eq!(ask(way, number, database).0, exit, "{way} {number}");
        }
        assert_eq!(state(&file), "a|0|delete");
        assert_eq!(folder.files(), ["app.db"]);
    }
}
