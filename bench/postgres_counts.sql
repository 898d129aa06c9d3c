-- What Ledgerline's counting comes to for plain reports, in PostgreSQL: COPY into a table that need
-- not survive, one pass over it on all cores for parsing and for what repeats within it, one INSERT
-- with ON CONFLICT into the table that has to survive, and the counts. The variable `reports` is the
-- NDJSON file. Durability is what it is by default: the INSERT is on the disk when it has committed.

CREATE TABLE plays (
    user_id text COLLATE "C",
    play_id text COLLATE "C",
    track_id text NOT NULL,
    listened_ms integer NOT NULL,
    PRIMARY KEY (user_id, play_id)
);
CREATE UNLOGGED TABLE staging (line text) WITH (parallel_workers = 2);

-- Every line is one field: neither byte can stand in JSON.
COPY staging FROM :'reports' WITH (FORMAT csv, QUOTE E'\x01', DELIMITER E'\x02');

CREATE UNLOGGED TABLE batch AS
SELECT user_id, play_id, min(track_id) AS track_id, max(duration_listened_ms) AS listened_ms
FROM staging, json_to_record(line::json)
    AS report(user_id text, play_id text, track_id text, duration_listened_ms integer)
GROUP BY user_id, play_id;

INSERT INTO plays
SELECT user_id, play_id, track_id, listened_ms FROM batch
ON CONFLICT (user_id, play_id) DO UPDATE SET listened_ms = EXCLUDED.listened_ms
WHERE EXCLUDED.listened_ms > plays.listened_ms;

CREATE TABLE counted AS
SELECT track_id, count(*) AS counted FROM plays WHERE listened_ms >= 30000 GROUP BY track_id;
