-- +goose NO TRANSACTION
-- +goose Up
CREATE TABLE half_done (id INTEGER PRIMARY KEY);
INSERT INTO nowhere (id) VALUES (1);
