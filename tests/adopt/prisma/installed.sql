-- Made by prisma's schema engine 7.10.0 with @prisma/adapter-libsql 7.10.0: the first five of `migrations`.
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
INSERT INTO "_prisma_migrations" VALUES ('83967878-f0af-4bad-bbfa-8607879838a1', 'e106b05b3e9d61df7d7aa3fd4da821c3c253afcb1495d39f2c1449dd0cb7b057', '2026-11-27T11:28:53.987+00:00', '20240103081500_create_workshop', NULL, NULL, '2026-11-27T11:28:53.980+00:00', 1);
INSERT INTO "_prisma_migrations" VALUES ('411206ea-ed1a-4c58-85ed-5752f6d6453d', 'a41dd6138063d6deb8bcfb062a946b9843a374f872513ec0f89dab4b70497941', '2026-11-27T11:28:53.993+00:00', '20240110093011_log_repairs', NULL, NULL, '2026-11-27T11:28:53.989+00:00', 1);
INSERT INTO "_prisma_migrations" VALUES ('f10d5452-8697-46b8-98aa-e12f057cd140', '5d3dcc608e00e2470894e0cf91feb8254bd0a94268de1f7fe486923d6838ea30', '2026-11-27T11:28:53.998+00:00', '20240215170245_settle_texts', NULL, NULL, '2026-11-27T11:28:53.994+00:00', 1);
INSERT INTO "_prisma_migrations" VALUES ('9973b5db-2b8f-4e6b-84f9-70a732e901b8', 'c74243e5c70c69b1905bc53bfba1d2bc11cf6d952704f294fff37d726a7f7650', '2026-11-27T11:28:54.006+00:00', '20240401120000_price_in_cents', NULL, NULL, '2026-11-27T11:28:53.999+00:00', 1);
INSERT INTO "_prisma_migrations" VALUES ('e5f44ed6-cf49-4372-b80d-68d3c7cfba9d', 'ed3d6e2faef94cdd9465c5d754ee02fb6f128f33c115e4d56ded8f7dd65cc90c', '2026-11-27T11:28:54.020+00:00', '20240520064559_email_is_unique', NULL, NULL, '2026-11-27T11:28:54.007+00:00', 1);
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
