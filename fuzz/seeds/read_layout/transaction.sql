-- no-transaction
COMMIT;
PRAGMA foreign_keys=OFF;
BEGIN;
DROP TABLE a;
COMMIT;
PRAGMA foreign_keys=ON;
BEGIN;
-- Down
${x}
executeInTransaction=false
