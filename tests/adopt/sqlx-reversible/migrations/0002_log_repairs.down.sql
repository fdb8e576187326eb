DROP TRIGGER repair_is_logged;
DROP TABLE repair_log;
DROP INDEX repair_by_customer;
