"""A generated fleet and the built program on it, alone or with a fault planted by fault.c."""
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SLUICE = os.environ.get('SLUICE', os.path.join(ROOT, 'build/release/sluice'))
FAULT = os.environ.get('SLUICE_FAULT', os.path.join(os.path.dirname(SLUICE), 'tests/libfault.so'))
SYSEXITS = {65, 66, 71, 73, 74, 75, 77, 78}
# Any identifier of a fleet is at least so long; nothing else on a line of error may be.
IDENTIFIER = re.compile(r'(?<![0-9])[0-9]{12,}(?![0-9])')
NOISE = re.compile(r': (note|warning): |the clock starts at|^balanced: |^streams: ')


class Wrong(Exception):
    """The program did what it must not."""


class Ended:
    """How a process ended."""

    def __init__(self, code, out, err, marks):
        self.code, self.out, self.err = code, out, err
        self.reached = next((mark for mark in marks if not mark.startswith('matched')), None)
        self.matched = next((int(mark.split()[1]) for mark in marks if mark.startswith('matched')), 0)

    @property
    def killed(self):
        return self.code == -signal.SIGKILL

    def sentences(self):
        """What it said that is not the account, a warning or a note."""
        lines = [line for line in self.err.splitlines() if not NOISE.search(line)]
        return [line for line in lines if re.match(r'sluice|/|\S+: ', line)]


class Fleet:
    def __init__(self, folder):
        self.folder = folder
        self.config = os.path.join(folder, 'sluice.yaml')
        self.input = os.path.join(folder, 'input/part-00000.ndjson')

    @classmethod
    def generate(cls, folder, sims, records, seed):
        subprocess.run([SLUICE, 'gen', '--sims', str(sims), '--records', str(records), '--seed', str(seed),
                        '--out', folder], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return cls(folder)

    def copy(self, folder):
        subprocess.run(['cp', '-a', '--reflink=auto', self.folder, folder], check=True)
        return Fleet(folder)

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def configure(self, **values):
        """Replace top-level lines of the configuration."""
        with open(self.config, encoding='utf-8') as file:
            lines = [line for line in file if line.split(':')[0] not in values]
        with open(self.config, 'w', encoding='utf-8') as file:
            file.writelines(lines)
            file.writelines(f'{key}: {value}\n' for key, value in values.items())

    def hold_back(self, share):
        """Keep only the first share of the input; give() brings more of it."""
        self.whole = self.path('input.whole')
        os.rename(self.input, self.whole)
        self.given = 0
        self.give(share)

    def give(self, share):
        """Grow the input to a share of the whole, cut behind a line."""
        size = os.path.getsize(self.whole)
        with open(self.whole, 'rb') as whole, open(self.input, 'ab') as file:
            whole.seek(self.given)
            more = whole.read(max(0, int(size * share) - self.given)) + whole.readline()
            file.write(more)
        self.given += len(more)
        self.share = share

    def command(self, *arguments):
        return [SLUICE, arguments[0], '-c', self.config, *arguments[1:]]

    def start(self, *arguments, fault=None, mark=None, trace=None, **more):
        environment = dict(os.environ)
        if fault or trace or more.get('preexec_fn'):
            environment.update(LD_PRELOAD=FAULT)   # also without a fault nobody sleeps
        for name, value in (('FAULT', fault), ('FAULT_MARK', mark), ('FAULT_TRACE', trace)):
            environment.pop(name, None)
            if value:
                environment[name] = value
        return subprocess.Popen(self.command(*arguments), env=environment, stdin=subprocess.DEVNULL, text=True,
                                errors='replace', **more)

    def run(self, *arguments, fault=None, trace=None, limit=120, before=None):
        """Run to its end. The result's reached is the call at which the fault struck, None when it never did;
        matched is how many calls it could have struck at."""
        arguments = arguments or ('run', '--quiet')
        mark = self.path('reached')
        if os.path.exists(mark):
            os.unlink(mark)
        process = self.start(*arguments, fault=fault, mark=mark, trace=trace, preexec_fn=before,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            out, err = process.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise Wrong(f'did not end within {limit} s') from None
        marks = []
        if os.path.exists(mark):
            with open(mark, encoding='utf-8') as file:
                marks = file.read().splitlines()
        return Ended(process.returncode, out, err, marks)

    def finish(self):
        """Run without a fault, to the end of the input."""
        ended = self.run()
        if ended.code != 0:
            raise Wrong(f'the run afterwards ended with {ended.code}: ' + '; '.join(ended.sentences()[-3:]))
        return ended

    def check(self):
        """What came out is what the truth says, to the record."""
        done = subprocess.run([SLUICE, 'gen', '--check', self.folder], text=True, errors='replace',
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        streams = [line for line in done.stdout.splitlines() if line.startswith('{')]
        if done.returncode == 0 and len(streams) > 5:
            return
        bad = [line for line in streams if not line.endswith('"lost":0,"doubled":0,"invented":0,"wrong":0}')]
        raise Wrong(f'gen --check ended with {done.returncode}: ' +
                    '; '.join(bad[:3] + done.stderr.splitlines()[:3]))


def told(ended):
    """A failure has a code of sysexits and a sentence without identifiers; a crash has neither."""
    if ended.code not in SYSEXITS:
        raise Wrong(f'ended with {ended.code}: ' + '; '.join(ended.err.splitlines()[-3:]))
    sentences = ended.sentences()
    if not sentences:
        raise Wrong(f'ended with {ended.code} and said nothing')
    for sentence in sentences:
        if IDENTIFIER.search(sentence):
            raise Wrong('an identifier stands in an error: ' + IDENTIFIER.sub('<digits>', sentence))
    return sentences


def scratch():
    """Memory where there is enough of it: kills and faults are the same there, and nobody waits for a disk."""
    if 'TMPDIR' not in os.environ and os.path.isdir('/dev/shm') and shutil.disk_usage('/dev/shm').free > 4 << 30:
        return '/dev/shm'
    return None


class Scene:
    """What one test works with: its seed, its scratch folder, and what it says."""

    def __init__(self, name):
        self.name = name
        self.long = os.environ.get('SLUICE_LONG') == '1'
        self.seed = int(os.environ.get('SLUICE_TEST_SEED') or random.randrange(1 << 31))
        self.rounds = int(os.environ.get('SLUICE_CRASH_ROUNDS') or (200 if self.long else 30))
        self.random = random.Random(self.seed)
        self.folder = tempfile.mkdtemp(prefix='sluice-crash.', dir=scratch())
        self.shown = 0.0
        self.failures = []

    def path(self, name):
        return os.path.join(self.folder, name)

    def say(self, text):
        print(f'{self.name}: {text}', flush=True)

    def progress(self, text):
        """At most one line in five seconds."""
        if time.monotonic() - self.shown > 5:
            self.shown = time.monotonic()
            self.say(text)

    def wrong(self, what, why, fleet=None):
        """Write down a failure and keep its folder."""
        kept = ''
        if fleet:
            kept = self.path(f'failed-{len(self.failures)}')
            os.rename(fleet.folder, kept)
        self.failures.append(what)
        self.say(f'FAILED {what}: {why} {kept}')

    def end(self, summary):
        self.say(summary)
        if self.failures:
            self.say(f'{len(self.failures)} failed; files are kept in {self.folder}; again with: '
                     f'tests/run crash {self.name} --rounds {self.rounds} --seed {self.seed}')
            sys.exit(1)
        shutil.rmtree(self.folder)


def play(name, scene):
    """The whole of a test: its scene, ended well or with what went wrong."""
    stage = Scene(name)
    stage.say(f'seed {stage.seed}')
    try:
        summary = scene(stage)
    except (Wrong, subprocess.CalledProcessError) as wrong:
        stage.wrong('setting up', wrong)
        summary = 'stopped'
    stage.end(summary)
