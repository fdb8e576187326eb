CREATE TABLE repair_new (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    customer_id INTEGER NOT NULL REFERENCES customer (id) ON DELETE CASCADE,
    what TEXT NOT NULL,
    cents INTEGER NOT NULL DEFAULT 0 CHECK (cents >= 0)
);

INSERT INTO repair_new (id, customer_id, what, cents)
SELECT id, customer_id, what, CAST(round(coalesce(price, 0) * 100) AS INTEGER) FROM repair;

DROP TABLE repair;

ALTER TABLE repair_new RENAME TO repair;

CREATE INDEX repair_by_customer ON repair (customer_id);

CREATE TRIGGER repair_is_logged AFTER UPDATE OF what ON repair
BEGIN
    INSERT INTO repair_log (repair_id, note) VALUES (old.id, 'was: ' || old.what);
    DELETE FROM repair_log WHERE note = 'was: ;';
END;
