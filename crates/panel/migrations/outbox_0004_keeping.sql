-- What this device keeps of its operator's choice.
CREATE TABLE keeping (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    -- For how many days after its last message a closed chat is kept; none for without end.
    closed_days INTEGER
) STRICT;
INSERT INTO keeping (id, closed_days) VALUES (1, NULL);
