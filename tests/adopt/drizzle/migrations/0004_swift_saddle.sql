PRAGMA foreign_keys = OFF;--> statement-breakpoint
CREATE TABLE customer_new (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    email TEXT UNIQUE
);--> statement-breakpoint
INSERT INTO customer_new (id, name, email) SELECT id, name, email FROM customer;--> statement-breakpoint
DROP TABLE customer;--> statement-breakpoint
ALTER TABLE customer_new RENAME TO customer;--> statement-breakpoint
PRAGMA foreign_keys = ON;
