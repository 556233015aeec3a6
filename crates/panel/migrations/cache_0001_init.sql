-- What the panel holds of the backend's data. Bodies are rows of the protocol as JSON: whoever
-- cannot read them deletes the file and fetches anew.

CREATE TABLE chats (
    id BLOB NOT NULL PRIMARY KEY,
    body TEXT NOT NULL,
    -- False for a chat that was closed while its history was kept.
    is_listed INTEGER NOT NULL,
    -- Held messages of the client after the read mark.
    n_unread INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX chats_listed ON chats (id) WHERE is_listed;

-- A chat's places are dense, so what is held of it, and where the gaps are, is read off `place`.
CREATE TABLE entries (
    chat_id BLOB NOT NULL,
    place INTEGER NOT NULL,
    is_inbound INTEGER NOT NULL,
    -- Of a comment: whom it mentions, as JSON.
    mentions TEXT,
    -- The command that made it, if it was a command.
    command_id BLOB,
    body TEXT NOT NULL,
    PRIMARY KEY (chat_id, place)
) STRICT;
CREATE INDEX entries_inbound ON entries (chat_id, place) WHERE is_inbound;
CREATE INDEX entries_mentions ON entries (chat_id, place) WHERE mentions IS NOT NULL;
CREATE INDEX entries_command ON entries (command_id) WHERE command_id IS NOT NULL;

CREATE TABLE marks (
    chat_id BLOB NOT NULL PRIMARY KEY,
    read_place INTEGER NOT NULL,
    -- Whether the operator, who observes, is told only of what is addressed to them.
    only_addressed INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE operators (
    id BLOB NOT NULL PRIMARY KEY,
    body TEXT NOT NULL
) STRICT;

CREATE TABLE channels (
    id BLOB NOT NULL PRIMARY KEY,
    body TEXT NOT NULL
) STRICT;

CREATE TABLE integrations (
    id BLOB NOT NULL PRIMARY KEY,
    body TEXT NOT NULL
) STRICT;

CREATE TABLE company (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    body TEXT NOT NULL
) STRICT;

CREATE TABLE ready_answers (
    id BLOB NOT NULL PRIMARY KEY,
    body TEXT NOT NULL
) STRICT;

-- There is a row while copies of what was erased may stand in the file.
CREATE TABLE remains (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1)
) STRICT;

-- Up to where the feed is applied; no row before the first snapshot.
CREATE TABLE feed (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    epoch TEXT NOT NULL,
    seq INTEGER NOT NULL
) STRICT;
