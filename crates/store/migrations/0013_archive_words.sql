-- Words are made by other rules: letters that are written as two signs are letters. What the index
-- has is written anew in the pieces in which it was written, and found by the old rules until then.
UPDATE chats SET archived_place = 0 WHERE archived_place > 0;
