-- What the figures for supervisors count: what happened in an hour, a few bytes for each thing, in
-- pieces that fit on a page. A commit adds to the last piece of its hour whatever it brought, so it
-- costs one page that the commit before has written too, however many messages are in it.
-- `store/src/counted.rs` says how the bytes are read.
CREATE TABLE counted (
    key INTEGER PRIMARY KEY,
    events BLOB NOT NULL
) STRICT;

-- 0 until what was in the file before there were figures has been counted.
ALTER TABLE store ADD COLUMN is_counted INTEGER NOT NULL DEFAULT 0;

-- Whether somebody has answered since the chat was last closed: the next answer is not the first.
ALTER TABLE chats ADD COLUMN is_talk_answered INTEGER NOT NULL DEFAULT 0;

-- What a reply found when it was made, for telling anew what answered the client when the provider
-- refuses the reply for good.
ALTER TABLE deliveries ADD COLUMN waiting_since_before INTEGER NULL;
ALTER TABLE deliveries ADD COLUMN is_talk_answered_before INTEGER NOT NULL DEFAULT 0;
