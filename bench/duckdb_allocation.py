"""The allocation of pools by floor and largest remainder, as one DuckDB query.

In memory, two threads. Argument: a CSV of pool, money, line, plays, which is loaded before the clock
starts. Prints JSON: the seconds of reading and adding the same columns up, those of the allocation, and
a checksum of all amounts.
"""

import json
import sys
import time

import duckdb

connection = duckdb.connect(":memory:", config={"threads": 2})
connection.execute("CREATE TABLE leaves AS SELECT * FROM read_csv(?, header = true)", [sys.argv[1]])
began = time.monotonic()
connection.execute("SELECT pool, any_value(money), sum(plays) FROM leaves GROUP BY pool").fetchall()
read_s = time.monotonic() - began
began = time.monotonic()
connection.execute(
    """
    CREATE TABLE given AS
    WITH totals AS (SELECT pool, sum(plays)::HUGEINT AS total FROM leaves GROUP BY pool),
    floors AS (
        SELECT pool, line, money, money::HUGEINT * plays // total AS share,
            money::HUGEINT * plays % total AS remainder
        FROM leaves JOIN totals USING (pool)),
    ranked AS (
        SELECT pool, line, share, money - sum(share) OVER (PARTITION BY pool) AS rest,
            row_number() OVER (PARTITION BY pool ORDER BY remainder DESC, line) AS rank
        FROM floors)
    SELECT pool, line, share + CASE WHEN rank <= rest THEN 1 ELSE 0 END AS amount FROM ranked
    """
)
allocate_s = time.monotonic() - began
(check,) = connection.execute("SELECT sum(amount::HUGEINT * (line % 1009 + 1)) FROM given").fetchone()
print(json.dumps({"read_seconds": read_s, "allocate_seconds": allocate_s, "check": str(check)}))
