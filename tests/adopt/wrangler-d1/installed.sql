-- Made by wrangler 4.164.0 with workerd 1.20261117.1: the first five of `migrations`.
PRAGMA user_version = 0;
PRAGMA foreign_keys = OFF;
BEGIN;
CREATE TABLE "d1_migrations"(
		id         INTEGER PRIMARY KEY AUTOINCREMENT,
		name       TEXT UNIQUE,
		applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL
);
INSERT INTO "d1_migrations" VALUES (1, '0001_create_workshop.sql', '2026-11-27 11:28:57');
INSERT INTO "d1_migrations" VALUES (2, '0002_log_repairs.sql', '2026-11-27 11:28:57');
INSERT INTO "d1_migrations" VALUES (3, '0003_settle_texts.sql', '2026-11-27 11:28:58');
INSERT INTO "d1_migrations" VALUES (4, '0004_price_in_cents.sql', '2026-11-27 11:28:58');
INSERT INTO "d1_migrations" VALUES (5, '0005_email_is_unique.sql', '2026-11-27 11:28:58');
CREATE TABLE customer (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    email TEXT
);
INSERT INTO "customer" VALUES (1, 'Ada', 'ada@example.org');
INSERT INTO "customer" VALUES (2, 'Grace', NULL);
INSERT INTO "customer" VALUES (3, 'Müller; & sons', 'office@mueller.example');
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
DELETE FROM sqlite_sequence;
INSERT INTO "sqlite_sequence" VALUES ('d1_migrations', 5);
INSERT INTO "sqlite_sequence" VALUES ('repair', 3);
CREATE INDEX repair_by_customer ON repair (customer_id);
CREATE UNIQUE INDEX customer_by_email ON customer (email);
CREATE TRIGGER repair_is_logged AFTER UPDATE OF what ON repair
BEGIN
    INSERT INTO repair_log (repair_id, note) VALUES (old.id, 'was: ' || old.what);
    DELETE FROM repair_log WHERE note = 'was: ;';
END;
COMMIT;
