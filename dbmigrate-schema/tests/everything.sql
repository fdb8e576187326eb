-- Every feature that the model knows, for tests.
CREATE TABLE parent (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  code TEXT NOT NULL ON CONFLICT FAIL COLLATE NOCASE UNIQUE ON CONFLICT REPLACE,
  "odd name" VARCHAR(10, 2) DEFAULT 'it''s',
  CONSTRAINT both UNIQUE (code COLLATE BINARY DESC, id) ON CONFLICT IGNORE
);

CREATE TABLE child (
  a INT CONSTRAINT there NOT NULL,
  b TEXT DEFAULT (lower('X')) CONSTRAINT small CHECK (length(b) < 10),
  c BLOB DEFAULT x'00ff',
  d REAL DEFAULT -1.5,
  e ANY DEFAULT CURRENT_TIMESTAMP,
  f INT GENERATED ALWAYS AS (a * 2) STORED,
  g TEXT AS (b || 'x') VIRTUAL NOT NULL,
  parent_id INT CONSTRAINT up REFERENCES parent (id) ON DELETE CASCADE ON UPDATE SET NULL,
  PRIMARY KEY (a, b DESC),
  CHECK (a > 0 OR (b IS NOT NULL AND d < 0)),
  CONSTRAINT pair FOREIGN KEY (b) REFERENCES parent (code) DEFERRABLE INITIALLY DEFERRED
) STRICT, WITHOUT ROWID;

CREATE TABLE bare (a, b);

CREATE UNIQUE INDEX by_b ON child (b COLLATE NOCASE DESC, a + 1) WHERE c IS NOT NULL;
CREATE INDEX by_code ON parent (code);

CREATE VIEW both_of_them (one, "two words") AS
  WITH c AS (SELECT a, parent_id FROM child)
  SELECT c.a, parent.code FROM c JOIN parent ON parent.id = c.parent_id;

CREATE TRIGGER watch AFTER UPDATE OF a, b ON child WHEN new.a <> old.a OR (new.b IS NULL) BEGIN
  INSERT INTO bare VALUES (new.a, CASE WHEN new.b IS NULL THEN 'none' ELSE new.b END);
  DELETE FROM bare WHERE a = old.a;
END;

CREATE TRIGGER instead INSTEAD OF INSERT ON both_of_them BEGIN
  INSERT INTO bare (a) VALUES (new.one);
END;

CREATE VIRTUAL TABLE search USING fts5(title, body, content = 'bare', tokenize = "porter unicode61");
