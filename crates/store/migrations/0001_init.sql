-- What the backend remembers. docs/schema.md says what every table and column is for.
-- Ids that leave the program are UUIDv7 in `id`; inside, rows refer to each other by `key`,
-- which is smaller and keeps indexes dense. Times are milliseconds since 1970 UTC.
-- `seq` is the place of a row's last change in the one order of changes that readers follow.
-- Words of tables that every message writes to are checked with OR: for an IN of three or more
-- SQLite makes a table of its own at each statement.

CREATE TABLE store (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    seq INTEGER NOT NULL
) STRICT;

CREATE TABLE epochs (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    epoch TEXT NOT NULL UNIQUE,
    from_seq INTEGER NOT NULL
) STRICT;

CREATE TABLE operators (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    id BLOB NOT NULL UNIQUE,
    login TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('operator', 'supervisor', 'administrator')),
    is_active INTEGER NOT NULL CHECK (is_active IN (0, 1)),
    password_hash TEXT NOT NULL,
    created_seq INTEGER NOT NULL,
    seq INTEGER NOT NULL
) STRICT;
CREATE INDEX operators_by_seq ON operators (seq);

CREATE TABLE sessions (
    token_hash BLOB PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    operator INTEGER NOT NULL REFERENCES operators (key),
    device TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_by_operator ON sessions (operator);

CREATE TABLE channels (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    id BLOB NOT NULL UNIQUE,
    kind TEXT NOT NULL CHECK (kind IN ('whatsapp')),
    name TEXT NOT NULL,
    provider_key TEXT NOT NULL,
    settings TEXT NOT NULL,
    problem TEXT NULL,
    blocked_until INTEGER NOT NULL DEFAULT 0,
    seq INTEGER NOT NULL,
    UNIQUE (kind, provider_key)
) STRICT;
CREATE INDEX channels_by_seq ON channels (seq);

CREATE TABLE clients (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    id BLOB NOT NULL UNIQUE,
    name TEXT NULL,
    phone TEXT NULL
) STRICT;

CREATE TABLE identities (
    channel INTEGER NOT NULL REFERENCES channels (key),
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    client INTEGER NOT NULL REFERENCES clients (key),
    PRIMARY KEY (channel, kind, value)
) STRICT, WITHOUT ROWID;
CREATE INDEX identities_by_client ON identities (client, channel);

CREATE TABLE chats (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    id BLOB NOT NULL UNIQUE,
    channel INTEGER NOT NULL REFERENCES channels (key),
    client INTEGER NOT NULL REFERENCES clients (key),
    status TEXT NOT NULL CHECK (status = 'queued' OR status = 'in_work' OR status = 'closed'),
    owner INTEGER NULL REFERENCES operators (key),
    former_owner INTEGER NULL REFERENCES operators (key),
    last_place INTEGER NOT NULL,
    answered_place INTEGER NOT NULL,
    waiting_since INTEGER NULL,
    last_activity_at INTEGER NOT NULL,
    client_wrote_at INTEGER NULL,
    preview TEXT NULL,
    seq INTEGER NOT NULL,
    UNIQUE (client, channel),
    CHECK (status <> 'in_work' OR owner IS NOT NULL),
    CHECK (status <> 'queued' OR owner IS NULL)
) STRICT;
CREATE INDEX chats_in_work_by_owner ON chats (owner) WHERE status = 'in_work';

CREATE TABLE observers (
    chat INTEGER NOT NULL REFERENCES chats (key),
    operator INTEGER NOT NULL REFERENCES operators (key),
    PRIMARY KEY (chat, operator)
) STRICT, WITHOUT ROWID;
CREATE INDEX observers_by_operator ON observers (operator);

CREATE TABLE entries (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    id BLOB NOT NULL UNIQUE,
    chat INTEGER NOT NULL REFERENCES chats (key),
    place INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind = 'inbound' OR kind = 'outbound' OR kind = 'comment' OR kind = 'notice'),
    author INTEGER NULL REFERENCES operators (key),
    command_id BLOB NULL,
    sent_at INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    created_seq INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    UNIQUE (chat, place)
) STRICT;
-- New entries are found by their place. Those that changed later are few, and mostly of chats that
-- are being written in: an index of all would cost each message a page that nothing else touches.
CREATE INDEX entries_changed_later ON entries (chat, seq) WHERE seq > created_seq;

CREATE TABLE messages (
    entry INTEGER PRIMARY KEY REFERENCES entries (key),
    channel INTEGER NOT NULL REFERENCES channels (key),
    provider_id TEXT NULL,
    text TEXT NOT NULL,
    placeholder TEXT NULL,
    raw TEXT NULL
) STRICT;
CREATE UNIQUE INDEX messages_by_provider_id ON messages (channel, provider_id)
    WHERE provider_id IS NOT NULL;

CREATE TABLE notices (
    entry INTEGER PRIMARY KEY REFERENCES entries (key),
    notice TEXT NOT NULL
) STRICT;

CREATE TABLE deliveries (
    entry INTEGER PRIMARY KEY REFERENCES entries (key),
    chat INTEGER NOT NULL REFERENCES chats (key),
    state TEXT NOT NULL,
    state_since INTEGER NOT NULL,
    holds_lane INTEGER NOT NULL CHECK (holds_lane IN (0, 1)),
    n_attempts INTEGER NOT NULL DEFAULT 0,
    next_attempt_at INTEGER NOT NULL DEFAULT 0,
    failure TEXT NULL,
    failure_details TEXT NULL,
    answered_place_before INTEGER NOT NULL
) STRICT;
CREATE INDEX deliveries_in_lanes ON deliveries (chat, entry) WHERE holds_lane = 1;

CREATE TABLE parked_statuses (
    channel INTEGER NOT NULL REFERENCES channels (key),
    provider_id TEXT NOT NULL,
    progress TEXT NOT NULL,
    failure TEXT NULL,
    failure_details TEXT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (channel, provider_id, progress)
) STRICT, WITHOUT ROWID;

-- Who could see a chat, from which change to before which. `operator` 0 is everyone.
CREATE TABLE audience (
    operator INTEGER NOT NULL,
    chat INTEGER NOT NULL REFERENCES chats (key),
    from_seq INTEGER NOT NULL,
    until_seq INTEGER NOT NULL DEFAULT 9223372036854775807,
    why TEXT NOT NULL DEFAULT '' CHECK (why = '' OR why = 'closed' OR why = 'lost'),
    PRIMARY KEY (chat, operator, from_seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX audience_by_reader ON audience (operator, until_seq, chat, from_seq, why);

CREATE TABLE read_marks (
    operator INTEGER NOT NULL REFERENCES operators (key),
    chat INTEGER NOT NULL REFERENCES chats (key),
    place INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (operator, chat)
) STRICT, WITHOUT ROWID;
CREATE INDEX read_marks_by_seq ON read_marks (operator, seq);

-- `author` is an operator's key, or an integration's with a minus before it.
CREATE TABLE command_answers (
    author INTEGER NOT NULL,
    id BLOB NOT NULL,
    body_hash BLOB NOT NULL,
    answer TEXT NOT NULL,
    answered_at INTEGER NOT NULL,
    PRIMARY KEY (author, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE journal (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    source TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state = 'applied' OR state = 'unreadable' OR state = 'waiting'),
    body BLOB NOT NULL
) STRICT;
CREATE INDEX journal_waiting ON journal (key) WHERE state = 'waiting';
