//! The folder of the copy: who may look, who is swept, where it lies.

use super::*;

/// Makes what a rehearsal leaves that was killed.
fn dead(parent: &Path, name: &str) -> PathBuf {
    let folder = parent.join(name);
    fs::create_dir(&folder).unwrap();
    for file in ["lock", "app.db", "app.db-journal"] {
        fs::write(folder.join(file), "").unwrap();
    }
    fs::create_dir(folder.join("of-the-program")).unwrap();
    fs::write(folder.join("of-the-program/file"), "").unwrap();
    folder
}

#[test]
fn what_dead_rehearsals_left_is_swept_and_nothing_else() {
    let folder = Folder::new();
    let (path, mut db) = database(&folder, "delete", 1);
    let parent = path.parent().unwrap();
    let gone = [dead(parent, "app.db.rehearsal-1-1"), folder.file("app.db.rehearsal-1-2")];
    fs::create_dir(&gone[1]).unwrap();

    let live = dead(parent, "app.db.rehearsal-2-1");
    let holder = Connection::open(live.join("lock")).unwrap();
    run(&holder, "BEGIN EXCLUSIVE");
    let no_lock = dead(parent, "app.db.rehearsal-2-2");
    fs::remove_file(no_lock.join("lock")).unwrap();
    let no_file = dead(parent, "app.db.rehearsal-2-3");
    fs::remove_file(no_file.join("lock")).unwrap();
    fs::create_dir(no_file.join("lock")).unwrap();
    let stay = [
        live.clone(),
        no_lock,
        no_file,
        dead(parent, "other.db.rehearsal-1-1"),
        dead(parent, "app.db.rehearsal-1-x"),
        dead(parent, "app.db.rehearsal-1-1.bak"),
    ];
    // At once, as the rehearsals of other tests sweep there, too.
    let temporary = std::env::temp_dir().join(format!("app.db.rehearsal-{}-1", std::process::id()));
    fs::rename(dead(parent, "whole"), &temporary).unwrap();

    // With nothing to do no copy is made, and nothing swept.
    assert!(runner(files()).rehearse(&mut db, Rehearse::UpTo(1)).unwrap().is_empty());
    assert!(gone.iter().all(|path| path.exists()));
    runner(files()).rehearse(&mut db, Rehearse::Up).unwrap();
    assert!(gone.iter().all(|path| !path.exists()) && !temporary.exists());
    assert!(stay.iter().all(|path| path.join("app.db").exists()));
    // Whoever held it is gone.
    drop(holder);
    runner(files()).rehearse(&mut db, Rehearse::Up).unwrap();
    assert!(!live.exists());
    assert!(stay[1..].iter().all(|path| path.join("app.db").exists()));
}

/// A backend whose folders are swept at a bad moment, as often as this says: before their lock is made, and before it
/// is taken.
struct Swept;

static SWEEPS: AtomicU32 = AtomicU32::new(4);

impl Backend for Swept {
    type Connection = Connection;
    type Driver<'c> = RusqliteDriver<'c>;

    fn driver(connection: &mut Connection) -> RusqliteDriver<'_> {
        Rusqlite::driver(connection)
    }

    fn connection<'d>(driver: &'d RusqliteDriver<'_>) -> &'d Connection {
        Rusqlite::connection(driver)
    }

    fn open(path: &Path, access: Access) -> Result<Connection, BoxError> {
        let left = SWEEPS.load(Ordering::Relaxed);
        if !path.ends_with("lock") || left == 0 {
            return Rusqlite::open(path, access);
        }
        SWEEPS.store(left - 1, Ordering::Relaxed);
        let early = left % 2 == 0;
        let opened = if early { None } else { Some(Rusqlite::open(path, access)) };
        fs::remove_dir_all(path.parent().unwrap())?;
        opened.unwrap_or_else(|| Rusqlite::open(path, access))
    }
}

#[cfg(unix)]
#[test]
fn who_is_swept_before_the_lock_starts_over() {
    let folder = Folder::new();
    let (path, mut db) = database(&folder, "delete", 1);
    let rehearsal = Migrator::<Swept>::new(set(files())).rehearse(&mut db, Rehearse::Up).unwrap();
    assert!(rehearsal.error.is_none() && rehearsal.migrations.len() == 2, "{rehearsal:?}");
    assert_eq!(SWEEPS.load(Ordering::Relaxed), 0);
    assert_eq!(copies(path.parent().unwrap(), "app.db"), Vec::<String>::new());
}

#[test]
fn many_at_once_leave_each_other_alone() {
    let folder = Folder::new();
    let (path, _db) = database(&folder, "wal", 1);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let mut db = Rusqlite::open(&path, Access::ReadOnly).unwrap();
                for round in 0..10 {
                    let rehearsal = runner(files()).rehearse(&mut db, Rehearse::Up).unwrap();
                    assert!(rehearsal.error.is_none(), "{round}: {rehearsal:?}");
                    assert_eq!(rehearsal.migrations.len(), 2);
                }
            });
        }
    });
    assert_eq!(copies(path.parent().unwrap(), "app.db"), Vec::<String>::new());
}

#[cfg(unix)]
#[test]
fn no_link_is_followed_and_nobody_else_can_look() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    let folder = Folder::new();
    let (path, mut db) = database(&folder, "delete", 1);
    let parent = path.parent().unwrap();
    let target = dead(parent, "target");
    symlink(&target, folder.file("app.db.rehearsal-1-1")).unwrap();
    let linked = dead(parent, "app.db.rehearsal-1-2");
    fs::remove_file(linked.join("lock")).unwrap();
    symlink(target.join("lock"), linked.join("lock")).unwrap();
    let swept = dead(parent, "app.db.rehearsal-1-3");
    symlink(&target, swept.join("link")).unwrap();
    let seen = RefCell::new(Vec::new());
    let mut all = files();
    all.truncate(1);
    all.push(file("002_code", &["rust:1"]));
    let migrator = runner(all).with_code(|_, copy| {
        let own = Path::new(copy.path().unwrap()).parent().unwrap();
        seen.borrow_mut().push(fs::metadata(own)?.permissions().mode() & 0o777);
        Ok(())
    });
    migrator.rehearse(&mut db, Rehearse::Up).unwrap();
    assert_eq!(*seen.borrow(), [0o700]);
    assert!(target.join("of-the-program/file").exists() && target.join("app.db").exists());
    assert!(linked.join("app.db").exists() && !swept.exists());
    assert_eq!(copies(parent, "app.db"), ["app.db.rehearsal-1-1", "app.db.rehearsal-1-2"]);
}

#[cfg(unix)]
#[test]
fn where_nothing_can_be_made_beside_the_database_the_temporary_folder_serves() {
    let folder = Folder::new();
    let inner = folder.file("gone");
    fs::create_dir(&inner).unwrap();
    let path = inner.join("moved.db");
    let mut db = Connection::open(&path).unwrap();
    runner(files()).up_to(&mut db, 1_u64).unwrap();
    let place = RefCell::new(PathBuf::new());
    let mut all = files();
    all.truncate(1);
    all.push(file("002_code", &["rust:1"]));
    let migrator = runner(all).with_code(|_, copy| {
        *place.borrow_mut() = PathBuf::from(copy.path().unwrap());
        Ok(())
    });
    // The connection still has the file, which has no folder any more.
    fs::remove_dir_all(&inner).unwrap();
    let rehearsal = migrator.rehearse(&mut db, Rehearse::Up).unwrap();
    assert!(rehearsal.error.is_none(), "{rehearsal:?}");
    let place = place.borrow();
    let parent = place.parent().unwrap().parent().unwrap();
    assert_eq!(parent, std::env::temp_dir().canonicalize().unwrap());
    assert!(!place.exists() && !inner.exists());
}

#[test]
fn a_copy_for_which_there_is_no_room_is_not_begun() {
    let folder = Folder::new();
    let (path, mut db) = database(&folder, "wal", 1);
    let before = contents(path.parent().unwrap());
    let needed = ask(&db, "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size");
    // What stands in the log alone counts.
    assert!(fs::metadata(&path).unwrap().len() < needed.parse().unwrap());
    let error = runner(files()).free_space(|_| Some(9)).rehearse(&mut db, Rehearse::Up).unwrap_err();
    assert!(error.is_copy(), "{error}");
    let says = format!("a copy of the database may take {needed} bytes, and `");
    assert!(error.message().starts_with(&says) && error.message().ends_with("` has 9 free"), "{error}");
    assert!(contents(path.parent().unwrap()) == before);
    for free in [|_: &Path| None, |folder: &Path| folder.is_dir().then_some(1 << 30)] {
        assert!(runner(files()).free_space(free).rehearse(&mut db, Rehearse::Up).unwrap().error.is_none());
    }
}

#[test]
fn a_database_called_like_the_lock_is_no_trouble() {
    let folder = Folder::new();
    let mut db = Connection::open(folder.file("Lock")).unwrap();
    let rehearsal = runner(files()).rehearse(&mut db, Rehearse::Up).unwrap();
    assert!(rehearsal.error.is_none() && rehearsal.migrations.len() == 3, "{rehearsal:?}");
    assert_eq!(fs::read_dir(folder.file("")).unwrap().count(), 1);
}
