-- dbmigrate: no-transaction
-- dbmigrate: foreign-keys off
-- dbmigrate: tolerate existing
-- dbmigrate: irreversible the rows are gone
VACUUM;
/* a comment; with 'quotes' */ CREATE INDEX "i" ON [t](`a`);
