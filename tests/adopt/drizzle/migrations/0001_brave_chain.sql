CREATE INDEX repair_by_customer ON repair (customer_id);--> statement-breakpoint
CREATE TABLE repair_log (
    id INTEGER PRIMARY KEY,
    repair_id INTEGER NOT NULL,
    note TEXT NOT NULL
);--> statement-breakpoint
CREATE TRIGGER repair_is_logged AFTER UPDATE OF what ON repair
BEGIN
    INSERT INTO repair_log (repair_id, note) VALUES (old.id, 'was: ' || old.what);
    DELETE FROM repair_log WHERE note = 'was: ;';
END;
