-- Automatic texts, working hours and the direction of new chats, as they were set last. Each has a
-- revision, so that of two who change it at once neither overwrites what they have not seen.
CREATE TABLE automatic (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    texts TEXT NULL,
    texts_revision INTEGER NOT NULL DEFAULT 0,
    hours TEXT NULL,
    hours_revision INTEGER NOT NULL DEFAULT 0,
    directions TEXT NULL,
    directions_revision INTEGER NOT NULL DEFAULT 0,
    waits_since INTEGER NULL,
    unknown_until INTEGER NULL
) STRICT;
INSERT INTO automatic (only_row) VALUES (1);

ALTER TABLE entries ADD COLUMN automatic TEXT NULL;

-- What a chat knows of automatic texts stands in its own row, which is written with each message anyway.
ALTER TABLE chats ADD COLUMN automatic TEXT NULL;
ALTER TABLE chats ADD COLUMN told_waiting_at INTEGER NULL;
ALTER TABLE chats ADD COLUMN suggested INTEGER NULL REFERENCES operators (key);
CREATE INDEX chats_suggested ON chats (suggested) WHERE suggested IS NOT NULL;
-- Clients who wait and were not told in this wait that nobody answers.
CREATE INDEX chats_untold ON chats (waiting_since)
    WHERE waiting_since IS NOT NULL AND (told_waiting_at IS NULL OR told_waiting_at < waiting_since);
