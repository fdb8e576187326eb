-- dbmigrate: tolerate existing
-- dbmigrate: foreign-keys off
-- dbmigrate: assert SELECT 1
CREATE TABLE runs(at);
