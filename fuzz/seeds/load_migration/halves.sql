-- Migration: Halves
-- Version: 1.2.0
-- dbmigrate: requires 001_a
-- dbmigrate: assert SELECT count(*) = 0 FROM t
PRAGMA foreign_keys = OFF;
BEGIN IMMEDIATE;
CREATE TABLE t(a, b DEFAULT 'x;y');
CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT CASE WHEN 1 THEN 2 END; END;
-- dbmigrate: call fill
COMMIT;
-- dbmigrate: down
DROP TABLE t;
