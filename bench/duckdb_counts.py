"""What Ledgerline's counting comes to for plain reports, as one DuckDB query.

In memory, two threads, nothing durable and nothing kept for the next report: the fastest that a
batch engine does it. Arguments: the NDJSON file, the file for `track,count` lines. Prints JSON.
"""

import json
import sys
import time

import duckdb

reports, counts = sys.argv[1:]
connection = duckdb.connect(":memory:", config={"threads": 2})
connection.execute("SET preserve_insertion_order = false")
began = time.monotonic()
# Only these columns are made of a line. Plays are told apart as text: a key need not be a UUID.
connection.execute(
    """
    CREATE TABLE plays AS
    SELECT user_id, play_id, any_value(track_id) AS track_id, max(duration_listened_ms) AS listened_ms
    FROM read_json(?, format = 'newline_delimited', columns = {
        user_id: 'VARCHAR', play_id: 'VARCHAR', track_id: 'VARCHAR', duration_listened_ms: 'INTEGER'})
    GROUP BY user_id, play_id
    """,
    [reports],
)
connection.execute(
    """
    CREATE TABLE counted AS
    SELECT track_id, count(*) AS counted FROM plays WHERE listened_ms >= 30000 GROUP BY track_id
    """
)
seconds = time.monotonic() - began
(plays,) = connection.execute("SELECT count(*) FROM plays").fetchone()
with open(counts, "w", encoding="utf-8") as out:
    for track, counted in connection.execute("SELECT * FROM counted").fetchall():
        out.write(f"{track},{counted}\n")
print(json.dumps({"seconds": seconds, "plays": plays}))
