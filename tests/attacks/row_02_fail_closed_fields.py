"""Row 2. Input with fields that nobody declared: new, renamed, of another type, nested, oversized.

Each carries a marker; no byte of a marker may come out anywhere, and every record is accounted for."""
import json
import os
import random
import sys

from bench import SCANNER, Bench, WeakMasker, answer, input_lines, say
from leak import Scanner


def base_records(fleet, count):
    """Records of the fleet that are whole: an object with a subject and volumes."""
    for line in input_lines(fleet):
        try:
            record = json.loads(line)
        except ValueError:
            continue
        if isinstance(record, dict) and record.get("imsi") and record.get("volume") and count:
            count -= 1
            yield record


def mutations(marker, record):
    """(what, line) with a marker where nothing was asked for."""
    known = [key for key in record if key not in ("id",)]
    yield "new", {**record, "colour": marker}
    yield "nested", {**record, "box": {"in": {"side": [marker, {"deep": marker}]}}}
    yield "in sim", {**record, "sim": {**(record.get("sim") or {}), "nickname": marker}}
    yield "in endpoint", {**record, "endpoint": {**(record.get("endpoint") or {}), "owner": marker}}
    for key in known:
        yield "renamed", {("new_" + name if name == key else name): (marker if name == key else value)
                          for name, value in record.items()}
        yield "wrong type", {**record, key: marker}
        yield "wrapped", {**record, key: {"value": marker}}
        yield "listed", {**record, key: [marker, marker]}
    yield "oversized", {**record, "note": marker * 3000}
    yield "name", {**record, marker: 1}
    yield "empty name", {**record, "": marker}
    yield "escaped", {**record, "\u0000imsi": marker, "im\\u0073i ": marker}


def main():
    with Bench() as bench:
        dice = random.Random(int(os.environ.get("SEED", "1")))
        fleet = bench.fleet(200, 2000, 2)
        lines, markers, kinds = [], [], set()
        for record in base_records(fleet, 300):
            marker = "".join(dice.choice("0123456789") for _ in range(18))
            markers.append(marker)
            for what, mutated in mutations(marker, record):
                mutated["id"] = 10**7 + len(lines)
                lines.append(json.dumps(mutated).encode())
                kinds.add(what)
        folder = os.path.join(fleet, "input")
        for name in os.listdir(folder):
            os.unlink(os.path.join(folder, name))
        with open(os.path.join(folder, "mutated.ndjson"), "wb") as out:
            out.write(b"\n".join(lines) + b"\n")

        scanner = Scanner(SCANNER, bench.folder, markers)
        in_input = scanner.scan(folder)[1]["hits"]
        weak = WeakMasker(bench.path("weak"))
        weak.run(lines)
        weak_hits = scanner.scan(weak.folder)[1]["hits"]

        counters = bench.run(fleet)
        hits, totals = scanner.scan(os.path.join(fleet, "out"), os.path.join(fleet, "state"),
                                    bench.path("run.out"), bench.path("run.err"))
        for hit in hits:
            say(hit)
        return answer(2, "fields that nobody declared stay inside",
                      weak_hits >= len(lines) and in_input >= len(lines),
                      totals["hits"] == 0 and counters["balanced"] and counters["in"] == len(lines)
                      and counters["routed"] > 0,
                      lines=len(lines), kinds=len(kinds), routed=counters["routed"],
                      quarantined=counters["quarantined"], bytes=totals["bytes"], hits=totals["hits"],
                      weak_hits=weak_hits)


if __name__ == "__main__":
    sys.exit(main())
