-- +goose Up
-- +goose StatementBegin
CREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT 1; END;
-- +goose StatementEnd
CREATE TABLE a (b);
-- +goose NO TRANSACTION
-- +goose Down
DROP TABLE a;
