"""Row 6. The same record or SIM in two streams, found by what nobody wrote down: the order of rows, files, commits,
sizes of rows, deadlines, how much there is of each; and the same SIM after its pseudonym changed.

Where commits are small, the order of commits is the order of arrival: so the
fleet runs with the smallest commits there are, and once more with the usual ones."""
import itertools
import os
import sys
from collections import Counter

from bench import Bench, WeakStreams, answer, say
from join import (NAMES, Stream, derive, every_order, in_class, interval_of, keys, limit, read_stream, shared_columns,
                  unique)
from world import World

RELINKED = 0.01   # of the stationary devices, in an analytics stream
STREAMS = ("billing", "fraud", "operations", "analytics")
SMALL = "commit: { records: 1 }\n"   # a commit after each batch of what was read


def by_files(stream, kind):
    """What the place of a row tells: the file it is in, and which commit of it."""
    places = {place: at for at, place in enumerate(sorted({row["commit"][:kind] for row in stream.rows}))}
    return [places[row["commit"][:kind]] for row in stream.rows]


def order_attack(a, b):
    """Found by order beyond what the fields say: every pair of columns, and within classes of equal fields."""
    a, b = derive(a, interval_of(b)), derive(b, interval_of(a))
    columns = every_order(a, b)
    shared = shared_columns(a, b)
    right, chance, tried = in_class(a, b, shared, None, None)
    # with the number of the commit beside the fields, is a row alone?
    with_place = [list(zip(keys(each, shared), by_files(each, 3))) for each in (a, b)]
    alone = unique(*with_place, a.sheet, b.sheet)[1] - unique(keys(a, shared), keys(b, shared), a.sheet, b.sheet)[1]
    return {"pairs_of_columns": len(columns), "worst": columns[0][1:], "over_limit": sum(each[0] > 0 for each in columns),
            "in_class": right, "in_class_by_chance": round(chance, 1), "tried": tried, "alone_by_commit": alone,
            "holds": columns[0][0] <= 0 and right <= limit(chance) and alone <= max(5, 0.001 * len(a.rows))}


def rank_match(a, b, sim_of):
    """(right, subjects) when subjects are put in order by how much they sent, and by how often."""
    found = []
    for stream in (a, b):
        sums, counts, whose = Counter(), Counter(), {}
        for row, number in zip(stream.rows, stream.sheet):
            sums[row[10]] += row.get(35, 1 << row.get(37, 0)) + row.get(36, 1 << row.get(38, 0))
            counts[row[10]] += 1
            whose[row[10]] = sim_of(number)
        found.append([whose[name] for name in sorted(sums, key=lambda name: (counts[name], sums[name]))])
    return sum(one == other for one, other in zip(*found)), len(found[0])


def relink(stream_then, stream_now, columns, sim_of, kinds):
    """Fraction of the rows of stationary devices that are found again after their pseudonym changed."""
    def signs(stream):
        return [tuple([row.get(column) for column in columns] + [row.get(46, row.get(45, 0) // 10**6) % 86400 // 3600])
                for row in stream.rows]
    still = sum(kinds(number) == "meter" for number in stream_then.sheet)
    right = unique(signs(stream_then), signs(stream_now), [sim_of(number) for number in stream_then.sheet],
                   [sim_of(number) for number in stream_now.sheet])[1]
    return round(right / max(1, still), 5)


def run(bench, name, seed, sims, commit):
    world = World(bench.path(name), seed, sims=sims, commit=commit)
    bench.sluice("keys", "init", "-c", bench.path(name, "sluice.yaml"))
    bench.sluice("run", "-c", bench.path(name, "sluice.yaml"))
    whole = {stream: read_stream(world.folder, "alpha", stream) for stream in STREAMS}
    return world, whole


def two_tenants(world, alpha):
    """Values that name something and stand in streams of both tenants, for SIMs that both have."""
    beta = {stream: read_stream(world.folder, "beta", stream) for stream in STREAMS}
    values = [{(value if len(value) > 8 else None) for stream in side.values() for row in stream.rows
               for column, value in row.items() if column in NAMES} for side in (alpha, beta)]
    return len((values[0] & values[1]) - {None}), min(map(len, values))


def main():
    with Bench() as bench:
        seed = int(os.environ.get("SEED", "1"))
        sims = 40000 if os.environ.get("SLUICE_LONG") == "1" else 6000
        holds, detail = True, {"seed": seed}

        for name, commit in (("small", SMALL), ("usual", "")):
            world, whole = run(bench, name, seed, sims, commit)
            streams = {stream: each.window(world.records, 0) for stream, each in whole.items()}
            detail[name] = {"rows": len(streams["analytics"].rows),
                            "commits": len({row["commit"] for row in streams["billing"].rows})}
            for other in ("billing", "fraud", "operations"):
                found = detail[name][f"analytics/{other}"] = order_attack(streams["analytics"], streams[other])
                say(name, other, found)
                holds &= found["holds"]
        if detail["small"]["commits"] < 5:
            holds = False   # nothing was tried

        def sim_of(number):
            return world.records[number].sim.imsi

        def kind_of(number):
            return world.records[number].sim.kind

        shared_values, values = two_tenants(world, whole)
        later = {stream: each.window(world.records, 1) for stream, each in whole.items()}
        detail["relinked"] = {
            "analytics": relink(streams["analytics"], later["analytics"], (38, 52), sim_of, kind_of),
            "fraud": relink(streams["fraud"], later["fraud"], (55, 35), sim_of, kind_of)}
        detail["frequency"] = {"/".join(pair): rank_match(streams[pair[0]], streams[pair[1]], sim_of)
                               for pair in itertools.combinations(("billing", "fraud", "operations"), 2)}
        once = max(Counter(row[10] for row in whole["analytics"].rows).values())
        detail.update(two_tenants_share=shared_values, values=values, rows_an_analytics_pseudonym=once)
        holds &= shared_values == 0 and values > 1000 and once == 1 and detail["relinked"]["analytics"] <= RELINKED

        weak = WeakStreams(world)
        one, other = (Stream(name, *weak.stream("alpha", name)) for name in ("analytics", "fraud"))
        one.rows = [{5: row[5], 6: row[6], 10: row[10], 30: 1} for row in one.rows]   # no field left but the order
        for stream in (one, other):
            for row in stream.rows:
                row["commit"] = ("bucket", "file", 0)
        weak_found = order_attack(one.window(world.records, 0), other.window(world.records, 0))
        weak_two = len({row[10] for row in one.rows} & {row[10] for row in weak.stream("beta", "analytics")[0]})
        say("weak", weak_found, weak_two)
        detail["weak"] = {"by_order": weak_found["worst"], "two_tenants_share": weak_two}
        return answer(6, "no order, size, deadline or amount joins an analytics stream with another",
                      weak_found["worst"][0] > 0.9 * len(one.rows) / 2 and weak_found["in_class"] > limit(1) and weak_two > 0,
                      holds, **detail)


if __name__ == "__main__":
    sys.exit(main())
