"""One job of the soak: a fleet and its state over all rounds."""
import json
import os
import random
import shutil
import signal
import subprocess
import time

import flat

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SLUICE = os.environ.get('SLUICE', os.path.join(ROOT, 'build/release/sluice'))
CLEAN = ('lost', 'doubled', 'invented', 'wrong')
RUN_LIMIT_S = 3600


class Wrong(Exception):
    """The program did what it must not."""


class Stopped(Exception):
    """Another job failed."""


class Pipeline:
    def __init__(self, name, folder, given, seed, stop):
        self.name, self.folder, self.given, self.seed, self.stop = name, folder, given, seed, stop
        self.random = random.Random(seed)
        self.config = os.path.join(folder, 'sluice.yaml')
        self.round = self.done = self.kills = self.rows = self.deleted = self.sequence = 0
        self.wrong = dict.fromkeys(CLEAN, 0)
        self.cpu = {'gen': 0.0, 'run': 0.0, 'check': 0.0, 'keep': 0.0}
        self.rounds = []           # what was measured, by round
        self.disk = []             # bytes at the fullest of each round
        self.truth = {}            # sums over the rounds
        self.old = set()           # buckets that the round before left
        self.expected_s = 0.0      # how long a run takes

    def work(self):
        last = time.monotonic() + 60 * self.given.minutes if self.given.minutes else float('inf')
        while self.round < self.given.rounds and time.monotonic() < last:
            self.play()
            self.round += 1
        self.command('keep', 'keep', '-c', self.config, '--verify')

    def play(self):
        """One round, from its input to its check."""
        self.generate()
        self.disk.append(flat.bytes_under(self.folder))
        figures = self.run_with_kills()
        self.disk[-1] = max(self.disk[-1], flat.bytes_under(self.folder))
        self.check_accounts()
        shutil.rmtree(os.path.join(self.folder, 'input'))
        os.mkdir(os.path.join(self.folder, 'input'), 0o750)
        self.check()
        self.check_deletions()
        figures.update(flat.sizes(self.folder))
        self.rounds.append(figures)
        self.done += self.given.round

    # ---- steps

    def output(self, name):
        return os.path.join(self.folder, name)

    def start(self, *arguments):
        with open(self.output('stdout'), 'wb') as out, open(self.output('stderr'), 'wb') as err:
            return subprocess.Popen([SLUICE, *arguments], stdin=subprocess.DEVNULL, stdout=out, stderr=err)

    def wait(self, process, step, kill_at=None):
        """To the end, or until kill_at seconds. Returns code, usage and most descriptors at a time."""
        started, descriptors = time.monotonic(), 0
        looked = 0.0
        while True:
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
            if pid:
                process.returncode = os.waitstatus_to_exitcode(status)
                self.cpu[step] += usage.ru_utime + usage.ru_stime
                return process.returncode, usage, descriptors
            age = time.monotonic() - started
            if (kill_at is not None and age >= kill_at) or self.stop.is_set() or age > RUN_LIMIT_S:
                process.send_signal(signal.SIGKILL)
                kill_at = None
            if age - looked > 0.2:
                looked = age
                descriptors = max(descriptors, flat.descriptors(process.pid))
            time.sleep(0.02 if kill_at is None else min(0.02, max(0.0, kill_at - age)))

    def command(self, step, *arguments):
        """A command that must end well."""
        code, _, _ = self.wait(self.start(*arguments), step)
        if self.stop.is_set():
            raise Stopped
        with open(self.output('stdout'), encoding='utf-8', errors='replace') as file:
            out = file.read()
        if code:
            raise Wrong(f'sluice {arguments[0]} ended with {code}: {out[-1000:]}{self.last_words()}')
        return out

    def last_words(self):
        with open(self.output('stderr'), encoding='utf-8', errors='replace') as file:
            return file.read()[-2000:]

    def generate(self):
        if self.round:
            self.command('gen', 'gen', '--next', self.folder, '--json')
        else:
            os.mkdir(self.folder)
            fleet = os.path.join(self.folder, 'fleet')
            self.command('gen', 'gen', '--sims', str(self.given.sims), '--records', str(self.given.round),
                         '--seed', str(self.seed), '--out', fleet, '--json')
            self.folder, self.config = fleet, os.path.join(fleet, 'sluice.yaml')
        with open(os.path.join(self.folder, 'truth/truth.json'), encoding='utf-8') as file:
            add(self.truth, json.load(file))

    def moment(self):
        """When to kill: a third in the first second, where state is read and what is due deleted."""
        if self.random.random() < 1 / 3:
            return self.random.uniform(0, min(1.0, self.expected_s or 1.0))
        return self.random.uniform(0, self.expected_s or 2.0)

    def run_with_kills(self):
        """Kill and start again, then let it end. Returns the most memory and descriptors of any start."""
        killed = memory = descriptors = 0
        seconds = 0.0
        while True:
            kill_at = self.moment() if killed < self.given.kills else None
            started = time.monotonic()
            code, usage, count = self.wait(self.start('run', '-q', '--json', '-c', self.config), 'run', kill_at)
            if self.stop.is_set():
                raise Stopped
            seconds += time.monotonic() - started
            memory, descriptors = max(memory, usage.ru_maxrss * 1024), max(descriptors, count)
            if code == 0:
                break
            if code != -signal.SIGKILL or kill_at is None:
                raise Wrong(f'sluice run ended with {code}: {self.last_words()}')
            killed += 1
        self.kills += killed
        self.expected_s = seconds
        return {'memory': memory, 'descriptors': descriptors, 'kills': killed, 'seconds': seconds}

    # ---- what must hold

    def check_accounts(self):
        """The counters over the state's life are the sums of all rounds' truth."""
        with open(self.output('stdout'), encoding='utf-8') as file:
            said = json.loads(file.read().splitlines()[-1])
        if said['balanced'] is not True:
            raise Wrong('the run says that its counters are not balanced')
        for key in ('in', 'routed', 'duplicate', 'dropped'):
            same(key, said[key], self.truth[key])
        for key in ('quarantined', 'suspended'):
            same(key, said[key + '_reasons'], self.truth[key])
        for tenant, truth in self.truth['tenants'].items():
            for purpose, counts in truth['purposes'].items():
                for key in ('emitted', 'parked', 'dropped'):
                    same(f'{key} of {tenant}/{purpose}', said['tenants'][tenant]['purposes'][purpose][key], counts[key])

    def check(self):
        code, _, _ = self.wait(self.start('gen', '--check', self.folder, '--json'), 'check')
        if self.stop.is_set():
            raise Stopped
        with open(self.output('stdout'), encoding='utf-8', errors='replace') as file:
            streams = [json.loads(line) for line in file]
        for stream in streams:
            self.rows += stream['found']
            for kind in CLEAN:
                self.wrong[kind] += stream[kind]
        if code or len(streams) < 10:
            bad = [stream for stream in streams if any(stream[kind] for kind in CLEAN)]
            raise Wrong(f'gen --check ended with {code}: {json.dumps(bad)} {self.last_words()}')

    def check_deletions(self):
        """All buckets of the round before are gone, and each has a receipt."""
        receipts, self.sequence = flat.receipts(self.folder, self.sequence)
        left = flat.buckets(self.folder)
        if self.old & left:
            raise Wrong(f'due and not deleted: {sorted(self.old & left)[:5]}')
        if receipts != self.old:
            raise Wrong(f'receipts and buckets that were due differ: {sorted(receipts ^ self.old)[:5]}')
        self.deleted += len(receipts)
        self.old = left


def add(sums, truth):
    """Numbers add up, objects by their members."""
    for key, value in truth.items():
        if isinstance(value, dict):
            add(sums.setdefault(key, {}), value)
        elif isinstance(value, int):
            sums[key] = sums.get(key, 0) + value


def same(what, said, truth):
    if isinstance(said, dict):
        said, truth = ({k: v for k, v in each.items() if v} for each in (said, truth))
    if said != truth:
        raise Wrong(f'{what}: the run counted {said}, the truth is {truth}')
