"""Row 3. A dictionary: every digest of every candidate, against everything in a stream that names something.

The small form: the fleet's own identifiers among many that it has not."""
import hashlib
import hmac
import os
import random
import sys
import zlib

from bench import Bench, WeakMasker, answer, identifiers, input_lines, names_of, streams

DIGESTS = ("md5", "sha1", "sha256", "sha512", "sha3_256")


def forms(text, salts):
    """16 bytes (or what there is) of every digest of one candidate."""
    plain = text.encode()
    for name in DIGESTS:
        yield hashlib.new(name, plain).digest()[:16]
    for size in (16, 32, 64):
        yield hashlib.blake2b(plain, digest_size=size).digest()[:16]
    yield zlib.crc32(plain).to_bytes(4, "big") * 4
    for salt in salts:
        yield hashlib.sha256(salt + plain).digest()[:16]
        yield hashlib.sha256(plain + salt).digest()[:16]
        yield hmac.digest(salt, plain, "sha256")[:16]
        yield hashlib.blake2b(plain, key=salt[:64], digest_size=16).digest()
        yield hashlib.blake2b(plain, key=salt[:64], digest_size=32).digest()[:16]


def attack(rows_by_stream, candidates, salts):
    """How many of the different names in streams the dictionary turns back, and how many there are."""
    named = {value[:8] for rows in rows_by_stream.values() for row in rows for value in names_of(row).values()}
    named |= {value[::-1][:8] for rows in rows_by_stream.values() for row in rows for value in names_of(row).values()}
    broken = set()
    for text in candidates:
        broken |= {form[:8] for form in forms(text, salts) if form[:8] in named}
    return len(broken), len(named) // 2


def main():
    with Bench() as bench:
        seed = int(os.environ.get("SEED", "1"))
        dice = random.Random(seed)
        fleet = bench.fleet(500, 5000, seed)
        ids = identifiers(fleet)
        decoys = {"99999" + "".join(dice.choice("0123456789") for _ in range(10)) for _ in range(20000)}

        weak = WeakMasker(bench.path("weak"))
        weak.run(input_lines(fleet))
        weak_broken, weak_named = attack(weak.rows(), ids | decoys, [])

        bench.run(fleet)
        rows = streams(os.path.join(fleet, "out"))
        # every word of the configuration and the tenants' and purposes' names could be a salt
        with open(os.path.join(fleet, "sluice.yaml"), "rb") as config:
            words = set(config.read().replace(b":", b" ").replace(b",", b" ").split())
        salts = sorted(words | {name.encode() for stream in rows for name in stream} | {bytes(16), bytes(32)})[:60]
        broken, named = attack(rows, ids | decoys, salts)
        return answer(3, "a dictionary turns no pseudonym back", weak_broken > 0 and weak_broken >= 0.99 * weak_named,
                      broken == 0 and named > 1000, candidates=len(ids | decoys), forms=8 + 5 * len(salts) + 1,
                      named=named, broken=broken, weak_named=weak_named, weak_broken=weak_broken)


if __name__ == "__main__":
    sys.exit(main())
