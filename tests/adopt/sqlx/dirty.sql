-- Made of `installed.sql` by hand: the fifth is recorded as failed.
PRAGMA user_version = 0;
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE _sqlx_migrations (
    version BIGINT PRIMARY KEY,
    description TEXT NOT NULL,
    installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    success BOOLEAN NOT NULL,
    checksum BLOB NOT NULL,
    execution_time BIGINT NOT NULL
);
INSERT INTO _sqlx_migrations VALUES(20240103081500,'create workshop','2026-11-27 11:12:31',1,X'fbc9f972642d8cc2de06eeb902c25ed27a45a73b8a139b6dbfd0b509af4af2d160a78044348b91054e0f08c9b45b5e22',5045361);
INSERT INTO _sqlx_migrations VALUES(20240110093011,'log repairs','2026-11-27 11:12:31',1,X'3cd128451388250f652c9f0757a4cb0007a3538dc720505fa3c493dec569a9e23d51ec8f183fbed8163c81e1352d7ba0',2555270);
INSERT INTO _sqlx_migrations VALUES(20240215170245,'settle texts','2026-11-27 11:12:31',1,X'3ff69a03ff38fa7ca017e0121ea5422f1895ffe54579e7a516fef56ce590e223244af17f6a54d2448d668e6ca412d434',2997799);
INSERT INTO _sqlx_migrations VALUES(20240401120000,'price in cents','2026-11-27 11:12:31',1,X'0a8a6b259057b5ca35feaa9e8991daec829ecb611930e313163d73cb54568f6089b562eecdf3bf34d1883e3261715e0f',4015395);
INSERT INTO _sqlx_migrations VALUES(20240520064559,'email is unique','2026-11-27 11:12:31',0,X'5f4bbf8eab6faa4db648696fcdc81c15b2c6cdb1e368e438a7b071d97c12aab7459332b8efe30b4d45ad79e037d8bba5',27925039);
CREATE TABLE repair_log (
    id INTEGER PRIMARY KEY,
    repair_id INTEGER NOT NULL,
    note TEXT NOT NULL
);
INSERT INTO repair_log VALUES(1,3,'was: a puncture');
CREATE TABLE IF NOT EXISTS "repair" (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    customer_id INTEGER NOT NULL REFERENCES customer (id) ON DELETE CASCADE,
    what TEXT NOT NULL,
    cents INTEGER NOT NULL DEFAULT 0 CHECK (cents >= 0)
);
INSERT INTO repair VALUES(1,1,'new chain',2450);
INSERT INTO repair VALUES(2,1,'true a wheel',1800);
INSERT INTO repair VALUES(3,2,'a puncture; paid -- in cash',900);
CREATE TABLE IF NOT EXISTS "customer" (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    email TEXT UNIQUE
);
INSERT INTO customer VALUES(1,'Ada','ada@example.org');
INSERT INTO customer VALUES(2,'Grace',NULL);
INSERT INTO customer VALUES(3,'Müller; & sons','office@mueller.example');
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('repair',3);
CREATE INDEX repair_by_customer ON repair (customer_id);
CREATE TRIGGER repair_is_logged AFTER UPDATE OF what ON repair
BEGIN
    INSERT INTO repair_log (repair_id, note) VALUES (old.id, 'was: ' || old.what);
    DELETE FROM repair_log WHERE note = 'was: ;';
END;
COMMIT;
