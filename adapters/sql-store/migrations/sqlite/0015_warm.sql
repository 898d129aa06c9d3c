-- Which partitions each node keeps warm: those that it could own at once. Numbers and ranges of them, rising: 0-3,7.
ALTER TABLE nodes ADD COLUMN warm TEXT NOT NULL DEFAULT '';
