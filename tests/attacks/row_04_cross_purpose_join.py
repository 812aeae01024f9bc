"""Row 4. Joining two streams by what names a subject: equal values, equal starts or ends, a constant difference.

The same SIM under two purposes, or two tenants, must share nothing."""
import itertools
import os
import sys
from collections import Counter

from bench import Bench, WeakMasker, answer, input_lines, names_of, streams


def named(rows):
    return {value for row in rows for value in names_of(row).values()}


def subjects(rows, most):
    return sorted({row[10] for row in rows if 10 in row})[:most]


def join(rows_by_stream):
    """Matches over all pairs of streams: {how: count}, and how many pairs were tried."""
    matches = Counter()
    pairs = 0
    for a, b in itertools.combinations(sorted(rows_by_stream), 2):
        in_a, in_b = named(rows_by_stream[a]), named(rows_by_stream[b])
        if not in_a or not in_b:
            continue
        pairs += 1
        matches["equal"] += len(in_a & in_b)
        # 6 bytes of 100 000 values on each side meet by chance once in 28 000 runs
        matches["start"] += len({value[:6] for value in in_a} & {value[:6] for value in in_b})
        matches["end"] += len({value[-6:] for value in in_a} & {value[-6:] for value in in_b})
        ones = [int.from_bytes(value, "big") for value in subjects(rows_by_stream[a], 300)]
        others = [int.from_bytes(value, "big") for value in subjects(rows_by_stream[b], 300)]
        differences = Counter(x ^ y for x in ones for y in others)
        if differences:
            matches["difference"] += differences.most_common(1)[0][1] - 1
    return matches, pairs


def main():
    with Bench() as bench:
        seed = int(os.environ.get("SEED", "1"))
        fleet = bench.fleet(1000, 10000, seed)
        weak = WeakMasker(bench.path("weak"))
        weak.run(input_lines(fleet))
        weak_matches, weak_pairs = join(weak.rows())

        bench.run(fleet)
        rows = streams(os.path.join(fleet, "out"))
        matches, pairs = join(rows)
        values = len(set().union(*(named(each) for each in rows.values())))
        return answer(4, "no value joins two purposes or two tenants",
                      weak_pairs > 0 and weak_matches["equal"] > 0 and weak_matches["difference"] > 0,
                      pairs >= 3 and values > 1000 and not sum(matches.values()),
                      streams=len(rows), pairs=pairs, values=values, matches=dict(matches),
                      weak_matches=dict(weak_matches))


if __name__ == "__main__":
    sys.exit(main())
