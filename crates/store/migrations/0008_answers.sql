-- Ready answers. `owner` is an operator's key, or 0 for the company's. What was deleted stays as a
-- row without words, so that readers who come back are told; the newest of them suffice.
CREATE TABLE ready_answers (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    id BLOB NOT NULL UNIQUE,
    owner INTEGER NOT NULL,
    shortcut TEXT NOT NULL,
    folded_shortcut TEXT NOT NULL,
    title TEXT NOT NULL,
    group_name TEXT NOT NULL,
    text TEXT NOT NULL,
    is_deleted INTEGER NOT NULL DEFAULT 0 CHECK (is_deleted IN (0, 1)),
    seq INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX ready_answers_by_shortcut ON ready_answers (owner, folded_shortcut)
    WHERE is_deleted = 0;
CREATE INDEX ready_answers_by_seq ON ready_answers (owner, seq);
CREATE INDEX ready_answers_deleted ON ready_answers (owner, seq) WHERE is_deleted = 1;

-- The number that clients write to, which links to it are made of.
ALTER TABLE channels ADD COLUMN phone TEXT NULL;
