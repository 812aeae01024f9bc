"""Joins two streams on anything: every pair of columns by equality and by order, and all they share together.

A stream is a list of rows and, beside it, the answer sheet: which record each
row was. Matchers see the rows alone; the sheet only counts how often they were
right."""
import itertools
import os
from collections import Counter

from bench import fields

SHEET = 58        # breakout_region: the answer sheet of world.py
PSEUDONYM = 10
START, START_COARSE, EXPIRES = 45, 46, 5
NAMES = range(6, 19)
CONSTANT = {1, 2, 3, 4}   # purpose, basis, version, tenant: the same on each row

# What whoever holds an exact column can make of it: (from, to, how)
DERIVED = ((35, 37, int.bit_length), (36, 38, int.bit_length), (39, 40, int.bit_length),
           (51, 52, lambda plmn: int(plmn[:3])))


class Stream:
    def __init__(self, name, rows, sheet):
        self.name, self.rows, self.sheet = name, rows, sheet

    def window(self, records, window):
        """The part that is of one of the world's windows."""
        keep = [at for at, number in enumerate(self.sheet) if records[number].window == window]
        return Stream(self.name, [self.rows[at] for at in keep], [self.sheet[at] for at in keep])

    def columns(self):
        """Every column by which rows differ."""
        found = {}
        for row in self.rows:
            for column, value in row.items():
                found.setdefault(column, set()).add(value) if len(found.get(column, ())) < 2 else None
        return sorted((column for column, values in found.items() if len(values) > 1), key=str)


def blocks_of(pseudonyms):
    """Which commit each row of a file was of: where the order of pseudonyms starts again."""
    block, before, found = 0, b"", []
    for pseudonym in pseudonyms:
        block += pseudonym < before
        before = pseudonym
        found.append(block)
    return found


def read_stream(folder, tenant, name):
    """The rows of one stream in the order of its files, with what the files themselves tell of each."""
    rows, sheet = [], []
    top = os.path.join(folder, "out", tenant, name)
    for bucket in sorted(os.listdir(top)):
        for file in sorted(os.listdir(os.path.join(top, bucket))):
            with open(os.path.join(top, bucket, file), "rb") as data:
                batch = [body for number, body in fields(data.read()) if number == 1]
            decoded = [dict(fields(body)) for body in batch]
            for row, body, block in zip(decoded, batch, blocks_of([row.get(PSEUDONYM, b"") for row in decoded])):
                sheet.append(int(row.pop(SHEET)[1:]))
                row["length"], row["commit"] = len(body), (bucket, file, block)
                rows.append(row)
    return Stream(f"{tenant}/{name}", rows, sheet)


def derive(stream, interval):
    """A copy whose rows also have what can be made of the exact columns."""
    rows = []
    for row in stream.rows:
        row = dict(row)
        for source, target, how in DERIVED:
            if source in row and target not in row:
                row[target] = how(row[source])
        if START in row and START_COARSE not in row and interval:
            seconds = row[START] // 10**6
            row[START_COARSE] = seconds - seconds % interval
        rows.append(row)
    return Stream(stream.name, rows, stream.sheet)


def interval_of(stream):
    """The policy's interval of the coarse start, from the stream itself; 0 when it has none."""
    found = {row[START_COARSE] for row in stream.rows if START_COARSE in row}
    return next((step for step in (86400, 3600, 900, 300, 60, 1) if found and all(at % step == 0 for at in found)), 0)


def shared_columns(a, b):
    """What both have that is no name: names never meet, `commit` names each stream's own files."""
    both = set(a.columns()) & set(b.columns())
    return sorted(column for column in both - CONSTANT - set(NAMES) if isinstance(column, int))


def keys(stream, columns):
    return [tuple(row.get(column) for column in columns) for row in stream.rows]


def unique(keys_a, keys_b, sheet_a, sheet_b):
    """(claimed, right): pairs of rows that are alone with their key on both sides, and how many are one record."""
    count_a, count_b = Counter(keys_a), Counter(keys_b)
    where = {key: number for key, number in zip(keys_b, sheet_b) if count_b[key] == 1}
    claims = [(number, where[key]) for key, number in zip(keys_a, sheet_a) if count_a[key] == 1 and key in where]
    return len(claims), sum(one == other for one, other in claims)


def every_column(a, b):
    """Equality over all pairs of columns: (right, claimed, column of a, column of b), the best first."""
    found = []
    values_a = {column: [row.get(column) for row in a.rows] for column in a.columns()}
    values_b = {column: [row.get(column) for row in b.rows] for column in b.columns()}
    for one, left in values_a.items():
        for other, right in values_b.items():
            if set(left[:50]).isdisjoint(right) and set(left).isdisjoint(right):
                found.append((0, 0, str(one), str(other)))
                continue
            claimed, correct = unique(left, right, a.sheet, b.sheet)
            found.append((correct, claimed, str(one), str(other)))
    return sorted(found, reverse=True)


class Ranking:
    """A stream put in order by one column, rows of one value in the order of the file.

    place, first, end: by the number of the record, its place and the places that its value takes.
    What no policy lets out (names, positions, commits) counts as one value: chance knows nothing of it."""

    def __init__(self, stream, column, numbers):
        rows = stream.rows
        values = range(len(rows)) if column == "position" else [order_key(row.get(column)) for row in rows]
        order = sorted(range(len(rows)), key=values.__getitem__)
        secret = column in NAMES or column in ("position", "commit")
        self.place, self.first, self.end = ([-1] * len(numbers) for _ in range(3))
        first = 0
        for place in range(1, len(order) + 1):
            if place < len(order) and (secret or values[order[place]] == values[order[first]]):
                continue
            for at in range(first, place):
                number = numbers[stream.sheet[order[at]]]
                self.place[number], self.first[number], self.end[number] = at, first, place
            first = place


def order_key(value):
    """One order for what a column may hold: nothing, whole numbers, bytes, a place in files."""
    if value is None:
        return (0,)
    return (1, value) if isinstance(value, int) else (2, value) if isinstance(value, bytes) else (3, *value)


def aligned(a, b):
    """(right, by chance) when the n-th of one is taken for the n-th of the other.

    Chance is what the columns' values give by themselves: the same with rows of equal value shuffled."""
    right, chance = 0, 0.0
    for place_a, first_a, end_a, place_b, first_b, end_b in zip(a.place, a.first, a.end, b.place, b.first, b.end):
        if first_a < end_b and first_b < end_a and place_a >= 0 and place_b >= 0:
            right += place_a == place_b
            overlap = min(end_a, end_b) - max(first_a, first_b)
            chance += overlap / ((end_a - first_a) * (end_b - first_b))
    return right, chance


def every_order(a, b):
    """Alignment over all pairs of columns and the position itself: (right - limit, right, chance, a's, b's)."""
    numbers = {number: at for at, number in enumerate(sorted(set(a.sheet) | set(b.sheet)))}
    left, right = ({column: Ranking(each, column, numbers) for column in ["position", *each.columns()]}
                   for each in (a, b))
    found = []
    for one, other in itertools.product(left, right):
        correct, chance = aligned(left[one], right[other])
        found.append((correct - limit(chance), correct, round(chance, 2), str(one), str(other)))
    return sorted(found, reverse=True)


def limit(chance):
    """What chance may give at most: a tenth more, and four deviations of what is counted; hundreds of pairs are tried."""
    return 1.1 * chance + 4 * chance ** 0.5 + 6


def classes(stream, columns):
    found = {}
    for at, key in enumerate(keys(stream, columns)):
        found.setdefault(key, []).append(at)
    return found


def in_class(a, b, columns, order_a, order_b):
    """(right, by chance, tried): in each class of equal shared columns, the n-th of one for the n-th of the other."""
    right, chance, tried = 0, 0.0, 0
    of_b = classes(b, columns)
    for key, left in classes(a, columns).items():
        other = of_b.get(key, [])
        if not other:
            continue
        if order_a:
            left, other = sorted(left, key=order_a), sorted(other, key=order_b)
        numbers = {b.sheet[at] for at in other}
        for place, at in enumerate(left):
            there = other[min(len(other) - 1, place * len(other) // len(left))]
            right += a.sheet[at] == b.sheet[there]
            chance += (a.sheet[at] in numbers) / len(other)
            tried += 1
    return right, chance, tried
