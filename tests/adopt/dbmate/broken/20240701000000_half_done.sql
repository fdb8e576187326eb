-- migrate:up transaction:false
CREATE TABLE half_done (id INTEGER PRIMARY KEY);
INSERT INTO nowhere (id) VALUES (1);

-- migrate:down
