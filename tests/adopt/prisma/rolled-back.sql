-- Made by prisma's schema engine 7.10.0 with @prisma/adapter-libsql 7.10.0: `failed.sql`, and `migrate resolve --rolled-back`.
PRAGMA user_version = 0;
PRAGMA foreign_keys = OFF;
BEGIN;
CREATE TABLE "_prisma_migrations" (
    "id"                    TEXT PRIMARY KEY NOT NULL,
    "checksum"              TEXT NOT NULL,
    "finished_at"           DATETIME,
    "migration_name"        TEXT NOT NULL,
    "logs"                  TEXT,
    "rolled_back_at"        DATETIME,
    "started_at"            DATETIME NOT NULL DEFAULT current_timestamp,
    "applied_steps_count"   INTEGER UNSIGNED NOT NULL DEFAULT 0
);
INSERT INTO "_prisma_migrations" VALUES ('217fd89d-9131-414c-bdaa-f48f6839ef62', 'e106b05b3e9d61df7d7aa3fd4da821c3c253afcb1495d39f2c1449dd0cb7b057', '2026-11-27T11:28:54.374+00:00', '20240103081500_create_workshop', NULL, NULL, '2026-11-27T11:28:54.366+00:00', 1);
INSERT INTO "_prisma_migrations" VALUES ('193c1419-55a6-4706-bff1-50d90d188ca3', 'a41dd6138063d6deb8bcfb062a946b9843a374f872513ec0f89dab4b70497941', '2026-11-27T11:28:54.380+00:00', '20240110093011_log_repairs', NULL, NULL, '2026-11-27T11:28:54.376+00:00', 1);
INSERT INTO "_prisma_migrations" VALUES ('eb68d155-cfae-4bb9-9a14-23fc9719a1e4', '5d3dcc608e00e2470894e0cf91feb8254bd0a94268de1f7fe486923d6838ea30', '2026-11-27T11:28:54.386+00:00', '20240215170245_settle_texts', NULL, NULL, '2026-11-27T11:28:54.381+00:00', 1);
INSERT INTO "_prisma_migrations" VALUES ('7a12acca-8359-4a00-a308-6d09b3e95d2b', 'c74243e5c70c69b1905bc53bfba1d2bc11cf6d952704f294fff37d726a7f7650', '2026-11-27T11:28:54.394+00:00', '20240401120000_price_in_cents', NULL, NULL, '2026-11-27T11:28:54.387+00:00', 1);
INSERT INTO "_prisma_migrations" VALUES ('7a23785c-0a62-4787-b0cc-da7a01c3b2a0', 'ed3d6e2faef94cdd9465c5d754ee02fb6f128f33c115e4d56ded8f7dd65cc90c', '2026-11-27T11:28:54.400+00:00', '20240520064559_email_is_unique', NULL, NULL, '2026-11-27T11:28:54.395+00:00', 1);
INSERT INTO "_prisma_migrations" VALUES ('d96a8eb0-8032-4d3c-8d94-2b5072cdfbee', '438d750671475c3218a11098c3959182338628faea2180cf3802db0a05d77220', NULL, '20240611200130_add_phone', 'SQLITE_ERROR: no such table: costumer
   0: sql_schema_connector::apply_migration::apply_script
           with migration_name="20240611200130_add_phone"
             at schema-engine/connectors/sql-schema-connector/src/apply_migration.rs:113
   1: schema_commands::commands::apply_migrations::Applying migration
           with migration_name="20240611200130_add_phone"
             at schema-engine/commands/src/commands/apply_migrations.rs:95
   2: schema_engine_wasm::wasm::engine::ApplyMigrations
             at schema-engine/schema-engine-wasm/src/wasm/engine.rs:167', '2026-11-27T11:28:54.747+00:00', '2026-11-27T11:28:54.577+00:00', 0);
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
CREATE INDEX repair_by_customer ON repair (customer_id);
CREATE TRIGGER repair_is_logged AFTER UPDATE OF what ON repair
BEGIN
    INSERT INTO repair_log (repair_id, note) VALUES (old.id, 'was: ' || old.what);
    DELETE FROM repair_log WHERE note = 'was: ;';
END;
COMMIT;
