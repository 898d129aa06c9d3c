"""What `royalty try` must say, written down as plainly as can be, in exact fractions.

Usage: plain_shares.py FEE_MICROS POOL_NUMERATOR POOL_DENOMINATOR FILE,FILE... FILE,FILE...
Each argument after the pool is a listener's account-data export. Prints a JSON object of
artist -> [pro-rata, user-centric], in millionths.
"""

import json
import sys
from collections import Counter
from fractions import Fraction


def counted(files):
    """Plays of at least 30 seconds by artist and track."""
    plays = Counter()
    for file in files.split(","):
        with open(file, encoding="utf-8") as text:
            for row in json.load(text):
                if row["msPlayed"] >= 30_000:
                    plays[row["artistName"], row["trackName"]] += 1
    return plays


def allocated(pool, exact):
    """Floors, and what is left to the largest remainders; of equal ones to the lesser name."""
    total = sum(exact.values())
    shares = {key: pool * weight / total for key, weight in exact.items()}
    floors = {key: share.numerator // share.denominator for key, share in shares.items()}
    left = pool - sum(floors.values())
    by_remainder = sorted(shares, key=lambda key: (floors[key] - shares[key], [part.encode() for part in key]))
    for key in by_remainder[:left]:
        floors[key] += 1
    return floors


fee = int(sys.argv[1])
share = Fraction(int(sys.argv[2]), int(sys.argv[3]))
listeners = [counted(files) for files in sys.argv[4:]]
paid = share * fee * len(listeners)
pool = paid.numerator // paid.denominator

pro_rata, user_centric = {}, {}
for plays in listeners:
    for key, count in plays.items():
        pro_rata[key] = pro_rata.get(key, 0) + Fraction(count)
        user_centric[key] = user_centric.get(key, 0) + Fraction(count, sum(plays.values()))

artists = {}
for model, exact in enumerate((pro_rata, user_centric)):
    for (artist, _), amount in allocated(pool, exact).items():
        artists.setdefault(artist, [0, 0])[model] += amount
print(json.dumps(artists))
