DROP VIEW IF EXISTS open_repairs;
CREATE VIEW open_repairs AS SELECT id, what FROM repair;
