-- Migration: Add a name

ALTER TABLE teams ADD COLUMN name TEXT;
UPDATE teams
   SET nmae = upper(name);
