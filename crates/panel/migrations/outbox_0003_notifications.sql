-- What this device has told its operator of each chat. The backend does not know it: another device
-- tells for itself.
CREATE TABLE told (
    chat_id BLOB NOT NULL PRIMARY KEY,
    -- Up to here the chat's entries were told, or had not to be.
    place INTEGER NOT NULL,
    -- Whether it was told that the chat stands in the queue, and that a rule asks for one's attention.
    is_queued INTEGER NOT NULL,
    is_suggested INTEGER NOT NULL,
    -- The newest reply of which it was told that it will not arrive.
    failed_place INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What was told, the newest with the largest number. No text: that stands in the cache, as long as
-- its reader may have it.
CREATE TABLE notifications (
    position INTEGER NOT NULL PRIMARY KEY,
    -- By the local clock.
    at INTEGER NOT NULL,
    body TEXT NOT NULL
) STRICT;

-- How its operator wants to be told on this device; and whether anything was ever told, since what
-- a new device finds is no news.
CREATE TABLE notifying (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    settings TEXT,
    has_begun INTEGER NOT NULL,
    -- The newest one that was looked at in the list.
    seen INTEGER NOT NULL
) STRICT;
INSERT INTO notifying (id, settings, has_begun, seen) VALUES (1, NULL, 0, 0);
