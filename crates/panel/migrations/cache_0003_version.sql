-- Which version of the program has applied the feed: another one may know more of what it tells.
ALTER TABLE feed ADD COLUMN version TEXT NOT NULL DEFAULT '';
