INSERT INTO teams VALUES (1, 'open);
