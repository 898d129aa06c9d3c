-- How many accounts have something saved is read with it: of an artist, its followers.
CREATE INDEX saved_by_id ON saved (kind, id);
