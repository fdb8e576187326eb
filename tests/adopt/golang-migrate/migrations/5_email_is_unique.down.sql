PRAGMA foreign_keys = OFF;

CREATE TABLE customer_old (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    email TEXT
);

INSERT INTO customer_old (id, name, email) SELECT id, name, email FROM customer;

DROP TABLE customer;

ALTER TABLE customer_old RENAME TO customer;

PRAGMA foreign_keys = ON;
