ALTER TABLE teams ADD COLUMN name TEXT;
-- dbmigrate: dwon
ALTER TABLE teams DROP COLUMN name;
