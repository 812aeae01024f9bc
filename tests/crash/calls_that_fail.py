"""A disk that is full, read-only or broken, and a system out of descriptors or memory, at the n-th call or from
it on: the program says so in a sentence and ends with a code of sysexits, or gets over it; once the cause is gone
the truth is the same."""
import collections
import os
import re
import resource
import subprocess

from fleet import Fleet, Wrong, play, told

# error, kind of call, its path
FAULTS = [
    ('ENOSPC', 'write', '*'), ('half-ENOSPC', 'write', '*'), ('EIO', 'write', '*'), ('EIO', 'sync', '*'),
    ('ENOSPC', 'create', '*'), ('ENOSPC', 'mkdir', '*'), ('EROFS', 'change', '*'), ('EACCES', 'change', '*/out/*'),
    ('EIO', 'rename', '*'), ('EIO', 'unlink', '*'), ('EIO', 'truncate', '*'), ('EIO', 'read', '*'),
    ('EMFILE', 'open', '*'), ('ENFILE', 'open', '*'), ('ENOMEM', 'alloc', '*'), ('ENOMEM', 'map', '*'),
]
SHORT_TRIALS = 2        # of each fault
LONG_TRIALS = 400       # at most


def bases(stage):
    """One fleet that has never run, and one that has come half way."""
    fresh = Fleet.generate(stage.path('fresh'), 300, 3000, stage.random.randrange(1 << 31))
    fresh.configure(commit='{ records: 1024, interval: 10s }', files='{ size: 64KiB }')
    half = fresh.copy(stage.path('half'))
    half.hold_back(0.5)
    half.finish()
    half.give(1.0)
    return [fresh, half]


def count_calls(stage, base, fault):
    """How many calls a run makes that the fault could strike at."""
    fleet = base.copy(stage.path('counting'))
    ended = fleet.run(fault=':'.join(fault) + ':1000000000')
    subprocess.run(['rm', '-rf', fleet.folder], check=True)
    if ended.code != 0:
        raise Wrong(f'{fault} was only counted and the run ended with {ended.code}')
    return ended.matched


def numbers(stage, count):
    """At which of so many calls to strike."""
    trials = LONG_TRIALS if stage.long else SHORT_TRIALS
    if count <= trials:
        return range(1, count + 1)
    return sorted(stage.random.sample(range(1, count + 1), trials))


def outlived(fleet, ended, said):
    """Told or got over; then the run afterwards brings the same truth."""
    if ended.code != 0:
        said.update(re.sub(re.escape(fleet.folder), '', sentence) for sentence in told(ended))
    fleet.finish()
    fleet.check()


def trial(stage, base, what, said, **run):
    fleet = base.copy(stage.path('trial'))
    try:
        ended = fleet.run(**run)
        outlived(fleet, ended, said)
        subprocess.run(['rm', '-rf', fleet.folder], check=True)
        return ended
    except Wrong as wrong:
        stage.wrong(what, wrong, fleet)
    return None


def limit_descriptors(most):
    return lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def limit_files(octets):
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (octets, octets))


def limit_memory(octets):
    return lambda: resource.setrlimit(resource.RLIMIT_AS, (octets, octets))


def real_limits(stage, base, said):
    """The same from the system itself."""
    dice = stage.random
    trials = 60 if stage.long else 3
    for _ in range(trials):
        for name, limit, most in (('descriptors', limit_descriptors, dice.randrange(8, 40)),
                                  ('octets in a file', limit_files, dice.randrange(0, 3 << 20)),
                                  ('octets of memory', limit_memory, dice.randrange(8 << 20, 600 << 20))):
            trial(stage, base, f'{most} {name}', said, before=limit(most))
    return 3 * trials


def scene(stage):
    said = collections.Counter()
    struck = trials = survived = 0
    both = bases(stage)
    for fault in FAULTS:
        for base in both:
            for number in numbers(stage, count_calls(stage, base, fault)):
                for times in (1, 0):
                    what = f'{":".join(fault)}:{number}:{times} in {os.path.basename(base.folder)}'
                    ended = trial(stage, base, what, said, fault=f'{":".join(fault)}:{number}:{times}')
                    trials += 1
                    struck += bool(ended and ended.reached)
                    survived += bool(ended and ended.reached and ended.code == 0)
                    stage.progress(f'{trials} trials, now {what}')
    for base in both:
        trials += real_limits(stage, base, said)
    if struck < trials / 2:
        raise Wrong(f'only {struck} of {trials} faults were reached')
    for sentence, count in said.most_common():
        stage.say(f'{count:6} times: {sentence}')
    return f'{trials} trials, {struck} struck, {survived} of them got over'


play('calls_that_fail', scene)
