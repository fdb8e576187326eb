-- Description: Notes can be starred.
ALTER TABLE notes ADD COLUMN stars INTEGER NOT NULL DEFAULT 0;
