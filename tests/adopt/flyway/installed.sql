-- Made by Flyway 12.0.2: the first five of `migrations`.
PRAGMA user_version = 0;
PRAGMA foreign_keys = OFF;
BEGIN;
CREATE TABLE "flyway_schema_history" (
    "installed_rank" INT NOT NULL PRIMARY KEY,
    "version" VARCHAR(50),
    "description" VARCHAR(200) NOT NULL,
    "type" VARCHAR(20) NOT NULL,
    "script" VARCHAR(1000) NOT NULL,
    "checksum" INT,
    "installed_by" VARCHAR(100) NOT NULL,
    "installed_on" TEXT NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f','now')),
    "execution_time" INT NOT NULL,
    "success" BOOLEAN NOT NULL
);
INSERT INTO "flyway_schema_history" VALUES (1, '1', 'create workshop', 'SQL', 'V1__create_workshop.sql', -754743354, '', '2026-11-27 11:29:05.817', 3, 1);
INSERT INTO "flyway_schema_history" VALUES (2, '2', 'log repairs', 'SQL', 'V2__log_repairs.sql', -1396947776, '', '2026-11-27 11:29:05.854', 0, 1);
INSERT INTO "flyway_schema_history" VALUES (3, '2.1', 'settle texts', 'SQL', 'V2.1__settle_texts.sql', -979792473, '', '2026-11-27 11:29:05.893', 4, 1);
INSERT INTO "flyway_schema_history" VALUES (4, '3', 'price in cents', 'SQL', 'V3__price_in_cents.sql', -1420557488, '', '2026-11-27 11:29:05.934', 2, 1);
INSERT INTO "flyway_schema_history" VALUES (5, '4', 'email is unique', 'SQL', 'V4__email_is_unique.sql', -965025292, '', '2026-11-27 11:29:06.053', 114, 1);
INSERT INTO "flyway_schema_history" VALUES (6, NULL, 'open repairs', 'SQL', 'R__open_repairs.sql', -539018049, '', '2026-11-27 11:29:06.088', 0, 1);
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
);
INSERT INTO "customer" VALUES (1, 'Ada', 'ada@example.org');
INSERT INTO "customer" VALUES (2, 'Grace', NULL);
INSERT INTO "customer" VALUES (3, 'Müller; & sons', 'office@mueller.example');
DELETE FROM sqlite_sequence;
INSERT INTO "sqlite_sequence" VALUES ('repair', 3);
CREATE INDEX "flyway_schema_history_s_idx" ON "flyway_schema_history" ("success");
CREATE INDEX repair_by_customer ON repair (customer_id);
CREATE TRIGGER repair_is_logged AFTER UPDATE OF what ON repair
BEGIN
    INSERT INTO repair_log (repair_id, note) VALUES (old.id, 'was: ' || old.what);
    DELETE FROM repair_log WHERE note = 'was: ;';
END;
CREATE VIEW open_repairs AS SELECT id, what FROM repair;
COMMIT;
