"""Rounds of traffic through one state, with kill -9 at random moments, deleting as they go.

Each job has a fleet, a state folder and its share of the records. A round is: new
input of the fleet, 80 days after the round before; 'sluice run', killed a few times
and started again until it ends by itself; the input deleted; 'sluice gen --check'
over what came out; receipts for every bucket of the round before, and nothing left
of them; the counters of the run against the sum of all rounds' truth.

Memory, files, descriptors and sizes are noted in each round, and at the end the last
third of the rounds is held against the first third. Exits with 0 when no record was
lost, doubled, invented or wrong and nothing grew, else with 1 and keeps the folders."""
import argparse
import json
import os
import random
import resource
import shutil
import sys
import tempfile
import threading
import time

import flat
from pipeline import Pipeline, Stopped, Wrong

ROUND_MAX = 2_500_000     # records of a round: 3 GB of disk for each job
ROUNDS_MIN = 8            # fewer have no thirds to compare
ROUNDS_MAX = 250          # what the generator's calendar has room for


def options():
    """Records by default: what a short run has time for, or the whole of it."""
    is_long = os.environ.get('SLUICE_LONG') == '1'
    parser = argparse.ArgumentParser(prog='tests/soak/run', description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--records', type=int, default=500_000_000 if is_long else 2_000_000,
                        help='lines of input over all jobs and rounds (default 2000000)')
    parser.add_argument('--seed', type=int, default=random.randrange(1 << 31),
                        help='what fleets, traffic and moments of kills follow from (default: random)')
    parser.add_argument('--jobs', type=int, default=os.cpu_count(), help='pipelines at a time (default: one a core)')
    parser.add_argument('--sims', type=int, help='SIMs of each fleet (default: a hundredth of a round, at least 2000)')
    parser.add_argument('--round', type=int, help='lines of a round of one job (default: up to 2500000)')
    parser.add_argument('--kills', type=int, default=3, help='how often a round is killed at most (default 3)')
    parser.add_argument('--minutes', type=int, help='begin no round later than this (default: all are played)')
    parser.add_argument('--folder', default=None, help='where the fleets lie (default: $TMPDIR or /tmp)')
    parser.add_argument('--json', action='store_true', help='end with one JSON object on standard output')
    given = parser.parse_args()
    if min(given.records, given.jobs, given.round or 1, given.sims or 1) < 1 or given.kills < 0:
        parser.error('numbers are at least 1')
    return plan(given)


def plan(given):
    """How many rounds of how many records each job has."""
    share = max(1, given.records // given.jobs)
    given.round = given.round or max(1000, min(ROUND_MAX, share // ROUNDS_MIN))
    given.rounds = min(ROUNDS_MAX, -(-share // given.round))
    given.sims = given.sims or max(2000, given.round // 100)
    given.total = given.rounds * given.round * given.jobs
    return given


class Progress(threading.Thread):
    """A line on standard error from time to time."""

    def __init__(self, pipelines, total, stop):
        super().__init__(daemon=True)
        self.pipelines, self.total, self.stop = pipelines, total, stop
        self.started = time.monotonic()
        self.ended = threading.Event()

    def line(self):
        done = sum(p.done for p in self.pipelines)
        kills = sum(p.kills for p in self.pipelines)
        seconds = time.monotonic() - self.started
        rate = done / seconds if seconds else 0
        left = (self.total - done) / rate / 60 if rate else 0
        rounds = '/'.join(str(p.round) for p in self.pipelines)
        return (f'soak: {done / 1e6:.1f} of {self.total / 1e6:.1f} M records, {rate / 1e3:.0f} k/s, '
                f'{kills} kills, in rounds {rounds}, {left:.0f} min left')

    def run(self):
        every = 5 if sys.stderr.isatty() else 30
        while not self.ended.wait(every):
            print(self.line(), file=sys.stderr, flush=True)


def work(pipeline, stop, failures):
    try:
        pipeline.work()
    except Stopped:
        pass
    except Exception as wrong:   # whatever it is, the others stop and the folders stay
        kind = '' if isinstance(wrong, Wrong) else type(wrong).__name__ + ': '
        failures.append(f'{pipeline.name}, round {pipeline.round}: {kind}{wrong}')
        print('soak: FAILED ' + failures[-1], file=sys.stderr, flush=True)
        stop.set()


def soak(given, folder):
    """All jobs to their end. Returns the pipelines, what failed, and for how many seconds they worked."""
    stop, failures = threading.Event(), []
    pipelines = [Pipeline(f'job-{i}', os.path.join(folder, f'job-{i}'), given, given.seed * 1000 + i, stop)
                 for i in range(given.jobs)]
    progress = Progress(pipelines, given.total, stop)
    workers = [threading.Thread(target=work, args=(p, stop, failures)) for p in pipelines]
    progress.start()
    for worker in workers:
        worker.start()
    try:
        for worker in workers:
            worker.join()
    except KeyboardInterrupt:
        failures.append('interrupted')
        stop.set()
        for worker in workers:
            worker.join()
    progress.ended.set()
    print(progress.line(), file=sys.stderr, flush=True)
    return pipelines, failures, time.monotonic() - progress.started


def main():
    given = options()
    folder = tempfile.mkdtemp(prefix='sluice-soak.', dir=given.folder)
    print(f'soak: seed {given.seed}, {given.jobs} jobs of {given.rounds} rounds of {given.round} records, '
          f'{given.sims} SIMs each, in {folder}', file=sys.stderr, flush=True)
    pipelines, failures, seconds = soak(given, folder)
    done = sum(p.done for p in pipelines)
    grown = [line for p in pipelines for line in flat.grown(p)]
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    summary = {
        'seed': given.seed, 'jobs': given.jobs, 'rounds': given.rounds, 'records': done,
        'kills': sum(p.kills for p in pipelines), 'rows_checked': sum(p.rows for p in pipelines),
        'buckets_deleted': sum(p.deleted for p in pipelines),
        **{kind: sum(p.wrong[kind] for p in pipelines) for kind in ('lost', 'doubled', 'invented', 'wrong')},
        'seconds': round(seconds, 1), 'records_per_s': round(done / seconds) if seconds else 0,
        'core_us_per_record': round((used.ru_utime + used.ru_stime) * 1e6 / done, 2) if done else None,
        'core_us_by_step': {step: round(sum(p.cpu[step] for p in pipelines) * 1e6 / done, 2) if done else None
                            for step in pipelines[0].cpu},
        'disk_bytes_max': max((sum(sizes) for sizes in zip(*[p.disk for p in pipelines])), default=0),
        'flat': {p.name: flat.compare(p) for p in pipelines}, 'grown': grown, 'failures': failures,
    }
    print(flat.table(pipelines, summary), file=sys.stderr if given.json else sys.stdout)
    if given.json:
        print(json.dumps(summary))
    if failures or grown:
        print(f'soak: FAILED; files are kept in {folder}; again with: tests/soak/run --records {given.records} '
              f'--seed {given.seed} --jobs {given.jobs} --sims {given.sims} --round {given.round} '
              f'--kills {given.kills}', file=sys.stderr)
        return 1
    shutil.rmtree(folder)
    return 0


if __name__ == '__main__':
    sys.exit(main())
