-- What an administrator watches: each of these is a handful of rows among very many.
CREATE INDEX deliveries_not_confirmed ON deliveries (entry) WHERE state = 'not_confirmed';
CREATE INDEX journal_unreadable ON journal (key) WHERE state = 'unreadable';

-- What is forgotten after its time. The journal and the answers are walked by their keys instead,
-- which begin with the time: they are written too often to pay for another index.
CREATE INDEX parked_statuses_by_at ON parked_statuses (at);
