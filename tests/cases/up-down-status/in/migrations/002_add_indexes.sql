CREATE INDEX teams_by_id ON teams(id);
-- dbmigrate: down
DROP INDEX teams_by_id;
