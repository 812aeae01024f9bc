#!/usr/bin/env python3
"""Input that means harm.

    hostile.py bombs FOLDER MIB        files of the emnify family that unpack to MIB each
    hostile.py crowd FOLDER COUNT      COUNT names, organisations, files
    hostile.py csv FOLDER MIB
    hostile.py raw FOLDER MIB
    hostile.py peak COMMAND...         run it; its peak memory in MiB on standard error

Every folder ends with a file of one good record, so that doing nothing is seen.
"""
import json
import os
import resource
import subprocess
import sys
import zlib

BLOCK = 1 << 20


def good(number, **more):
    return {"id": number, "imsi": "001010000000001", "organisation": {"id": 10001},
            "traffic_type": {"id": 5, "description": "Data"}, "volume": {"rx": 0.25, "tx": 0.5},
            "start_timestamp": "2026-10-26T11:53:43Z", "end_timestamp": "2026-10-26T12:08:43Z",
            "sim": {"iccid": "8999010000000000011"}, **more}


def line(record):
    return json.dumps(record).encode() + b"\n"


def packed(path, unit, total, head=b"", tail=b"", members=1):
    """A file that unpacks to head, unit again and again, and tail, in so many members."""
    block = unit * max(1, BLOCK // len(unit))
    with open(path, "wb") as file:
        for _ in range(members):
            packer = zlib.compressobj(9, zlib.DEFLATED, 31)
            file.write(packer.compress(head))
            for _ in range(max(1, total // members // len(block))):
                file.write(packer.compress(block))
            file.write(packer.compress(tail) + packer.flush())


def write(path, text):
    with open(path, "wb") as file:
        file.write(text)


def bombs(folder, total):
    for number, (name, unit, head, tail) in enumerate([
            ("zeros", b"\0", b"", b""), ("arrays", b"[", b"", b""), ("objects", b'{"a":', b"", b""),
            ("string", b"x", b'{"id":"', b"\n"), ("key", b"k", b'{"', b"\n"), ("spaces", b" ", b"", b""),
            ("quotes", b'"', b"", b""),
            ("escapes", b"\\u0030", b'{"imsi":"', b"\n")]):
        # Behind what ends with its line comes a good record in the same file.
        packed(f"{folder}/{name}.gz", unit, total, head, tail + (line(good(100 + number)) if tail else b""))
    packed(f"{folder}/members.gz", b"[", total // 8, members=500)
    # Each is sealed whole: ten times what the others are, so that one commit could not hold it.
    packed(f"{folder}/large.gz", b'{"id":"' + b"y" * 60000 + b'"\n', 10 * min(total, 1 << 27))
    write(f"{folder}/levels.ndjson", b"[" * 1000000 + b"]" * 1000000 + b"\n" + line(good(2)))
    write(f"{folder}/name.ndjson", b'{"' + b"n" * 1000000 + b'":1}\n' + line(good(3)))
    write(f"{folder}/no_end.ndjson", line(good(4))[:-1])
    write(f"{folder}/zz.ndjson", line(good(1)))


def crowd(folder, count):
    with open(f"{folder}/names.ndjson", "wb") as file:
        for i in range(count):
            name = "".join(chr(97 + i // 26**k % 26) for k in range(5))
            file.write(line(good(1000 + i, **{name: i})))
    with open(f"{folder}/organisations.ndjson", "wb") as file:
        for i in range(count):
            file.write(line(good(5000000 + i, organisation={"id": 50000 + i})))
    for i in range(count // 50):
        write(f"{folder}/small-{i:05}.ndjson", line(good(9000000 + i)))
    write(f"{folder}/zz.ndjson", line(good(1)))


CSV_ROW = b"%s,001010000000001,2026-10-26T11:53:43Z,%s,%s\n"


def csv(folder, total):
    head = b"id,imsi,begun,account,region\n"
    packed(f"{folder}/line.gz", b"x", total, head, b"\n" + CSV_ROW % (b"r1", b"a", b"DE"))
    packed(f"{folder}/quoted.gz", b"x" * 999 + b"\n", total, head + b'"')
    packed(f"{folder}/columns.gz", b",", total, head, b"\n" + CSV_ROW % (b"r2", b"a", b"DE"))
    packed(f"{folder}/header.gz", b"c,", total)
    with open(f"{folder}/accounts.csv", "wb") as file:
        file.write(head)
        for i in range(total // 2000):
            file.write(CSV_ROW % (b"a%d" % i, b"account-%d" % i, b"%c%c-%03d" % (65 + i % 26, 65 + i // 26 % 26, i % 1000)))
    write(f"{folder}/zz.csv", head + CSV_ROW % (b"r0", b"a", b"DE"))


def raw(folder, total):
    packed(f"{folder}/zeros.gz", b"\0", total)
    packed(f"{folder}/one.gz", b"r", total, b"\x0a" + varint(total))
    packed(f"{folder}/endless.gz", b"r", total, b"\x0a\xff\xff\xff\xff\xff\xff\xff\x7f")
    packed(f"{folder}/empty.gz", b"\x0a\x00", total // 200)
    packed(f"{folder}/large.gz", b"\x0a" + varint(60000) + b"\xff" * 60000, total)
    write(f"{folder}/zz.pb", b"\x0a\x00")


def varint(number):
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


def peak(*command):
    code = subprocess.run(command, check=False).returncode
    print(f"peak {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024} MiB", file=sys.stderr)
    sys.exit(code)


def main():
    verb, *rest = sys.argv[1:]
    if verb == "peak":
        peak(*rest)
    os.makedirs(rest[0], exist_ok=True)
    {"bombs": lambda f, n: bombs(f, n << 20), "crowd": crowd, "csv": lambda f, n: csv(f, n << 20),
     "raw": lambda f, n: raw(f, n << 20)}[verb](rest[0], int(rest[1]))


if __name__ == "__main__":
    main()
