-- Made by golang-migrate 4.19.1: `migrations` and `broken`, which fails.
PRAGMA user_version = 0;
PRAGMA foreign_keys = OFF;
BEGIN;
CREATE TABLE schema_migrations (version uint64,dirty bool);
INSERT INTO "schema_migrations" VALUES (7, 1);
CREATE TABLE repair_log (
    id INTEGER PRIMARY KEY,
    repair_id INTEGER NOT NULL,
    note TEXT NOT NULL
);
INSERT INTO "repair_log" VALUES (1, 3, 'was: a puncture');
CREATE TABLE "repair" (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    customer_id INTEGER NOT NULL REFERENCES customer (id) ON DELETE CASCADE,
    what TEXT NOT NULL,
    cents INTEGER NOT NULL DEFAULT 0 CHECK (cents >= 0)
);
INSERT INTO "repair" VALUES (1, 1, 'new chain', 2450);
INSERT INTO "repair" VALUES (2, 1, 'true a wheel', 1800);
INSERT INTO "repair" VALUES (3, 2, 'a puncture; paid -- in cash', 900);
CREATE TABLE "customer" (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    email TEXT UNIQUE
, phone TEXT);
INSERT INTO "customer" VALUES (1, 'Ada', 'ada@example.org', NULL);
INSERT INTO "customer" VALUES (2, 'Grace', NULL, NULL);
INSERT INTO "customer" VALUES (3, 'Müller; & sons', 'office@mueller.example', NULL);
DELETE FROM sqlite_sequence;
INSERT INTO "sqlite_sequence" VALUES ('repair', 3);
CREATE UNIQUE INDEX version_unique ON schema_migrations (version);
CREATE INDEX repair_by_customer ON repair (customer_id);
CREATE TRIGGER repair_is_logged AFTER UPDATE OF what ON repair
BEGIN
    INSERT INTO repair_log (repair_id, note) VALUES (old.id, 'was: ' || old.what);
    DELETE FROM repair_log WHERE note = 'was: ;';
END;
CREATE INDEX customer_by_phone ON customer (phone) WHERE phone IS NOT NULL;
COMMIT;
