-- migrate:up transaction:false
PRAGMA foreign_keys = OFF;

BEGIN;

CREATE TABLE customer_new (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    email TEXT UNIQUE
);

INSERT INTO customer_new (id, name, email) SELECT id, name, email FROM customer;

DROP TABLE customer;

ALTER TABLE customer_new RENAME TO customer;

COMMIT;

PRAGMA foreign_keys = ON;

-- migrate:down transaction:false
PRAGMA foreign_keys = OFF;

BEGIN;

CREATE TABLE customer_old (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    email TEXT
);

INSERT INTO customer_old (id, name, email) SELECT id, name, email FROM customer;

DROP TABLE customer;

ALTER TABLE customer_old RENAME TO customer;

COMMIT;

PRAGMA foreign_keys = ON;
