DROP INDEX customer_by_phone;
ALTER TABLE customer DROP COLUMN phone;
