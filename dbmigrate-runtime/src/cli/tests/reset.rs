//! `reset`: what it asks, keeps and says.

use super::{answering, on, scalar, three};
use crate::cli::fixture::{Connection, Folder, set};

#[test]
fn reset_asks_and_keeps_a_copy() {
    let folder = Folder::new("reset");
    let database = folder.path("app.db");
    on(three(), &database, "up");
    Connection::open(&database).unwrap().execute("INSERT INTO users VALUES ('ann')", []).unwrap();

    let (exit, _, err) = on(three(), &database, "reset");
    assert_eq!((exit, err.last().unwrap().as_str()), (2, "help: to do it without asking: `--yes`"));
    let (exit, _, err) = answering(Some(false), three(), &database, "reset");
    assert_eq!((exit, err.last().unwrap().as_str()), (1, "Finished nothing was changed"));
    assert!(err[0].contains("roll back 3 migrations; a copy is kept first?"), "{err:?}");
    assert_eq!(folder.files(), ["app.db"]);
    assert_eq!(scalar(&database, "SELECT count(*) FROM users"), 1);

    let (exit, _, err) = answering(Some(true), three(), &database, "reset");
    assert_eq!((exit, err.last().unwrap().as_str()), (0, "Finished 3 migrations rolled back in N ms"));
    assert_eq!(scalar(&database, "SELECT count(*) FROM sqlite_schema WHERE name = 'users'"), 0);
    let copy = folder.files().pop().unwrap();
    assert!(copy.starts_with("app.db.20") && copy.ends_with(".bak"), "{copy}");
    assert_eq!(scalar(&folder.path(&copy), "SELECT count(*) FROM users"), 1);

    let (exit, _, err) = on(three(), &database, "reset --yes");
    assert_eq!((exit, err), (0, vec!["Finished nothing to reset".to_owned()]));
    assert_eq!(folder.files().len(), 2);
}

#[test]
fn reset_never_takes_a_name_that_is_taken() {
    let folder = Folder::new("copies");
    let database = folder.path("app.db");
    let one_way = [("001_a", "CREATE TABLE a (b)"), ("002_b", "CREATE TABLE b (b)"), ("003_c", "CREATE TABLE c (b)")];
    let one_way = set(&one_way.map(|(name, up)| (name, up, None, None)));
    for copies in 1..=3 {
        assert_eq!(on(one_way, &database, "up").0, 0);
        let (exit, _, err) = on(one_way, &database, "reset --yes");
        assert_eq!(exit, 0, "{err:?}");
        let says = "drop everything in it, because `003_c` and 2 more can't be rolled back; a copy is kept first";
        assert!(err[0].ends_with(says), "{err:?}");
        assert_eq!(scalar(&database, "SELECT count(*) FROM sqlite_schema WHERE name = 'a'"), 0);
        assert_eq!(folder.files().len(), 1 + copies);
    }
}
