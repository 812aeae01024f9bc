"""What must not grow: measured in each round, compared over all of them."""
import json
import os
import statistics

WARM_UP = 2   # rounds until state has all that the window of deduplication and epochs keep

# Of each figure: its heading, its unit, how much the last third of the rounds may exceed the
# first in parts of it and as a number beside that, and why.
FIGURES = {
    'memory': ('MB', 1e6, 0.15, 24e6),        # a start reads the log, which comes and goes with snapshots
    'descriptors': ('fds', 1, 0.10, 12),      # cold hours come and go in a look of an instant
    'files': ('files', 1, 0.05, 40),          # a stream has a file more for each kill
    'output': ('MB', 1e6, 0.02, 1e6),
    'state_files': ('files', 1, 0.10, 8),     # cold hours, and a log that is being replaced
    'vault': ('MB', 1e6, 0.10, 8e6),          # a file grows in steps when a long reader keeps pages
    'log': ('MB', 1e6, 1.00, 32e6),           # twice the last snapshot, then a new one
    'audit': ('MB', 1e6, None, None),         # two lines for each deletion until their period ends
}


def walk(folder):
    for path, _, names in os.walk(folder):
        for name in names:
            try:
                yield os.path.join(path, name), os.lstat(os.path.join(path, name)).st_size
            except FileNotFoundError:
                pass


def bytes_under(folder):
    return sum(size for _, size in walk(folder))


def sizes(folder):
    output = [size for _, size in walk(os.path.join(folder, 'out'))]
    state = [size for _, size in walk(os.path.join(folder, 'state'))]
    parts = {part: bytes_under(os.path.join(folder, 'state', part)) for part in ('vault', 'log', 'audit')}
    return {'files': len(output), 'output': sum(output), 'state_files': len(state), **parts}


def descriptors(pid):
    """0 where they may not be seen: a hardened process shows them to root alone."""
    try:
        return len(os.listdir(f'/proc/{pid}/fd'))
    except OSError:
        return 0


def buckets(folder):
    """(tenant, stream, bucket) of all output."""
    found, out = set(), os.path.join(folder, 'out')
    for tenant in os.listdir(out):
        for stream in os.listdir(os.path.join(out, tenant)):
            for bucket in os.listdir(os.path.join(out, tenant, stream)):
                found.add((tenant, stream, bucket))
    return found


def receipts(folder, after):
    """The buckets whose deletion was receipted behind a sequence number, and the last number."""
    found, last = set(), after
    try:
        with open(os.path.join(folder, 'state/audit/receipts.ndjson'), encoding='utf-8') as file:
            for line in file:
                receipt = json.loads(line)
                if receipt['sequence'] <= after:
                    continue
                last = receipt['sequence']
                if receipt.get('what') == 'deleted' and 'bucket' in receipt:
                    found.add((receipt['tenant'], receipt['stream'], receipt['bucket']))
    except FileNotFoundError:
        pass
    return found, last


def thirds(rounds, key):
    """Medians of the first and the last third behind the warm-up; None when there are too few rounds."""
    values = [figures[key] for figures in rounds[WARM_UP:]]
    third = len(values) // 3
    if third == 0:
        return None
    return statistics.median(values[:third]), statistics.median(values[-third:])


def compare(pipeline):
    found = {}
    for key in FIGURES:
        pair = thirds(pipeline.rounds, key)
        if pair:
            found[key] = {'first_third': pair[0], 'last_third': pair[1],
                          'max': max(figures[key] for figures in pipeline.rounds)}
    return found


def grown(pipeline):
    """What exceeds its bound, in words."""
    told = []
    for key, (_, _, share, number) in FIGURES.items():
        pair = thirds(pipeline.rounds, key)
        if pair and share is not None and pair[1] > pair[0] * (1 + share) + number:
            told.append(f'{pipeline.name}: {key} grew from {pair[0]:.0f} to {pair[1]:.0f}')
    return told


def table(pipelines, summary):
    """Lines that people read."""
    lines = [f"{'JOB':<8} {'FIGURE':<12} {'FIRST THIRD':>14} {'LAST THIRD':>14} {'MOST':>14}  BOUND"]
    for pipeline in pipelines:
        for key, pair in compare(pipeline).items():
            unit, divisor, share, number = FIGURES[key]
            bound = 'grows until its period ends' if share is None else \
                f'{share:.0%} and {number / divisor:.0f} {unit} more'
            values = ''.join(f" {pair[name] / divisor:>10.{0 if divisor == 1 else 1}f} {unit:<3.3}"
                             for name in ('first_third', 'last_third', 'max'))
            lines.append(f'{pipeline.name:<8} {key:<12}{values}  {bound}')
    steps = ', '.join(f'{step} {used}' for step, used in summary['core_us_by_step'].items())
    lines += [
        f"{summary['records']} records in {summary['seconds']:.0f} s: {summary['records_per_s']} a second, "
        f"{summary['core_us_per_record']} core-us a record ({steps})",
        f"{summary['kills']} kills, {summary['rows_checked']} rows checked: {summary['lost']} lost, "
        f"{summary['doubled']} doubled, {summary['invented']} invented, {summary['wrong']} wrong",
        f"{summary['buckets_deleted']} buckets deleted with receipts; disk at most "
        f"{summary['disk_bytes_max'] / 1e9:.1f} GB",
    ]
    lines += summary['grown'] + summary['failures']
    return '\n'.join(lines)
