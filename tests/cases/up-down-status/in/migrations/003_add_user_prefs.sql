-- dbmigrate: irreversible the old names are gone
ALTER TABLE teams ADD COLUMN name;
