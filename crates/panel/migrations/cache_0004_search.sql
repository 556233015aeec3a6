-- What is found as its operator types. The indexes hold words alone, without the texts: what stands in
-- them for an entry or a chat is made from its row (search/index.rs), to be put in and to be taken out.

-- Where it stands in the index, the later sent the larger; none while it is not in it yet, 0 if it never
-- is.
ALTER TABLE entries ADD COLUMN doc INTEGER;
-- Of all rows: with `WHERE doc > 0` a query must say so too, and SQLite takes that for where to begin.
CREATE INDEX entries_doc ON entries (doc);

ALTER TABLE chats ADD COLUMN doc INTEGER;
ALTER TABLE chats ADD COLUMN active_at INTEGER
    GENERATED ALWAYS AS (json_extract(body, '$.last_activity_at')) VIRTUAL;
ALTER TABLE chats ADD COLUMN client_id TEXT
    GENERATED ALWAYS AS (json_extract(body, '$.client.id')) VIRTUAL;
CREATE INDEX chats_doc ON chats (doc);
CREATE INDEX chats_closed ON chats (active_at) WHERE NOT is_listed;
CREATE INDEX chats_client ON chats (client_id);

-- `tokenize`: words come with spaces between them, and everything beyond ASCII is part of one.
CREATE VIRTUAL TABLE found_entries USING fts5 (
    words, stems, tags,
    content = '', detail = 'column', prefix = '1 2 3', tokenize = 'ascii'
);
-- What is taken out does not stay in the file until its segment is merged.
INSERT INTO found_entries (found_entries, rank) VALUES ('secure-delete', 1);

-- The longer words of entries, and in how many entries of the index each stands. Of the beginning of a word
-- FTS5 has to read and sort all that it stands for; of whole words it reads the newest alone.
CREATE TABLE found_words (
    word TEXT NOT NULL PRIMARY KEY,
    n INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE VIRTUAL TABLE found_chats USING fts5 (
    -- Names; all ends of the number, so that any fragment of it begins one; the number.
    words, ends, number,
    content = '', detail = 'column', prefix = '1 2 3', tokenize = 'ascii'
);
INSERT INTO found_chats (found_chats, rank) VALUES ('secure-delete', 1);

-- By which rules the words were made. Others build the index anew.
CREATE TABLE search (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    version INTEGER NOT NULL
) STRICT;
