CREATE VIEW active_users AS SELECT id, name FROM users WHERE gone_at IS NULL;

CREATE TRIGGER active_users_leave INSTEAD OF DELETE ON active_users BEGIN
    UPDATE users SET gone_at = datetime('now') WHERE id = old.id;
END;
