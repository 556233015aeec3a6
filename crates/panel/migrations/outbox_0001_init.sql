-- What its author wrote and the backend has not answered: lost nowhere else than here.

CREATE TABLE commands (
    -- Its turn in its chat.
    position INTEGER NOT NULL PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    chat_id BLOB NOT NULL,
    -- The command as JSON: what is sent, the same each time.
    body TEXT NOT NULL,
    -- By the local clock.
    made_at INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'handed_over', 'done', 'held')),
    -- Of a held one: why it was refused, as JSON.
    problem TEXT,
    -- By the local clock: until then it waits, so that it can be taken back.
    not_before INTEGER NOT NULL DEFAULT 0,
    -- Of a done reply: the place of its entry, which is still to arrive.
    done_place INTEGER
) STRICT;
CREATE INDEX commands_of_chat ON commands (chat_id, position);

CREATE TABLE drafts (
    chat_id BLOB NOT NULL PRIMARY KEY,
    -- The client's name: all that is known of them once the chat has left the cache.
    client_name TEXT,
    -- The reply. `returned` is refused text that was put back and that its author has not been
    -- shown yet.
    returned TEXT NOT NULL DEFAULT '',
    text TEXT NOT NULL DEFAULT '',
    -- The hidden comment, likewise, and whom it mentions as JSON.
    comment_returned TEXT NOT NULL DEFAULT '',
    comment TEXT NOT NULL DEFAULT '',
    mentions TEXT NOT NULL DEFAULT '[]',
    -- What the composer writes.
    mode TEXT NOT NULL DEFAULT 'reply' CHECK (mode IN ('reply', 'comment')),
    -- Grows whenever text is put back: who knows it has been shown that text.
    revision INTEGER NOT NULL DEFAULT 0,
    -- Of a chat out of sight: why its text was not sent, as JSON.
    problem TEXT
) STRICT;

-- Read marks that the backend is still to be told.
CREATE TABLE marks (
    chat_id BLOB NOT NULL PRIMARY KEY,
    place INTEGER NOT NULL,
    -- Whether the chat was out of its reader's sight when the backend was told: it is told again
    -- when the chat has come back.
    is_parked INTEGER NOT NULL DEFAULT 0
) STRICT;
