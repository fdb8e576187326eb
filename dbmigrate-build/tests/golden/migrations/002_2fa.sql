-- dbmigrate: no-transaction
BEGIN;
REPLACE INTO a VALUES (1);
COMMIT;
PRAGMA cache_size = 100;
VACUUM;
-- dbmigrate: down
-- dbmigrate: foreign-keys off
DELETE FROM a;
ALTER TABLE a DROP COLUMN y;
