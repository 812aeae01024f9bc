"""Row 4. Joining two streams by what names a subject: equal values, equal starts or ends, one difference for all, and
whether any bit of one name tells anything of any bit of the other.

The same SIM under two purposes, or two tenants, must share nothing."""
import itertools
import os
import random
import sys
from collections import Counter

from bench import NAMES, Bench, WeakMasker, answer, input_lines, names_of, say, streams
from join import read_stream
from world import World

BITS = 128
SHUFFLES = 199
DOUBTFUL = 0.01


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
        # 7 bytes of a million values on each side meet by chance once in 72 000 runs
        matches["start"] += len({value[:7] for value in in_a} & {value[:7] for value in in_b})
        matches["end"] += len({value[-7:] for value in in_a} & {value[-7:] for value in in_b})
        ones = [int.from_bytes(value, "big") for value in subjects(rows_by_stream[a], 300)]
        others = [int.from_bytes(value, "big") for value in subjects(rows_by_stream[b], 300)]
        differences = Counter(x ^ y for x in ones for y in others)
        if differences:
            matches["difference"] += differences.most_common(1)[0][1] - 1
    return matches, pairs


# ---- information between the bits of names that are known to be one subject's

def planes(names):
    """Bit i of every name as one whole number, bit by bit."""
    numbers = [int.from_bytes(name, "big") for name in names]
    return [int("".join("1" if number >> bit & 1 else "0" for number in numbers), 2) for bit in range(BITS)]


def information(left, right, count):
    """Sum over all pairs of bits of the mutual information, in the usual approximation: the chi-squared of the two."""
    ones = [plane.bit_count() for plane in right]
    total = 0.0
    for plane in left:
        one = plane.bit_count()
        for other, of_other in zip(right, ones):
            expected = one * of_other / count
            spread = expected * (count - one) * (count - of_other) / count / count
            total += ((plane & other).bit_count() - expected) ** 2 / spread if spread else 0
    return total


def doubt(pairs, dice):
    """How often shuffled pairs tell as much as the true ones: small is a leak. And the information over its mean."""
    left, right = planes([one for one, _ in pairs]), [other for _, other in pairs]
    true = information(left, planes(right), len(pairs))
    shuffled = []
    for _ in range(SHUFFLES):
        dice.shuffle(right)
        shuffled.append(information(left, planes(right), len(pairs)))
    return (1 + sum(each >= true for each in shuffled)) / (1 + SHUFFLES), true / (sum(shuffled) / len(shuffled))


def paired(world, one, other, most):
    """(name, name) of one SIM in two streams, by the answer sheet."""
    names = [{}, {}]
    for side, stream in zip(names, (one, other)):
        for row, number in zip(stream.rows, stream.sheet):
            side[world.records[number].sim.imsi] = row[10]
    both = sorted(names[0].keys() & names[1].keys())[:most]
    return [(names[0][imsi], names[1][imsi]) for imsi in both]


def bits_tell(bench, name, seed, most):
    """{pair of streams: (doubt, information over chance)} of a fresh fleet under fresh keys."""
    dice = random.Random(seed)
    world = World(bench.path(name), seed, sims=3 * most, hours=2, shared=0.9)
    bench.sluice("keys", "init", "-c", bench.path(name, "sluice.yaml"))
    bench.sluice("run", "-c", bench.path(name, "sluice.yaml"))
    found = {stream: read_stream(world.folder, *stream.split("/")) for stream in
             ("alpha/billing", "alpha/fraud", "alpha/operations", "beta/billing")}
    windows = {stream + "@" + str(window): each.window(world.records, window) for stream, each in found.items()
               for window in (0, 1)}
    tried = {}
    for one, other in (("alpha/billing@0", "alpha/fraud@0"), ("alpha/billing@0", "alpha/operations@0"),
                       ("alpha/fraud@0", "beta/billing@0"), ("alpha/billing@0", "beta/billing@0"),
                       ("alpha/fraud@0", "alpha/fraud@1")):
        pairs = paired(world, windows[one], windows[other], most)
        tried[f"{one} {other}"] = (len(pairs), *doubt(pairs, dice))
        say(name, one, other, tried[f"{one} {other}"])
    return tried


def weak_doubt(seed, most):
    """Names that differ in all but one bit, which is the same function of the SIM in both: it must be noticed."""
    dice = random.Random(seed)
    pairs = []
    for _ in range(most):
        bit = dice.randrange(2)
        pairs.append(tuple(bytes([dice.randrange(128) << 1 | bit]) + dice.randbytes(15) for _ in range(2)))
    return doubt(pairs, dice)


def main():
    with Bench() as bench:
        seed = int(os.environ.get("SEED", "1"))
        long = os.environ.get("SLUICE_LONG") == "1"
        fleet = bench.fleet(*((20000, 200000) if long else (1000, 10000)), seed)
        weak = WeakMasker(bench.path("weak"))
        weak.run(input_lines(fleet))
        weak_matches, weak_pairs = join(weak.rows())

        bench.run(fleet)
        rows = streams(os.path.join(fleet, "out"))
        matches, pairs = join(rows)
        values = len(set().union(*(named(each) for each in rows.values())))

        most = 8000 if long else 1000
        tried = bits_tell(bench, "bits", seed, most)
        # of good names one pair in a hundred looks doubtful; with fresh keys it does not again
        doubtful = [pair for pair, (_, p, _) in tried.items() if p <= DOUBTFUL]
        again = bits_tell(bench, "again", seed + 1, most) if doubtful else {}
        still = [pair for pair in doubtful if again[pair][1] <= DOUBTFUL]
        weak_p, weak_ratio = weak_doubt(seed, most)
        return answer(4, "no value joins two purposes or two tenants, and no bit of one tells of another's",
                      weak_pairs > 0 and weak_matches["equal"] > 0 and weak_matches["difference"] > 0 and
                      weak_p <= DOUBTFUL,
                      pairs >= 3 and values > 1000 and not sum(matches.values()) and not still,
                      seed=seed, streams=len(rows), pairs=pairs, values=values, names=len(NAMES), matches=dict(matches),
                      bits={pair: {"n": n, "p": round(p, 3), "over_chance": round(ratio, 4)}
                            for pair, (n, p, ratio) in tried.items()},
                      tried_again=len(again), still_doubtful=still, weak_matches=dict(weak_matches),
                      weak_bit={"p": round(weak_p, 3), "over_chance": round(weak_ratio, 4)})


if __name__ == "__main__":
    sys.exit(main())
