003_add_users.up.sql
CREATE VIEW v AS SELECT 1;
