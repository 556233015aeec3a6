-- Which clients who wait too long their operator has been told of, since when they wait. The newest
-- has the largest number; the oldest are forgotten.
CREATE TABLE told_late (
    position INTEGER NOT NULL PRIMARY KEY,
    chat_id BLOB NOT NULL,
    waiting_since INTEGER NOT NULL,
    UNIQUE (chat_id, waiting_since)
) STRICT;
