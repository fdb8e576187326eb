-- Data, and texts that look like more than one statement.
UPDATE customer SET email = lower(email) WHERE email IS NOT NULL;
UPDATE repair SET what = what || '; paid -- in cash' WHERE price = '9';
INSERT INTO customer (id, name, email) VALUES (3, 'Müller; & sons', 'office@mueller.example');
