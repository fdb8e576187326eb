-- dbmigrate: irreversible the rows are gone
DROP TABLE a;
-- dbmigrate: call tidy_up
