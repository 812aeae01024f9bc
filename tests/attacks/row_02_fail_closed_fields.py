"""Row 2. Input with fields that nobody declared: new, renamed, of another type, nested, oversized, of a later version
of the format; as JSON, as columns of CSV and as fields of the wire format.

Each carries a marker; no byte of a marker may come out anywhere, every field is counted, every record accounted for."""
import calendar
import csv
import json
import os
import random
import re
import sys
import time
from collections import Counter

from bench import SCANNER, Bench, WeakMasker, answer, fields, input_lines, say
from leak import Scanner, varint
from world import COLUMNS, MAPPING, WINDOWS, World

# mutations that leave a whole record, with one unknown field or more
COUNTED = {"new", "nested", "in sim", "in endpoint", "oversized", "name", "empty name", "escaped", "version"}
COLLECTED_AT = 8   # of raw.proto
DAY_MS = 86400000
CONFIG = """  - {{ name: cells, format: csv, path: other/more.csv, mapping: other/mapping.yaml, tenant: acme }}
  - {{ name: wire, format: raw, path: other/more.raw, tenant: acme }}
"""


def base_records(fleet, count):
    """Records of the fleet that are whole: an object with a subject and volumes."""
    for line in input_lines(fleet):
        try:
            record = json.loads(line)
        except ValueError:
            continue
        if isinstance(record, dict) and record.get("imsi") and record.get("volume") and count and \
                all(isinstance(record.get(key) or {}, dict) for key in ("sim", "endpoint")):
            count -= 1
            yield record


def mutations(marker, record, oversized):
    """(what, object) with a marker where nothing was asked for."""
    known = [key for key in record if key not in ("id",)]
    yield "new", {**record, "colour": marker}
    yield "version", {**record, "version": 99, "v99": {"subscriber": marker, "cdr_version": marker}}
    yield "nested", {**record, "box": {"in": {"side": [marker, {"deep": marker}]}}}
    yield "in sim", {**record, "sim": {**(record.get("sim") or {}), "nickname": marker}}
    yield "in endpoint", {**record, "endpoint": {**(record.get("endpoint") or {}), "owner": marker}}
    for key in known:
        yield "renamed", {("new_" + name if name == key else name): (marker if name == key else value)
                          for name, value in record.items()}
        yield "wrong type", {**record, key: marker}
        yield "wrapped", {**record, key: {"value": marker}}
        yield "listed", {**record, key: [marker, marker]}
    if oversized:
        yield "oversized", {**record, "note": marker * 3000}
    yield "name", {**record, marker: 1}
    yield "empty name", {**record, "": marker}
    yield "escaped", {**record, "\u0000imsi": marker, "im\\u0073i ": marker}


def write_json(path, fleet, dice, records, markers):
    """How many lines of each kind; each has an id of its own, so that none is a duplicate."""
    kinds = Counter()
    with open(path, "wb") as out:
        for at, record in enumerate(base_records(fleet, records)):
            marker = "".join(dice.choice("0123456789") for _ in range(18))
            markers.append(marker)
            for what, mutated in mutations(marker, record, at % 50 == 0):
                mutated["id"] = 10**7 + sum(kinds.values())
                out.write(json.dumps(mutated).encode() + b"\n")
                kinds[what] += 1
    return kinds


def clock_ms(config):
    """The instant that the fleet was made for."""
    text = re.search(r"^clock: (\S+)Z", config, re.M).group(1)
    return int(calendar.timegm(time.strptime(text[:19], "%Y-%m-%dT%H:%M:%S")) * 1000)


def write_csv(folder, world, dice, rows, markers, day_ms):
    """Records of that day with columns that no mapping lists, among them and behind."""
    with open(os.path.join(folder, "mapping.yaml"), "w") as out:
        out.write(MAPPING)
    with open(os.path.join(folder, "more.csv"), "w", newline="") as out:
        table = csv.writer(out)
        table.writerow(("subscriber_name", *COLUMNS, "home_address", "cdr_version"))
        first = (row for row in world.input_rows("alpha") if int(row["start_ms"]) < WINDOWS[1] * 1000)
        for number, row in zip(range(rows), first):
            marker = "".join(dice.choice("0123456789") for _ in range(18))
            markers.append(marker)
            for name in ("start_ms", "end_ms"):
                row[name] = int(row[name]) - WINDOWS[0] * 1000 + day_ms
            table.writerow((marker, *(row[name] for name in COLUMNS), f"{marker} Street, {marker}", marker))
    return number + 1


def field(number, kind, payload):
    return varint(number << 3 | kind) + (varint(len(payload)) if kind == 2 else b"") + payload


def write_wire(bench, folder, dice, markers, day_ms):
    """The same as raw records with fields of numbers that the format does not have, or that have another type there."""
    plain = os.path.join(folder, "plain.raw")
    bench.sluice("feed", "-f", "csv", "--mapping", os.path.join(folder, "mapping.yaml"), "--tenant", "acme", "-o", plain,
                 "--source", "wire", os.path.join(folder, "more.csv"))
    records = 0
    with open(plain, "rb") as data, open(os.path.join(folder, "more.raw"), "wb") as out:
        for number, record in fields(data.read()):
            marker = "".join(dice.choice("0123456789") for _ in range(18))
            markers.append(marker)
            text = marker.encode()
            unknown = [field(999, 2, text), field(1000, 2, field(7, 2, text)), field(2047, 0, varint(int(marker))),
                       field(1500, 1, text[:8]), field(536870911, 2, text)]
            # collected when the fleet's clock says, not now
            stamp = field(COLLECTED_AT, 1, (day_ms * 1000).to_bytes(8, "little"))
            out.write(field(number, 2, unknown[0] + record + stamp + b"".join(unknown[1:])))
            records += 1
    os.unlink(plain)
    return records


def counted_unknown(path):
    """{name: count} as the run says it at its end."""
    with open(path, errors="replace") as log:
        told = log.read().partition("fields that no format knows")[2].partition("\n\n")[0]
    return {name: int(count) for name, count in re.findall(r"^  (\S.*?) +(\d+)$", told, re.M)}


def main():
    with Bench() as bench:
        seed = int(os.environ.get("SEED", "1"))
        long = os.environ.get("SLUICE_LONG") == "1"
        dice = random.Random(seed)
        fleet = bench.fleet(200, 48000 if long else 2000, 2)
        folder = os.path.join(fleet, "input")
        mutated = bench.path("mutated.ndjson")
        markers = []
        kinds = write_json(mutated, fleet, dice, 17000 if long else 300, markers)
        for name in os.listdir(folder):
            os.unlink(os.path.join(folder, name))
        os.rename(mutated, os.path.join(folder, "mutated.ndjson"))

        other = os.path.join(fleet, "other")
        os.makedirs(other)
        world = World(bench.path("world"), seed, sims=40000 if long else 2000, hours=1)
        with open(os.path.join(fleet, "sluice.yaml")) as config:
            text = config.read()
        columns = write_csv(other, world, dice, 50000 if long else 3000, markers, clock_ms(text) - DAY_MS)
        wire = write_wire(bench, other, dice, markers, clock_ms(text))
        with open(os.path.join(fleet, "sluice.yaml"), "w") as config:
            config.write(text.replace("tenants:", CONFIG.format() + "tenants:"))

        scanner = Scanner(SCANNER, bench.folder, markers)
        in_input = scanner.scan(folder, other)[1]["hits"]
        weak = WeakMasker(bench.path("weak"))
        weak.run(line for _, line in zip(range(20000), input_lines(fleet)))
        weak_hits = scanner.scan(weak.folder)[1]["hits"]

        counters = bench.run(fleet)
        hits, totals = scanner.scan(os.path.join(fleet, "out"), os.path.join(fleet, "state"),
                                    bench.path("run.out"), bench.path("run.err"))
        for hit in hits:
            say(hit)
        lines = sum(kinds.values()) + columns + wire
        unknown = counted_unknown(bench.path("run.err"))
        say(unknown, counters["quarantined_reasons"], counters["dropped"])
        least = sum(kinds[kind] for kind in COUNTED) + 3 * columns + 5 * wire
        return answer(2, "fields that nobody declared stay inside",
                      weak_hits >= min(20000, sum(kinds.values())) and in_input >= lines,
                      totals["hits"] == 0 and counters["balanced"] and counters["in"] == lines
                      and counters["routed"] > columns + wire and sum(unknown.values()) >= least,
                      seed=seed, lines=lines, columns=columns, wire=wire, kinds=dict(kinds), routed=counters["routed"],
                      quarantined=counters["quarantined"], unknown_counted=sum(unknown.values()), unknown_at_least=least,
                      unknown_names=len(unknown), bytes=totals["bytes"], hits=totals["hits"], weak_hits=weak_hits)


if __name__ == "__main__":
    sys.exit(main())
