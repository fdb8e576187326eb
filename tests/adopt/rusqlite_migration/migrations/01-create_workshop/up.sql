-- Who brings a bicycle, and what is done to it.
CREATE TABLE customer (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    email TEXT
);

CREATE TABLE repair (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    customer_id INTEGER NOT NULL REFERENCES customer (id) ON DELETE CASCADE,
    what TEXT NOT NULL,
    price TEXT
);

INSERT INTO customer (id, name, email) VALUES (1, 'Ada', 'Ada@Example.org'), (2, 'Grace', NULL);
INSERT INTO repair (customer_id, what, price) VALUES (1, 'new chain', '24.50'), (1, 'true a wheel', '18'), (2, 'a puncture', '9');
