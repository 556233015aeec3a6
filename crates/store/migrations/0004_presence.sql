-- When an operator was last seen to come or go, so that "offline since" outlives the backend.
CREATE TABLE last_seen (
    operator INTEGER PRIMARY KEY REFERENCES operators (key),
    at INTEGER NOT NULL
) STRICT;
