-- What supervisors look through: the open chats, whose clients wait longest first. Closed ones are not
-- in it, so it stays as small as the work under way. What is neither here nor changed by every message
-- is read from the chats themselves: a message of a client who waits already leaves the index alone.
CREATE INDEX chats_open ON chats (waiting_since, key, status, owner) WHERE status <> 'closed';
