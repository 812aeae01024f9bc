"""Killed before, within or behind a call that changes the disk - between output and commit, between the two roots
of a rotation, in a snapshot, in a rename, in a deletion - the next run brings what the truth says."""
import collections
import datetime
import json
import os
import re
import subprocess

from fleet import Fleet, Wrong, play

SHORT_TRIALS = 12       # at any call, of each kind of run and each way to die
OLD_DAYS = 300          # so long ago that epochs of then are over at the fleet's own clock

Call = collections.namedtuple('Call', 'number kind path')


def prime(fleet):
    """A tenant of long ago whose buckets are due and whose epochs are over: the next run deletes them and
    rotates the vault's root."""
    with open(fleet.config, encoding='utf-8') as file:
        config = file.read()
    clock = datetime.datetime.fromisoformat(re.search(r'clock: (\S+)Z', config)[1])
    then = clock - datetime.timedelta(days=OLD_DAYS)
    with open(fleet.path('policies/acme.yaml'), encoding='utf-8') as file:
        policy = file.read().replace('tenant: acme', 'tenant: old')
    with open(fleet.path('policies/old.yaml'), 'w', encoding='utf-8') as file:
        file.write(policy)
    os.mkdir(fleet.path('old-input'))
    with open(fleet.input, encoding='utf-8', errors='ignore') as lines, \
            open(fleet.path('old-input/old.ndjson'), 'w', encoding='utf-8') as out:
        for line, days in zip([line for line in lines if '"organisation":{"id":2001}' in line][:60], 20 * (1, 30, 60)):
            day = then - datetime.timedelta(days=days)
            line = re.sub(r'"20\d\d-\d\d-\d\d(T[0-9:]*Z)"', rf'"{day:%Y-%m-%d}\1"', line)
            out.write(line.replace('{"id":2001}', '{"id":2005}'))
    config = re.sub(r'clock: \S+', f'clock: {then:%Y-%m-%dT%H:%M:%SZ}', config)
    config = config.replace('path: input', 'path: old-input').replace('"2004": gamma', '"2004": gamma\n      "2005": old')
    config += '  old: { policies: [policies/old.yaml] }\n' if config.rstrip().endswith('}') else ''
    with open(fleet.path('old.yaml'), 'w', encoding='utf-8') as file:
        file.write(config)
    old = Fleet(fleet.folder)
    old.config = fleet.path('old.yaml')
    old.finish()
    if not os.path.isdir(fleet.path('out/old')):
        raise Wrong('the tenant of long ago has no rows')


def bases(stage):
    """A fleet that has never run, and one whose first run deletes and rotates."""
    fresh = Fleet.generate(stage.path('fresh'), 300, 3000, stage.random.randrange(1 << 31))
    primed = fresh.copy(stage.path('primed'))
    prime(primed)
    for fleet in (fresh, primed):
        fleet.configure(commit='{ records: 1024, interval: 1h }')
    return [fresh, primed]


def calls_of(stage, base):
    """Every call of a whole run that changes the disk, in order."""
    fleet = base.copy(stage.path('traced'))
    trace = stage.path('trace')
    ended = fleet.run(trace=trace)
    if ended.code != 0:
        raise Wrong(f'the traced run ended with {ended.code}')
    fleet.check()
    with open(trace, encoding='utf-8') as file:
        calls = [line.rstrip('\n').split(' ', 2) for line in file]
    os.unlink(trace)
    subprocess.run(['rm', '-rf', fleet.folder], check=True)
    return [Call(number, kind, path.replace(fleet.folder, '')) for number, (_, kind, path) in enumerate(calls, 1)]


# ---- points: how a run's calls are searched for each

def between_output_and_commit(calls):
    """The write of a commit behind those of its outputs, before it, in it and behind it."""
    for before, call in zip(calls, calls[1:]):
        if call.kind == 'write' and re.search(r'/log/\d+\.log$', call.path) and '/out' in before.path:
            yield 'kill-before', call
            yield 'kill-half', call
            yield 'kill-after', call


def rotations(calls):
    """Runs of calls from a keyring's rename to the next with nothing but the vault between."""
    start = None
    for at, call in enumerate(calls):
        if call.kind == 'rename' and call.path.endswith('/keyring'):
            if start is not None and any('data.mdb' in each.path for each in calls[start:at]):
                yield calls[start:at + 1]
            start = at
        elif '/keyring' not in call.path and '/vault' not in call.path and call.path != '/state':
            start = None


def between_the_two_roots(calls):
    """Keyring with both roots and vault under the old; vault under the new; keyring with the new."""
    for rotation in rotations(calls):
        vault = [call for call in rotation if 'data.mdb' in call.path and call.kind == 'write']
        yield 'kill-after', rotation[0]
        yield 'kill-before', vault[0]
        yield 'kill-before', vault[-1]
        yield 'kill-after', vault[-1]
        yield 'kill-before', rotation[-1]
        yield 'kill-after', rotation[-1]


def in_a_snapshot(calls):
    """From the first octet of the new segment to its name, and to the keyring without the old key."""
    named = False
    for call in calls:
        if call.path.endswith('.log.new'):
            yield 'kill-half' if call.kind == 'write' else 'kill-after', call
            named = True
        elif named and (call.path.endswith('.log') or call.path.endswith('/keyring')) and call.kind == 'rename':
            yield 'kill-before', call
            yield 'kill-after', call
            named = call.path.endswith('.log')


def in_renames(calls):
    """The first, a middle and the last of the renames that close files."""
    renames = [call for call in calls if call.kind == 'rename' and call.path.endswith('.pb')]
    for call in (renames[0], renames[len(renames) // 2], renames[-1]) if renames else ():
        yield 'kill-before', call
        yield 'kill-after', call


def in_a_deletion(calls):
    """A bucket's files and folders, and the receipts around them."""
    gone = [call for call in calls if call.kind == 'unlink' and '/out/old/' in call.path]
    told = [call for call in calls if call.kind == 'write' and '/audit/' in call.path]
    for call in gone[:2] + gone[-2:] + told[:2] + told[-2:]:
        yield 'kill-before', call
        yield 'kill-half' if call.kind == 'write' else 'kill-after', call


POINTS = {
    'after-output-before-commit': between_output_and_commit,
    'between-the-two-roots': between_the_two_roots,
    'during-a-snapshot': in_a_snapshot,
    'during-a-rename': in_renames,
    'during-a-deletion': in_a_deletion,
}


# ---- dying there

def same_place(call, reached):
    """Whether the marker speaks of the call that was meant; numbers and dates apart."""
    kind, path = reached.split(' ', 2)[1:]
    return kind == call.kind and re.sub(r'\d+', '0', path).endswith(re.sub(r'\d+', '0', call.path))


def die_at(stage, base, how, call):
    fleet = base.copy(stage.path('trial'))
    fault = f'{how}:change:*:{call.number}'
    try:
        ended = fleet.run(fault=fault)
        if not ended.killed or not ended.reached:
            raise Wrong(f'ended with {ended.code} instead of being killed')
        moved = not same_place(call, ended.reached)
        fleet.finish()
        fleet.check()
        if fleet.run('keep', '--verify').code != 0:
            raise Wrong('the receipts do not hold')
        if any(names for _, _, names in os.walk(fleet.path('out/old'))):
            raise Wrong('what was due is still there')
        subprocess.run(['rm', '-rf', fleet.folder], check=True)
        return not moved
    except Wrong as wrong:
        stage.wrong(f'{fault} ({call.kind} {call.path}) in {os.path.basename(base.folder)}', wrong, fleet)
    return True


def named_points(stage, runs):
    for name, find in POINTS.items():
        trials = exact = 0
        for base, calls in runs:
            points = list(find(calls))
            if not stage.long and len(points) > SHORT_TRIALS:
                points = stage.random.sample(points, SHORT_TRIALS)
            for how, call in points:
                exact += die_at(stage, base, how, call)
                trials += 1
        if exact == 0:
            raise Wrong(f'no run came to {name} ({trials} tried)')
        stage.say(f'{name}: {exact} of {trials} kills right there')


def any_call(stage, runs):
    trials = 0
    for base, calls in runs:
        for how in ('kill-before', 'kill-half'):
            chosen = calls if stage.long else stage.random.sample(calls, min(SHORT_TRIALS, len(calls)))
            for call in chosen:
                die_at(stage, base, how, call)
                trials += 1
                stage.progress(f'{trials} kills at any call')
    return trials


def scene(stage):
    runs = [(base, calls_of(stage, base)) for base in bases(stage)]
    named_points(stage, runs)
    trials = any_call(stage, runs)
    return f'{trials} kills at any of {json.dumps([len(calls) for _, calls in runs])} calls'


play('killed_at_named_points', scene)
