//! Many tenants, each with a file of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use rusqlite::Connection;
use with_rusqlite::migrations::{self, Migration};
use with_rusqlite::{Error, Tenants, count_notes};

/// A folder that is empty.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

#[test]
fn each_file_is_migrated_when_it_is_opened() {
    let folder = folder("tenants");
    // Some are new, some of an older version.
    for at in (0..40).step_by(2) {
        let mut old = Connection::open(folder.join(format!("tenant-{at}.db"))).unwrap();
        migrations::migrator().up_to(&mut old, Migration::M001InitialSchema).unwrap();
        old.execute("INSERT INTO notes (notebook, text) VALUES (2, 'old')", []).unwrap();
    }
    let tenants = Tenants::new(&folder);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for at in 0..40 {
                    let tenant = tenants.get(&format!("tenant-{at}")).unwrap();
                    let db = tenant.lock().unwrap();
                    assert_eq!(count_notes(&db).unwrap(), if at % 2 == 0 { 4 } else { 3 }, "{at}");
                    let titles = "SELECT count(*) FROM notebooks WHERE title = 'untitled'";
                    assert_eq!(db.query_row(titles, [], |row| row.get::<_, i64>(0)).unwrap(), 1);
                }
            });
        }
    });
    let mut db = Connection::open(folder.join("tenant-0.db")).unwrap();
    let history = migrations::migrator().history(&mut db).unwrap();
    assert_eq!(history.len(), 3, "once, by whoever came first");
}

#[test]
fn who_has_a_tenant_shares_its_connection() {
    let tenants = Tenants::new(folder("tenants-shared"));
    let one = tenants.get("one").unwrap();
    assert!(Arc::ptr_eq(&one, &tenants.get("one").unwrap()));
    assert!(!Arc::ptr_eq(&one, &tenants.get("two").unwrap()));
}

#[test]
fn a_tenant_that_fails_is_alone_with_it() {
    let folder = folder("tenants-failing");
    let mut newer = Connection::open(folder.join("newer.db")).unwrap();
    migrations::migrator().up(&mut newer).unwrap();
    newer.execute("UPDATE _migrations SET number = 4, name = '004_later' WHERE number = 3", []).unwrap();
    fs::write(folder.join("damaged.db"), "not a database, but long enough to look like one").unwrap();
    let tenants = Tenants::new(&folder);
    match tenants.get("newer") {
        Err(Error::Migration(error)) => assert!(error.is_newer_database(), "{error}"),
        other => panic!("{other:?}"),
    }
    assert!(tenants.get("damaged").is_err());
    assert!(tenants.get("sound").is_ok());
    for name in ["", "../sound", "a/b", "UPPER"] {
        assert!(matches!(tenants.get(name), Err(Error::Name(_))), "{name}");
    }
}
