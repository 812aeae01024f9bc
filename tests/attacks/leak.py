"""Every form in which an identifier could leak, and a scan for all of them.

The forms are those that telecom software, databases and message brokers write
by themselves: text, text backwards, packed digits in both nibble orders, whole
numbers, base64 at each alignment, and the usual unsalted digests.
"""
import base64
import hashlib
import json
import os
import random
import struct
import subprocess
import sys
import zlib

KEY_SIZE = 7  # of the scanner: shorter needles would be found by chance


def nibbles(digits):
    return digits + "f" * (len(digits) % 2)


def bcd(digits):
    return bytes.fromhex(nibbles(digits))


def tbcd(digits):
    padded = nibbles(digits)
    return bytes.fromhex("".join(padded[i + 1] + padded[i] for i in range(0, len(padded), 2)))


def varint(number):
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def murmur2(data, seed=0x9747B28C):
    """MurmurHash2 as message brokers choose a partition by."""
    m, mask = 0x5BD1E995, 0xFFFFFFFF
    value = seed ^ len(data)
    for at in range(0, len(data) - 3, 4):
        word = int.from_bytes(data[at:at + 4], "little") * m & mask
        word = (word ^ word >> 24) * m & mask
        value = (value * m & mask) ^ word
    rest = data[len(data) & ~3:]
    if rest:
        value = (value ^ int.from_bytes(rest, "little")) * m & mask
    value = (value ^ value >> 13) * m & mask
    return value ^ value >> 15


def murmur2_64(data):
    """MurmurHash64A, seed 0."""
    m, mask = 0xC6A4A7935BD1E995, (1 << 64) - 1
    value = len(data) * m & mask
    for at in range(0, len(data) - 7, 8):
        word = int.from_bytes(data[at:at + 8], "little") * m & mask
        word = (word ^ word >> 47) * m & mask
        value = (value ^ word) * m & mask
    rest = data[len(data) & ~7:]
    if rest:
        value = (value ^ int.from_bytes(rest, "little")) * m & mask
    value = (value ^ value >> 47) * m & mask
    return value ^ value >> 47


def base64_inside(text, shift):
    """What is the same in base64 whatever stands before and after, text starting `shift` bytes in."""
    whole = base64.b64encode(b"\0" * shift + text).rstrip(b"=")
    first = -(-shift * 8 // 6)
    last = (shift + len(text)) * 8 // 6
    return whole[first:last]


def forms(text):
    """(kind, bytes) of every form of one identifier, long enough to be no chance."""
    plain = text.encode()
    yield "text", plain
    yield "reversed", plain[::-1]
    yield "spaced-3", " ".join(text[i:i + 3] for i in range(0, len(text), 3)).encode()
    yield "spaced-4", " ".join(text[i:i + 4] for i in range(0, len(text), 4)).encode()
    yield "dashed", "-".join(text[i:i + 3] for i in range(0, len(text), 3)).encode()
    yield "plus", b"+" + plain
    yield "utf-16-be", text.encode("utf-16-be")
    yield "hex", plain.hex().encode()
    yield "utf-16", text.encode("utf-16-le")
    for shift in range(3):
        yield f"base64-{shift}", base64_inside(plain, shift)
    if text.isdigit():
        yield "bcd", bcd(text)
        yield "tbcd", tbcd(text)
        yield "bcd-hex", tbcd(text).hex().encode()
        number = int(text)
        if number < 1 << 64:
            yield "int64-le", struct.pack("<Q", number)
            yield "int64-be", struct.pack(">Q", number)
            yield "varint", varint(number)
        if len(text) > 12 and len(set(text[-9:])) > 4:
            yield "suffix", plain[-9:]        # the MSIN, and what a form with a hidden prefix shows
        yield "grouped", f"+{text[:3]} {text[3:6]} {text[6:]}".encode()
    for name in ("md5", "sha1", "sha256", "sha512"):
        digest = hashlib.new(name, plain).digest()
        yield name, digest[:8]
        yield name + "-hex", digest.hex()[:16].encode()
        yield name + "-base64", base64.b64encode(digest)[:12]
    # four bytes are found by chance: as a value of JSON they are not
    for name, number in (("crc32", zlib.crc32(plain)), ("murmur2", murmur2(plain))):
        yield name + "-hex", f'"{number:08x}"'.encode()
        yield name + "-decimal", f":{number},".encode()
    yield "murmur2-64", struct.pack("<Q", murmur2_64(plain))
    blake = hashlib.blake2b(plain, digest_size=16).digest()
    yield "blake2b-128", blake[:8]
    yield "blake2b-128-hex", blake.hex()[:16].encode()


def needles(identifiers):
    for number, text in enumerate(identifiers):
        for kind, form in forms(text):
            if len(form) >= KEY_SIZE:
                yield kind, number, form


def files_below(*roots):
    for root in roots:
        if os.path.isfile(root):
            yield root
        for folder, _, names in os.walk(root):
            for name in names:
                path = os.path.join(folder, name)
                if os.path.isfile(path) and not os.path.islink(path):
                    yield path


class Scanner:
    """A scan for a fixed set of identifiers; needs a folder of its own for the list of needles."""

    def __init__(self, program, folder, identifiers):
        self.program = program
        self.list = os.path.join(folder, "needles")
        self.identifiers = sorted(set(identifiers))
        with open(self.list, "w", encoding="ascii") as out:
            for kind, number, form in needles(self.identifiers):
                out.write(f"{kind}\t{number}\t{form.hex()}\n")

    def scan(self, *roots):
        """(hits told, totals) over every file below."""
        answer = subprocess.run([self.program, self.list, *files_below(*roots)], stdout=subprocess.PIPE, check=True)
        lines = [json.loads(line) for line in answer.stdout.splitlines()]
        return lines[:-1], lines[-1]


def self_test(program, folder, seed, host=None):
    """Plant each form of a few identifiers in noise, or in what a program really wrote, at odd places: all must be
    found, the host alone clean.

    Returns (planted, found, found in noise)."""
    dice = random.Random(seed)
    ids = ["99999" + "".join(dice.choice("0123456789") for _ in range(10)),      # an IMSI
           "8999" + "".join(dice.choice("0123456789") for _ in range(15)),       # an ICCID
           "999" + "".join(dice.choice("0123456789") for _ in range(9)),         # an MSISDN
           "8999" + "".join(dice.choice("0123456789") for _ in range(28))]       # an EID
    scanner = Scanner(program, folder, ids)
    noise = os.path.join(folder, "noise")
    planted_in = os.path.join(folder, "planted")
    planted = {(kind, number) for kind, number, _ in needles(scanner.identifiers)}
    forms_planted = len(planted)
    with open(noise, "wb") as out:
        out.write(host or dice.randbytes(1 << 20))

    def some():
        at = dice.randrange(len(host)) if host else 0
        return host[at:at + dice.randrange(0, 999)] if host else dice.randbytes(dice.randrange(0, 99))

    with open(planted_in, "wb") as out:
        for _, _, form in needles(scanner.identifiers):
            out.write(some() + form + some())
    # the list of hits is cut, so one form at a time
    found = set()
    for kind, number, form in needles(scanner.identifiers):
        with open(planted_in + ".one", "wb") as out:
            out.write(some() + form + some())
        found |= {(hit["kind"], hit["number"]) for hit in scanner.scan(planted_in + ".one")[0]}
    # and once as programs write it: inside a document, encoded as a whole
    for number, text in enumerate(scanner.identifiers):
        for shift in range(3):
            planted.add((f"document-{shift}", number))
            with open(planted_in + ".one", "wb") as out:
                out.write(base64.b64encode(b"{" * shift + b'{"id":"' + text.encode() + b'"}'))
            if scanner.scan(planted_in + ".one")[0]:
                found.add((f"document-{shift}", number))
    in_noise = scanner.scan(noise)[1]["hits"]
    together = scanner.scan(planted_in)[1]["hits"]
    if together < forms_planted:
        found.clear()
    for path in (noise, planted_in, planted_in + ".one"):
        os.unlink(path)
    return planted, found, in_noise


def main():
    if len(sys.argv) < 5 or sys.argv[1] not in ("scan", "prove"):
        print("usage: leak.py prove SCANNER FOLDER SEED | leak.py scan SCANNER FOLDER IDENTIFIERS PATH...", file=sys.stderr)
        return 64
    if sys.argv[1] == "prove":
        planted, found, in_noise = self_test(sys.argv[2], sys.argv[3], int(sys.argv[4]))
        print(json.dumps({"planted": len(planted), "found": len(found), "missed": sorted(planted - found),
                          "in_noise": in_noise}))
        return 0 if planted == found and not in_noise else 1
    with open(sys.argv[4], encoding="ascii") as lines:
        scanner = Scanner(sys.argv[2], sys.argv[3], [line.strip() for line in lines if line.strip()])
    hits, totals = scanner.scan(*sys.argv[5:])
    for hit in hits:
        print(json.dumps(hit))
    print(json.dumps(totals))
    return 1 if totals["hits"] or not totals["bytes"] else 0


if __name__ == "__main__":
    sys.exit(main())
