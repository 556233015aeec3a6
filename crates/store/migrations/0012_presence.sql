-- Who has said that they are away, until they say that they are back.
CREATE TABLE away (
    operator INTEGER PRIMARY KEY REFERENCES operators (key),
    since INTEGER NOT NULL
) STRICT;
