DROP TABLE repair;
DROP TABLE customer;
