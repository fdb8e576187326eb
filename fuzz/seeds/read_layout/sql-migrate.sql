-- +migrate Down notransaction
DROP TABLE a;
-- +migrate Up
-- +migrate StatementBegin
CREATE TABLE a (b);
-- +migrate StatementEnd
