-- What this device keeps of its operator's choice.
CREATE TABLE keeping (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    -- For how many days after its last message a closed chat is kept; none for without end.
    closed_days INTEGER,
    -- How large the cache may be, in megabytes, until the oldest closed chats go; none for any size.
    max_mb INTEGER
) STRICT;
INSERT INTO keeping (id, closed_days, max_mb) VALUES (1, NULL, 4096);
