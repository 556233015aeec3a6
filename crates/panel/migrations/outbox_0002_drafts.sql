-- How a draft stands to the one that the backend has, which the operator's other devices write too.
CREATE TABLE standings (
    chat_id BLOB NOT NULL,
    mode TEXT NOT NULL CHECK (mode IN ('reply', 'comment')),
    -- The backend's draft that the one here was made of, or is the same as.
    version INTEGER NOT NULL,
    text TEXT NOT NULL,
    mentions TEXT NOT NULL,
    -- What the backend was told to take in its place, as JSON, while it is not known whether it did.
    told TEXT,
    -- A newer one from another device, as JSON, while the composer has the focus.
    elsewhere TEXT,
    PRIMARY KEY (chat_id, mode)
) STRICT;

-- Which device this is: what it has written itself comes back to it by the feed.
CREATE TABLE device (
    id BLOB NOT NULL PRIMARY KEY
) STRICT;

-- Of a reply or comment: the version of the draft that went into it.
ALTER TABLE commands ADD COLUMN draft_version INTEGER NOT NULL DEFAULT 0;
