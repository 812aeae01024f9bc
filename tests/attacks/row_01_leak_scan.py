"""Row 1. Every byte that the program writes or shows, against every form of every identifier it was given."""
import os
import subprocess
import sys
import time

from bench import SCANNER, SLUICE, Bench, WeakMasker, answer, identifiers, input_lines, say
from leak import Scanner, self_test


def watch_process(bench, fleet):
    """A run whose command line and environment are copied while it works."""
    with open(bench.path("shown", "run.out"), "wb") as out, open(bench.path("shown", "run.err"), "wb") as err:
        process = subprocess.Popen([SLUICE, "run", "-c", os.path.join(fleet, "sluice.yaml"), "--json"],
                                   stdout=out, stderr=err, stdin=subprocess.DEVNULL)
        seen = 0
        while process.poll() is None:
            for name in ("cmdline", "environ", "status", "maps"):
                try:
                    with open(f"/proc/{process.pid}/{name}", "rb") as source, \
                            open(bench.path("shown", name), "ab") as copy:
                        copy.write(source.read())
                    seen += 1
                except OSError:
                    break
            time.sleep(0.02)
    return process.returncode, seen


def main():
    with Bench() as bench:
        seed = int(os.environ.get("SEED", "1"))
        planted, found, in_noise = self_test(SCANNER, bench.folder, seed)
        say(f"the scanner finds {len(found)} of {len(planted)} planted forms, {in_noise} in noise")

        fleet = bench.fleet(1000, 20000, seed)
        ids = identifiers(fleet)
        scanner = Scanner(SCANNER, bench.folder, ids)
        in_input = scanner.scan(os.path.join(fleet, "input"))[1]["hits"]

        weak = WeakMasker(bench.path("weak"))
        weak.run(input_lines(fleet))
        weak_hits = scanner.scan(weak.folder)[1]["hits"]

        os.makedirs(bench.path("shown"))
        code, seen = watch_process(bench, fleet)
        for words in (["quarantine", "list"], ["keys", "status"], ["check"]):
            bench.sluice(*words, "-c", os.path.join(fleet, "sluice.yaml"), log=bench.path("shown", "-".join(words)))
        hits, totals = scanner.scan(os.path.join(fleet, "out"), os.path.join(fleet, "state"), bench.path("shown"))
        for hit in hits:
            say(hit)
        return answer(1, "no identifier in any byte written or shown",
                      weak_hits > 0 and planted == found and not in_noise and in_input > 0,
                      code == 0 and seen > 0 and totals["hits"] == 0 and totals["bytes"] > 1 << 20,
                      identifiers=len(ids), needles=totals["needles"], files=totals["files"], bytes=totals["bytes"],
                      hits=totals["hits"], weak_hits=weak_hits, planted=len(planted), planted_found=len(found))


if __name__ == "__main__":
    sys.exit(main())
