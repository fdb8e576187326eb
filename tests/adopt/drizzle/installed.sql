-- Made by drizzle-orm 0.45.4 with @libsql/client 0.18.0: the first five of `migrations`.
PRAGMA user_version = 0;
PRAGMA foreign_keys = OFF;
BEGIN;
CREATE TABLE "__drizzle_migrations" (
			id SERIAL PRIMARY KEY,
			hash text NOT NULL,
			created_at numeric
		);
INSERT INTO "__drizzle_migrations" VALUES (NULL, '3d78ed7f9115724d042c87cb638dfb2833573b436973aa832ecac898a64aa9b9', 1704269700000);
INSERT INTO "__drizzle_migrations" VALUES (NULL, 'd40aa6a6c23b4defc651335d90887cd85d631d48de5c84e69c100c08e9f5a64b', 1706861700977);
INSERT INTO "__drizzle_migrations" VALUES (NULL, '35857323583e747c6a7402c7ce548deb5cfc03451aad6ce925575288623b610e', 1709453701954);
INSERT INTO "__drizzle_migrations" VALUES (NULL, '816ee422b540d623306b4ba1bd29091c946b246dfc045a4038bb286f8ad8f452', 1712045702931);
INSERT INTO "__drizzle_migrations" VALUES (NULL, 'befa8a0e9d7ee3e208c4f25dd50ef6373c536c043483d93301f9995d459ef1de', 1714637703908);
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
