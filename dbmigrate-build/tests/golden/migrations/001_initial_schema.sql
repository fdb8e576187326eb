-- Migration: Initial schema
-- Version: 1.0.0
CREATE TABLE a(x);
