-- Made by refinery 0.10.0: all of `migrations`.
PRAGMA user_version = 0;
PRAGMA foreign_keys = OFF;
BEGIN;
CREATE TABLE refinery_schema_history(
             version int4 PRIMARY KEY,
             name VARCHAR(255),
             applied_on VARCHAR(255),
             checksum VARCHAR(255));
INSERT INTO "refinery_schema_history" VALUES (1, 'create_workshop', '2026-11-27T11:28:46.622779568Z', '10797506040686018389');
INSERT INTO "refinery_schema_history" VALUES (2, 'log_repairs', '2026-11-27T11:28:46.622805206Z', '4748808477091475652');
INSERT INTO "refinery_schema_history" VALUES (3, 'settle_texts', '2026-11-27T11:28:46.62280761Z', '2036252089762649908');
INSERT INTO "refinery_schema_history" VALUES (4, 'price_in_cents', '2026-11-27T11:28:46.622809323Z', '9210457733163264745');
INSERT INTO "refinery_schema_history" VALUES (5, 'email_is_unique', '2026-11-27T11:28:46.622810875Z', '12542601258352836361');
INSERT INTO "refinery_schema_history" VALUES (6, 'add_phone', '2026-11-27T11:28:46.707568693Z', '17068937928025273025');
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
CREATE INDEX repair_by_customer ON repair (customer_id);
CREATE TRIGGER repair_is_logged AFTER UPDATE OF what ON repair
BEGIN
    INSERT INTO repair_log (repair_id, note) VALUES (old.id, 'was: ' || old.what);
    DELETE FROM repair_log WHERE note = 'was: ;';
END;
CREATE INDEX customer_by_phone ON customer (phone) WHERE phone IS NOT NULL;
COMMIT;
