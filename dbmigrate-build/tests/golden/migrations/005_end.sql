-- dbmigrate: irreversible the rows are gone
-- dbmigrate: requires 001_initial_schema
-- dbmigrate: requires billing/004_invoices
-- dbmigrate: assert SELECT count(*) = 0 FROM a
-- dbmigrate: assert SELECT 1
DROP TABLE a;
-- dbmigrate: call tidy_up
