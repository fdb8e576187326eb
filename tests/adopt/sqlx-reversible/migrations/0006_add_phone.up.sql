ALTER TABLE customer ADD COLUMN phone TEXT;

CREATE INDEX customer_by_phone ON customer (phone) WHERE phone IS NOT NULL;
