"""Row 5. The same record in two streams, found by what it says: sizes, times, places.

An analytics stream must not be joined with any other beyond what its coarse
fields make chance. Other pairs of purposes may share exact fields: then, and
only then, `sluice policy check` must have named them."""
import itertools
import os
import re
import subprocess
import sys

from bench import SLUICE, Bench, WeakStreams, answer, say
from join import Stream, derive, every_column, in_class, interval_of, keys, read_stream, shared_columns, unique
from world import World

LINKED = 0.001    # of the rows: a stream with more is linked
UP, DOWN, START, UP_LOG2, DOWN_LOG2, START_COARSE = 35, 36, 45, 37, 38, 46


def names_in(findings):
    """The pairs of purposes that `policy check` names."""
    return {frozenset(pair) for pair in re.findall(r"rows of ([a-z]+) and ([a-z]+) can be joined", findings)}


def nearest(stream):
    """How a matcher puts the rows of one class in order: by volume, then by time, as exactly as there is."""
    def order(at):
        row = stream.rows[at]
        return (row.get(UP, 0) + row.get(DOWN, 0) or (1 << row.get(UP_LOG2, 0)) + (1 << row.get(DOWN_LOG2, 0)),
                row.get(START, row.get(START_COARSE, 0)))
    return order


def by_time(stream):
    def order(at):
        return stream.rows[at].get(START, 0), at
    return order


def signatures(stream, columns):
    """What each lasting pseudonym did, as the other side could see it too: the multiset of its rows."""
    found, whose = {}, {}
    for row, number in zip(stream.rows, stream.sheet):
        if 10 in row:
            found.setdefault(row[10], []).append(str([row.get(column) for column in columns]))
            whose[row[10]] = number
    names = list(found)
    return ["|".join(sorted(found[name])) for name in names], [whose[name] for name in names]


def attack(a, b, sim_of):
    """Everything that can be tried with what a and b say; fractions of the rows (or subjects) of a."""
    a, b = derive(a, interval_of(b)), derive(b, interval_of(a))
    shared = shared_columns(a, b)
    claimed, right = unique(keys(a, shared), keys(b, shared), a.sheet, b.sheet)
    best_column = every_column(a, b)[0]
    matchers = {"nearest volume": (nearest(a), nearest(b)), "time": (by_time(a), by_time(b)), "position": (None, None)}
    tries = {name: in_class(a, b, shared, *orders) for name, orders in matchers.items()}
    lasting = all(len({row.get(10) for row in each.rows}) < 0.9 * len(each.rows) for each in (a, b))
    result = {"shared": shared, "record_unique": round(right / len(a.rows), 5), "claimed": claimed,
              "best_column": best_column[2:], "by_one_column": round(best_column[0] / len(a.rows), 5),
              "guess": round(tries["time"][1] / len(a.rows), 5),
              "matchers": {name: round(found[0] / len(a.rows), 5) for name, found in tries.items()}}
    result["matcher_over_guess"] = round(max(found[0] for found in tries.values()) / max(1, tries["time"][1]), 2)
    if lasting:
        (signs_a, numbers_a), (signs_b, numbers_b) = signatures(a, shared), signatures(b, shared)
        subjects = unique(signs_a, signs_b, [sim_of(number) for number in numbers_a], [sim_of(number) for number in numbers_b])
        result["subjects_linked"] = round(subjects[1] / max(1, len(signs_a)), 5)
    return result


def is_linked(result):
    return max(result["record_unique"], result["by_one_column"], result.get("subjects_linked", 0)) > LINKED


def main():
    with Bench() as bench:
        seed = int(os.environ.get("SEED", "1"))
        long = os.environ.get("SLUICE_LONG") == "1"
        world = World(bench.path("world"), seed, sims=50000 if long else 14000)
        config = bench.path("world", "sluice.yaml")
        bench.sluice("keys", "init", "-c", config)
        bench.sluice("run", "-c", config)
        check = subprocess.run([SLUICE, "policy", "check", bench.path("world", "alpha.yaml")], stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True)
        named = names_in(check.stdout)

        def sim_of(number):
            return world.records[number].sim.imsi

        weak = WeakStreams(world)
        one, other = (Stream(name, *weak.stream("alpha", name)).window(world.records, 0) for name in ("analytics", "fraud"))
        weak_result = attack(one, other, sim_of)

        streams = {name: read_stream(world.folder, "alpha", name).window(world.records, 0)
                   for name in ("analytics", "operations", "fraud", "billing")}
        results, unnamed = {}, []
        for a, b in itertools.combinations(streams, 2):
            results[f"{a}/{b}"] = result = attack(streams[a], streams[b], sim_of)
            say(a, b, result)
            if is_linked(result) and (a == "analytics" or frozenset((a, b)) not in named):
                unnamed.append(f"{a}/{b}")
        analytics = [result for pair, result in results.items() if pair.startswith("analytics/")]
        frequency = len({row[10] for row in streams["analytics"].rows}) == len(streams["analytics"].rows)
        return answer(5, "content joins an analytics stream with none, and others only as the policy check named",
                      weak_result["record_unique"] > 0.99 and weak_result["matcher_over_guess"] >= 1,
                      check.returncode == 0 and not unnamed and frequency and all(
                          result["record_unique"] <= LINKED and result["matcher_over_guess"] <= 2 for result in analytics),
                      seed=seed, rows=len(streams["analytics"].rows), named=sorted("/".join(sorted(pair)) for pair in named),
                      linked_and_not_named=unnamed, one_row_a_pseudonym=frequency, pairs=results,
                      weak_record_unique=weak_result["record_unique"])


if __name__ == "__main__":
    sys.exit(main())
