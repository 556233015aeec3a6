-- What operators have begun to write. Whatever changes a draft, or ends it, gives it the next version.
CREATE TABLE drafts (
    operator INTEGER NOT NULL REFERENCES operators (key),
    chat INTEGER NOT NULL REFERENCES chats (key),
    mode TEXT NOT NULL CHECK (mode = 'reply' OR mode = 'comment'),
    version INTEGER NOT NULL,
    device BLOB NOT NULL,
    text TEXT NOT NULL,
    mentions TEXT NOT NULL,
    writers TEXT NOT NULL,
    changed_at INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (operator, chat, mode)
) STRICT, WITHOUT ROWID;
CREATE INDEX drafts_by_seq ON drafts (operator, seq);
