-- Closed chats of which the archive has not everything yet: a handful, except after an upgrade.
CREATE INDEX chats_to_archive ON chats (key)
    WHERE status = 'closed' AND archived_place < last_place;

-- Closed chats in the order in which the archive shows them. What stands here of a chat that has
-- come back or was active since counts no longer, and stays: taking it out would cost each client
-- who comes back a page that nothing else touches.
CREATE TABLE closings (
    at INTEGER NOT NULL,
    chat INTEGER NOT NULL REFERENCES chats (key),
    PRIMARY KEY (at, chat)
) STRICT, WITHOUT ROWID;
INSERT INTO closings (at, chat) SELECT last_activity_at, key FROM chats WHERE status = 'closed';
