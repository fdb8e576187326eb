CREATE TRIGGER keep_old_names AFTER UPDATE OF name ON users BEGIN
    INSERT INTO renames VALUES (old.id, old.name);
END;
