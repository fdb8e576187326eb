-- Description: A notebook has a title. SQLite has to make the table anew for that, and no note may be lost with it.
-- dbmigrate: irreversible the titles that were missing are not known any more
CREATE TABLE notebooks_new (
  id INTEGER PRIMARY KEY,
  title TEXT NOT NULL
);

INSERT INTO notebooks_new (id, title) SELECT id, coalesce(title, 'untitled') FROM notebooks;
DROP TABLE notebooks;
ALTER TABLE notebooks_new RENAME TO notebooks;
