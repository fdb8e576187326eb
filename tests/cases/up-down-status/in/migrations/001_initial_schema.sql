-- Migration: Initial schema
-- Version: 1.0.0
CREATE TABLE teams(id INTEGER PRIMARY KEY);
