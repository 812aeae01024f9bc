"""Change one thing in a stream of purpose rows, as nobody may: what `gen --check` must notice.

usage: tamper.py HOW FILE

Prints nothing. HOW is the name of one of the functions below.
"""
import sys


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at += 1
        shift += 7
        if byte < 0x80:
            return value, at


def put_varint(value):
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def fields(data):
    """The fields of a message as [number, wire type, bytes]."""
    found, at = [], 0
    while at < len(data):
        tag, at = varint(data, at)
        kind, start = tag & 7, at
        if kind == 0:
            _, at = varint(data, at)
        elif kind == 1:
            at += 8
        else:
            assert kind == 2
            size, start = varint(data, at)
            at = start + size
        found.append([tag >> 3, kind, data[start:at]])
    return found


def message(parts):
    out = bytearray()
    for number, kind, content in parts:
        out += put_varint(number << 3 | kind)
        if kind == 2:
            out += put_varint(len(content))
        out += content
    return bytes(out)


def content(row, number):
    return next((part for part in row if part[0] == number), None)


def remove(rows):
    del rows[len(rows) // 2]


def double(rows):
    rows.append([part[:] for part in rows[len(rows) // 2]])


def add(rows):
    row = [part[:] for part in rows[len(rows) // 2]]
    content(row, 6)[2] = bytes(b ^ 0x5A for b in content(row, 6)[2])
    rows.append(row)


def change(rows):
    """Another start, by a millisecond or an interval."""
    row = rows[len(rows) // 2]
    start = content(row, 45) or content(row, 46)
    start[2] = (int.from_bytes(start[2], "little") + 1000).to_bytes(8, "little")


def drop_field(rows):
    row = next(row for row in rows if content(row, 51))
    row.remove(content(row, 51))


def add_field(rows):
    rows[len(rows) // 2].append([60, 2, b"99912"])


def swap(rows):
    """The pseudonyms of two subjects, whatever else they have."""
    first = content(rows[0], 10)
    other = next(content(row, 10) for row in rows if content(row, 10)[2] != first[2])
    first[2], other[2] = other[2], first[2]


def swap_ref(rows):
    first, other = content(rows[0], 6), content(rows[-1], 6)
    first[2], other[2] = other[2], first[2]


def expire(rows):
    """One row is kept a day longer."""
    due = content(rows[len(rows) // 2], 5)
    due[2] = (int.from_bytes(due[2], "little") + 86400).to_bytes(8, "little")


def token(rows):
    mark = content(next(row for row in rows if content(row, 14)), 14)
    mark[2] = mark[2][:-1] + bytes([mark[2][-1] ^ 1])


def main():
    how, path = sys.argv[1:]
    with open(path, "rb") as file:
        rows = [fields(part[2]) for part in fields(file.read())]
    globals()[how](rows)
    with open(path, "wb") as file:
        file.write(b"".join(message([[1, 2, message(row)]]) for row in rows))


main()
