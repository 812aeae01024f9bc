"""A bit flipped, a page zeroed, an end cut off or another put in its place, in every kind of file that the program keeps:
the next run says which file is damaged and ends with 65, or what was changed is of no use to anybody and what comes
out is the truth. Never a wrong row, never a signal."""
import collections
import os
import re
import shutil
import subprocess

from fleet import Fleet, Wrong, play, told

SHORT_TRIALS = 6        # of each kind of file and each way to damage it
LONG_TRIALS = 150
PAGE = 4096


# ---- ways to damage a file: each tells what it did

def flip(dice, path, _):
    size = os.path.getsize(path)
    at, bit = dice.randrange(size), dice.randrange(8)
    with open(path, 'r+b') as file:
        file.seek(at)
        octet = file.read(1)[0]
        file.seek(at)
        file.write(bytes([octet ^ 1 << bit]))
    return f'bit {bit} of octet {at} of {size} flipped'


def flip_in_a_head(dice, path, _):
    """Where a page of the vault says what lies where in it."""
    size = os.path.getsize(path)
    at, bit = dice.randrange((size + PAGE - 1) // PAGE) * PAGE + dice.randrange(64), dice.randrange(8)
    at = min(at, size - 1)
    with open(path, 'r+b') as file:
        file.seek(at)
        octet = file.read(1)[0]
        file.seek(at)
        file.write(bytes([octet ^ 1 << bit]))
    return f'bit {bit} of octet {at} of {size} flipped'


def cut(dice, path, _):
    size = os.path.getsize(path)
    left = dice.randrange(size)
    os.truncate(path, left)
    return f'cut from {size} to {left} octets'


def zero(dice, path, _):
    size = os.path.getsize(path)
    at = dice.randrange((size + PAGE - 1) // PAGE) * PAGE
    with open(path, 'r+b') as file:
        file.seek(at)
        file.write(bytes(min(PAGE, size - at)))
    return f'zeros from octet {at} of {size}'


def swap(dice, path, others):
    """Put another file of the kind in its place, or the end of its own where there is none."""
    other = dice.choice([each for each in others if each != path] or [path])
    if other == path:
        with open(path, 'r+b') as file:
            octets = file.read()
            file.seek(0)
            file.write(octets[len(octets) // 2:] + octets[:len(octets) // 2])
        return 'its halves swapped'
    shutil.copyfile(other, path)
    return f'overwritten by {other}'


def take_away(_, path, __):
    os.unlink(path)
    return 'deleted'


WAYS = [flip, flip_in_a_head, cut, zero, swap, take_away]


# ---- files by what they are for

def kind_of(path):
    """The kind of file that a path below the fleet's folder is; None for what is not ours to damage."""
    found = re.match(r'state/(log|vault/data|vault/lock|audit|keyring|lock|spool|cold|[a-z]+)', path)
    if found:
        return 'state/' + found[1]
    found = re.match(r'out/[a-z]+/(quarantine|park|suspended)/', path)
    if found:
        return 'out/' + found[1]
    return 'out/rows' if path.startswith('out/') else None


def files_of(fleet):
    """Paths below the fleet's folder, by kind; empty ones cannot be damaged."""
    kinds = collections.defaultdict(list)
    for folder, _, names in os.walk(fleet.folder):
        for name in names:
            path = os.path.relpath(os.path.join(folder, name), fleet.folder)
            if kind_of(path) and os.path.getsize(fleet.path(path)):
                kinds[kind_of(path)].append(path)
    return {kind: sorted(paths) for kind, paths in sorted(kinds.items())}


def bases(stage):
    """One that ended well half way and one that was killed there."""
    ended = Fleet.generate(stage.path('ended'), 300, 3000, stage.random.randrange(1 << 31))
    ended.configure(commit='{ records: 512, interval: 1h }')
    killed = ended.copy(stage.path('killed'))
    for fleet in (ended, killed):
        fleet.hold_back(0.5)
    ended.finish()
    if not killed.run(fault='kill-half:write:*/log/*.log:2').killed:
        raise Wrong('the run was not killed')
    for fleet in (ended, killed):
        fleet.give(1.0)
    return [ended, killed]


# ---- one damage

def names_it(sentences, path):
    """Whether a sentence names the file, or the folder it lies in below state or output."""
    folder = os.path.dirname(path)
    return any(path in sentence or (folder and folder in sentence) for sentence in sentences)


def noticed(kind, path, ended, fleet):
    """Told by the run, or by what the check of rows says, or of no use to anybody. How it was."""
    if ended.code < 0 or ended.code == 134:
        raise Wrong(f'died of signal {-ended.code}')
    if ended.code != 0:
        sentences = told(ended)
        if ended.code not in (65, 66, 77):
            raise Wrong(f'ended with {ended.code}: {sentences[-1]}')
        if not names_it(sentences, path) and not names_it(sentences, os.path.dirname(path)):
            raise Wrong('does not name the file: ' + '; '.join(sentences[-2:]))
        return f'ended with {ended.code}'
    try:
        fleet.check()
        return 'of no use to anybody'
    except Wrong:
        # Streams are plain files that are the reader's once they are written.
        if not kind.startswith('out/'):
            raise
        return 'found by the check'


def trial(stage, base, kind, paths, way, results):
    fleet = base.copy(stage.path('trial'))
    path = stage.random.choice(paths)
    others = [fleet.path(each) for each in paths]
    what = way(stage.random, fleet.path(path), others)
    try:
        results[kind, noticed(kind, path, fleet.run(), fleet)] += 1
        subprocess.run(['rm', '-rf', fleet.folder], check=True)
    except Wrong as wrong:
        stage.wrong(f'{path} in {os.path.basename(base.folder)}: {what}', wrong, fleet)


def scene(stage):
    results = collections.Counter()
    trials = LONG_TRIALS if stage.long else SHORT_TRIALS
    for base in bases(stage):
        for kind, paths in files_of(base).items():
            for way in WAYS:
                for _ in range(trials if kind in ('state/vault/data', 'state/log') else max(1, trials // 3)):
                    trial(stage, base, kind, paths, way, results)
                    stage.progress(f'{sum(results.values())} damages, now {kind}')
    for (kind, how), count in sorted(results.items()):
        stage.say(f'{count:5} of {kind}: {how}')
    if not any(how == 'ended with 65' for _, how in results):
        raise Wrong('no damage was ever noticed')
    return f'{sum(results.values())} damages'


play('damaged_files', scene)
