-- Hidden comments have a table of their own: what sends messages does not read it.
CREATE TABLE comments (
    entry INTEGER PRIMARY KEY REFERENCES entries (key),
    text TEXT NOT NULL
) STRICT;

CREATE TABLE mentions (
    entry INTEGER NOT NULL REFERENCES entries (key),
    operator INTEGER NOT NULL REFERENCES operators (key),
    PRIMARY KEY (entry, operator)
) STRICT, WITHOUT ROWID;

-- Programs with an API key, of which only the hash is kept.
CREATE TABLE integrations (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    id BLOB NOT NULL UNIQUE,
    name TEXT NOT NULL UNIQUE,
    key_hash BLOB NOT NULL UNIQUE,
    is_active INTEGER NOT NULL CHECK (is_active IN (0, 1)),
    created_at INTEGER NOT NULL,
    seq INTEGER NOT NULL
) STRICT;
CREATE INDEX integrations_by_seq ON integrations (seq);

ALTER TABLE entries ADD COLUMN integration INTEGER NULL REFERENCES integrations (key);
ALTER TABLE read_marks ADD COLUMN only_addressed INTEGER NOT NULL DEFAULT 0;

-- What staff call a client, and what they should know.
ALTER TABLE clients ADD COLUMN given_name TEXT NULL;
ALTER TABLE clients ADD COLUMN note TEXT NOT NULL DEFAULT '';

-- The archive's index, written down when a chat is closed: the words of neighbouring lines by the key
-- of their chat and the number of their block, and clients' names and numbers by the key of their chat.
-- What is written are words with spaces between them, so a tokenizer that knows no letters does.
CREATE VIRTUAL TABLE archive_lines USING fts5 (
    text, content = '', contentless_delete = 1, tokenize = 'ascii', detail = none, prefix = '1 2 3'
);
CREATE VIRTUAL TABLE archive_clients USING fts5 (
    text, content = '', contentless_delete = 1, tokenize = 'ascii', detail = none, prefix = '1 2 3'
);
ALTER TABLE chats ADD COLUMN archived_place INTEGER NOT NULL DEFAULT 0;
