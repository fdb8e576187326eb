CREATE TABLE later(x);
