-- Description: Notebooks and what stands in them.
CREATE TABLE notebooks (
  id INTEGER PRIMARY KEY,
  title TEXT
);

CREATE TABLE notes (
  id INTEGER PRIMARY KEY,
  notebook INTEGER NOT NULL REFERENCES notebooks (id) ON DELETE CASCADE,
  text TEXT NOT NULL
);

CREATE INDEX notes_by_notebook ON notes (notebook);

INSERT INTO notebooks VALUES (1, 'first'), (2, NULL);
INSERT INTO notes (notebook, text) VALUES (1, 'one'), (1, 'two'), (2, 'three');
