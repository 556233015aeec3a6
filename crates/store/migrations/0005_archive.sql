-- Closed chats of which the archive has not everything yet: a handful, except after an upgrade.
CREATE INDEX chats_to_archive ON chats (key)
    WHERE status = 'closed' AND archived_place < last_place;
-- What supervisors look through when they ask for somebody's.
CREATE INDEX chats_closed_by_owner ON chats (owner, last_activity_at, key) WHERE status = 'closed';
