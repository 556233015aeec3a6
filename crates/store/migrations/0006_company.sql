-- What administrators and supervisors have done: only ever added to. `OR REPLACE` deletes without
-- asking a trigger that guards against deletion, so that an entry whose key is there is refused too.
CREATE TABLE audit (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    operator INTEGER NULL REFERENCES operators (key),
    integration INTEGER NULL REFERENCES integrations (key),
    kind TEXT NOT NULL,
    act TEXT NOT NULL,
    CHECK (operator IS NULL OR integration IS NULL)
) STRICT;
CREATE INDEX audit_by_operator ON audit (operator, key);
CREATE INDEX audit_by_kind ON audit (kind, key);
CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
BEGIN SELECT raise(ABORT, 'the audit log is only added to'); END;
CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON audit
BEGIN SELECT raise(ABORT, 'the audit log is only added to'); END;
CREATE TRIGGER audit_is_not_replaced BEFORE INSERT ON audit
WHEN EXISTS (SELECT 1 FROM audit WHERE key = NEW.key)
BEGIN SELECT raise(ABORT, 'the audit log is only added to'); END;

CREATE TABLE company (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    revision INTEGER NOT NULL,
    settings TEXT NOT NULL,
    seq INTEGER NOT NULL
) STRICT;
INSERT INTO company (only_row, revision, settings, seq) VALUES (1, 0, '{}', 0);

-- What an administrator sees of a device, and since when a channel cannot send.
ALTER TABLE sessions ADD COLUMN last_seen_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN address TEXT NOT NULL DEFAULT '';
ALTER TABLE channels ADD COLUMN problem_since INTEGER NULL;
ALTER TABLE integrations ADD COLUMN last_used_at INTEGER NULL;
UPDATE sessions SET last_seen_at = created_at;
