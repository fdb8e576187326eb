-- Migration: Users
CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL, gone_at TEXT);
CREATE TABLE renames (user INTEGER NOT NULL REFERENCES users, name TEXT NOT NULL);
-- dbmigrate: down
DROP TABLE renames;
DROP TABLE users;
