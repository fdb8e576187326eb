-- migrate:up transaction:false
CREATE TABLE a (b);

-- migrate:down
DROP TABLE a;
