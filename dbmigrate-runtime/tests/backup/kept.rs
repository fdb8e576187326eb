//! Which copies stay, and which are taken away.

use super::*;

#[test]
fn a_run_that_changed_nothing_leaves_no_copy() {
    for statements in [
        &["DELETE FROM t", "SELECT nowhere"][..],
        &["DELETE FROM t", "rust:1"],
        // The statement rolls back by itself.
        &["DELETE FROM t", "CREATE UNIQUE INDEX i ON t (a)", "INSERT OR ROLLBACK INTO t VALUES (1), (1)"],
    ] {
        let folder = Folder::new();
        let mut db = database(&folder, "wal");
        let migrator = with("002_fails", statements).with_code(|_, _| Err("no".into()));
        let error = migrator.up(&mut db).unwrap_err();
        assert_eq!(error.report().backup, None, "{error}");
        assert!(!error.to_string().contains("a copy of the database"), "{error}");
        assert_eq!(others(&folder), [""; 0], "{statements:?}");
        assert_eq!(ask(&db, "SELECT group_concat(a) FROM t"), "1,2");
    }
    // A panic is how a program fails at every start.
    let folder = Folder::new();
    let mut db = database(&folder, "wal");
    let migrator =
        with("002_fails", &["DELETE FROM t", "rust:1"]).with_code(|_, _| std::panic::resume_unwind(Box::new("x")));
    catch_unwind(AssertUnwindSafe(|| migrator.up(&mut db))).unwrap_err();
    assert_eq!(others(&folder), [""; 0]);
    assert_eq!(history(&db), "001_base");
}

#[test]
fn a_run_that_changed_something_keeps_its_copy_and_names_it() {
    let half = |files: Vec<File>| runner([vec![base()], files].concat()).backup(Backup::new(BackupWhen::Destructive));
    for (what, files) in [
        ("one stays", vec![file("002_next", TAKES), file("003_fails", &["SELECT nowhere"])]),
        ("a step stays", vec![file("002_fails", &["DELETE FROM t WHERE a = 1", "SELECT nowhere"]).no_transaction()]),
        ("who knows", vec![file("002_fails", &["rust:1", "SELECT 1"])]),
    ] {
        let folder = Folder::new();
        let mut db = database(&folder, "wal");
        let migrator = half(files).with_code(|_, db| Ok(db.execute_batch("DELETE FROM t WHERE a = 1; COMMIT")?));
        let error = migrator.up(&mut db).unwrap_err();
        let path = error.report().backup.clone().unwrap();
        let restore = format!("`cargo dbmigrate restore {}`", path.display());
        assert!(error.to_string().contains(&restore), "{what}: {error}");
        assert_eq!(ask(&open(&path), "SELECT group_concat(a) FROM t"), "1,2", "{what}");
        assert_eq!(ask(&db, "SELECT group_concat(a) FROM t"), "2", "{what}");
    }
    let folder = Folder::new();
    let mut db = database(&folder, "wal");
    let twice = |up| half(vec![file("002_next", up).down(&["DELETE FROM t WHERE a = 2"])]);
    twice(TAKES).up(&mut db).unwrap();
    let error = twice(&["SELECT nowhere"]).redo(&mut db).unwrap_err();
    assert!(error.to_string().contains("`cargo dbmigrate restore "), "{error}");
    assert_eq!(history(&open(error.report().backup.as_ref().unwrap())), "001_base 002_next");
}

#[test]
fn a_run_that_is_killed_at_every_start_leaves_a_few_copies() {
    let folder = Folder::new();
    let mut db = database(&folder, "wal");
    // What was killed could not tidy up after itself.
    let name = |day: u32| format!("app.db.202401{day:02}-103022.001.bak");
    for day in 1..=6 {
        fs::write(folder.file(&name(day)), "").unwrap();
    }
    let at_work = Cell::new(0);
    let migrator = with("002_next", &["DELETE FROM t WHERE a = 1", "SELECT nowhere"]);
    let migrator = migrator.backup(Backup::new(BackupWhen::Destructive).keep(2)).before_each(|_| {
        at_work.set(others(&folder).len());
        Ok(())
    });
    migrator.up(&mut db).unwrap_err();
    assert_eq!(at_work.get(), 3, "its own, and as many as are wanted");
    assert_eq!(others(&folder), [name(1), name(6)], "the state before the first attempt stays");
}

#[test]
fn a_run_that_fails_at_every_start_leaves_a_few_copies() {
    let folder = Folder::new();
    let mut db = database(&folder, "wal");
    let fails = file("002_fails", &["DELETE FROM t WHERE a = 1", "rust:1"]).no_transaction();
    let migrator = runner(vec![base(), fails])
        .backup(Backup::new(BackupWhen::Destructive).keep(2))
        .with_code(|_, _| Err("not today".into()));
    fs::write(folder.file("app.db.20200101-000001.000.bak"), "older").unwrap();
    let first = migrator.up(&mut db).unwrap_err().report().backup.clone().unwrap();
    let mut last = None;
    for _ in 0..5 {
        last = migrator.up(&mut db).unwrap_err().report().backup.clone();
    }
    // That of before all of it, and the newest. The older version has to wait until one attempt succeeds.
    let left = others(&folder);
    assert_eq!(left.len(), 3, "{left:?}");
    assert_eq!(left[0], "app.db.20200101-000001.000.bak");
    assert_eq!(ask(&open(&first), "SELECT group_concat(a) FROM t"), "1,2", "{left:?}");
    assert_eq!(ask(&open(&last.unwrap()), "SELECT group_concat(a) FROM t"), "2");
}

/// Makes files of these names, and returns those that are left after a copy was kept.
fn left_of(keep: usize, version: usize, names: &[&str]) -> Vec<String> {
    let folder = Folder::new();
    let mut db = open(&folder.file("app.db"));
    let names_of = ["001_base", "002_b", "003_c", "004_d"];
    let mut files = vec![base()];
    files.extend(names_of[1..version].iter().map(|name| file(name, &["SELECT 1"])));
    runner(files.clone()).up(&mut db).unwrap();
    for name in names {
        fs::write(folder.file(name), "older").unwrap();
    }
    let made = runner(files).backup(Backup::new(BackupWhen::Always).keep(keep)).back_up(&mut db).unwrap();
    let made = made.file_name().unwrap().to_str().unwrap();
    others(&folder).into_iter().filter(|name| name != made).collect()
}

#[test]
fn as_many_copies_stay_as_are_wanted() {
    let older =
        ["app.db.20200101-000001.001.bak", "app.db.20200101-000002.001-2.bak", "app.db.20200102-000000.0002.bak"];
    assert_eq!(left_of(4, 3, &older), older);
    assert_eq!(left_of(3, 3, &older), older[1..]);
    assert_eq!(left_of(2, 3, &older), older[2..]);
    assert_eq!(left_of(1, 3, &older), [""; 0]);
    // The state before the first of many attempts at one version.
    let same = ["app.db.20200101-000001.003.bak", "app.db.20200101-000002.003.bak", "app.db.20200102-000000.003.bak"];
    assert_eq!(left_of(1, 3, &same), same[..1]);
    assert_eq!(left_of(3, 3, &same), [same[0], same[2]]);
    // What a newer version left is no older copy, whenever it was made.
    let newer = [
        "app.db.20200101-000001.004.bak",
        "app.db.20200101-000002.001.bak",
        "app.db.20200101-000003.99999999999999999999999.bak",
    ];
    assert_eq!(left_of(1, 3, &newer), [newer[0], newer[2]]);
    // And what was made later, by a clock that went wrong.
    assert_eq!(left_of(1, 3, &["app.db.29990101-000000.001.bak"]), ["app.db.29990101-000000.001.bak"]);
}

#[test]
fn nothing_that_is_called_otherwise_is_ever_removed() {
    let mut names = [
        "app.db.20200101-000001.bak",
        "app.db.20200101-000001..bak",
        "app.db.20200101-000001.one.bak",
        "app.db.20200101-000001.001.bak.gz",
        "app.db.20200101-000001.001-.bak",
        "app.db.20200101-000001.001-2-3.bak",
        "app.db.20200101-000001.001-x.bak",
        "app.db.20200101.001.bak",
        "app.db.2020010a-000001.001.bak",
        "app.db.2020-01-01-0001.001.bak",
        "app.db.bak",
        "app.db2.20200101-000001.001.bak",
        "my.app.db.20200101-000001.001.bak",
        "app.dbé.20200101-000001.001.bak",
        "app.db.20200101-000001.bak.part-1",
        "app.db.20200101-000001.bak.partly",
        "app.db.20200101-000001.bak.part-x",
        "x.20200101-000001.bak.part",
        // It stays as the oldest of its version, which one with another name could be taken for.
        "app.db.19990101-000001.001.bak",
    ];
    names.sort_unstable();
    let folder = Folder::new();
    let mut db = database(&folder, "delete");
    let old = SystemTime::now() - Duration::from_secs(25 * 60 * 60);
    for name in names {
        let file = fs::File::create_new(folder.file(name)).unwrap();
        if name != "app.db.20200101-000001.bak.part-1" {
            file.set_modified(old).unwrap();
        }
    }
    let migrator = with("002_next", TAKES).backup(Backup::new(BackupWhen::Always).keep(1));
    let made = [migrator.back_up(&mut db).unwrap(), migrator.up(&mut db).unwrap().backup.unwrap()];
    let is_made = |name: &String| made.iter().any(|path| path.ends_with(name));
    assert_eq!(others(&folder).into_iter().filter(|name| !is_made(name)).collect::<Vec<_>>(), names);
    let copies = migrator.backups(&mut db).unwrap();
    assert_eq!(copies.iter().filter(|copy| !made.contains(&copy.path)).count(), 1, "{copies:?}");
}

#[test]
fn a_folder_that_is_missing_has_no_copies_and_one_that_can_not_be_read_is_an_error() {
    let folder = Folder::new();
    let mut db = database(&folder, "delete");
    let beside = |dir: &str| runner(vec![base()]).backup(Backup::new(BackupWhen::Always).dir(dir));
    assert_eq!(beside("nowhere").backups(&mut db).unwrap(), []);
    fs::write(folder.file("taken"), "").unwrap();
    assert!(beside("taken").backups(&mut db).unwrap_err().is_copy());
}

#[cfg(unix)]
#[test]
fn a_link_is_no_copy() {
    let folder = Folder::new();
    let mut db = database(&folder, "wal");
    let (target, link) = (folder.file("precious"), folder.file("app.db.20200101-000001.000.bak"));
    fs::write(&target, "precious").unwrap();
    std::os::unix::fs::symlink(&target, &link).unwrap();
    let migrator = with("002_next", TAKES).backup(Backup::new(BackupWhen::Always).keep(1));
    migrator.back_up(&mut db).unwrap();
    assert_eq!(migrator.backups(&mut db).unwrap().len(), 1);
    assert!(target.exists() && link.exists());
}

#[test]
fn what_a_killed_run_left_is_gone_with_the_next_copy() {
    let folder = Folder::new();
    let mut db = database(&folder, "wal");
    let part = |name: &str| folder.file(&format!("app.db.20200101-000001.bak.part{name}"));
    let old = SystemTime::now() - Duration::from_secs(25 * 60 * 60);
    for (name, is_old) in [("", false), ("-journal", false), ("-7", true), ("-7-journal", true), ("-8", false)] {
        fs::write(part(name), "half").unwrap();
        if is_old {
            fs::File::options().write(true).open(part(name)).unwrap().set_modified(old).unwrap();
        }
    }
    // Without the lock somebody else may be at it, who has it.
    let migrator = with("002_next", TAKES);
    let first = migrator.back_up(&mut db).unwrap();
    for (name, is_left) in [("", true), ("-journal", true), ("-7", false), ("-7-journal", false), ("-8", true)] {
        assert_eq!(part(name).exists(), is_left, "{name}");
    }
    let second = migrator.up(&mut db).unwrap().backup.unwrap();
    for (name, is_left) in [("", false), ("-journal", false), ("-8", true)] {
        assert_eq!(part(name).exists(), is_left, "{name}");
    }
    assert!(first.exists() && second.exists());
}
