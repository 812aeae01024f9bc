"""Row 3. A dictionary: every identifier of a test network through every digest, every constant of the program and its
configuration as a salt or a key, and then with half of the keys in hand.

A subject's pseudonym takes two keys. Who has one of them, or those of another purpose, has nothing; who has both has
everything, which is how the attack shows that it knows what it does."""
import hashlib
import json
import os
import re
import subprocess
import sys

from bench import NAMES, SLUICE, Bench, answer, streams
from world import World

GUESS = os.path.join(os.path.dirname(SLUICE), "tests/guess")
LASTING = ("billing", "fraud", "operations")
SUBJECT, DEVICE, ADDRESS = 10, 11, 13


def guess(how, targets, *words):
    out = subprocess.run([GUESS, how, targets, *map(str, words)], stdout=subprocess.PIPE, check=True).stdout
    return json.loads(out)


def write_targets(path, names):
    with open(path, "wb") as out:
        for name in sorted(names):
            out.write(name[:16])
    return path


def constants(program, texts):
    """What could be a salt: words of the program and of its texts, and every run of bytes in it that could be a key."""
    with open(program, "rb") as data:
        image = data.read()
    found = {word[:32] for word in re.findall(rb"[ -~]{4,}", image)}
    for path in texts:
        with open(path, "rb") as data:
            found |= set(re.findall(rb"[^\s:,{}\[\]\"']{2,}", data.read()))
    # read-only data lies in the middle; every 16 bytes that are neither text nor zeros
    for at in range(0, len(image) - 32, 16):
        window = image[at:at + 32]
        if len(set(window)) > 24:
            found.add(window)
    return {word for word in found if word} | {bytes(16), bytes(32)}


def main():
    with Bench() as bench:
        seed = int(os.environ.get("SEED", "1"))
        long = os.environ.get("SLUICE_LONG") == "1"
        digits = 9 if long else 6          # of 10: the rest of the number is known, as an operator's ranges are
        world = World(bench.path("world"), seed, sims=2000, hours=2, space=10 ** digits)
        config = bench.path("world", "sluice.yaml")
        bench.sluice("keys", "init", "-c", config)
        bench.sluice("run", "-c", config)
        rows = streams(bench.path("world", "out"))
        prefix = "00101" + "0" * (10 - digits)

        everything = {value for each in rows.values() for row in each for column, value in row.items() if column in NAMES}
        lasting = {row[column] for (_, stream), each in rows.items() if stream in LASTING for row in each
                   for column in (SUBJECT, DEVICE) if column in row}
        addresses = {row[ADDRESS] for each in rows.values() for row in each if ADDRESS in row}
        targets = write_targets(bench.path("targets"), everything)
        subjects = write_targets(bench.path("subjects"), lasting)
        imsis = sorted({sim.imsi for sims in world.sims.values() for sim in sims})
        ids = imsis + sorted({sim.imei for sims in world.sims.values() for sim in sims})

        weak = write_targets(bench.path("weak"), {hashlib.sha256(imsi.encode()).digest() for imsi in imsis})
        weak_space = guess("space", weak, prefix, digits)
        in_space = guess("space", targets, prefix, digits)

        salts = sorted(constants(SLUICE, [config, *(bench.path("world", tenant + ".yaml") for tenant in ("alpha", "beta"))]))
        with open(bench.path("salts"), "w") as out:
            out.writelines(salt.hex() + "\n" for salt in salts)
        with open(bench.path("some"), "w") as out:
            out.writelines(each + "\n" for each in (ids if long else ids[::40]))
        with open(bench.path("ids"), "w") as out:
            out.writelines(each + "\n" for each in ids)
        salt = salts[len(salts) // 2]
        weak_salted = guess("salted", write_targets(bench.path("weak"), {
            hashlib.md5(salt + imsi.encode()).digest() for imsi in imsis}), bench.path("ids"), bench.path("salts")) \
            if long else guess("salted", write_targets(bench.path("weak"), {
                hashlib.md5(salt + each.encode()).digest() for each in ids[::40]}), bench.path("some"), bench.path("salts"))
        salted = guess("salted", targets, bench.path("some"), bench.path("salts"))
        keys = guess("keys", subjects, bench.path("ids"), bench.path("world", "state"))
        by_epoch_key = guess("keys", write_targets(bench.path("addresses"), addresses), bench.path("ids"),
                             bench.path("world", "state"))["addresses_by_epoch_keys"]

        broken = sum(count for found in (in_space, salted) for how, count in found.items() if how not in ("names", "tried"))
        halves = {how: keys[how] for how in ("subject_secrets_alone", "epoch_keys_alone", "keys_of_another_purpose")}
        return answer(3, "a dictionary turns no pseudonym back, also with half of the keys",
                      weak_space["sha256"] == len(imsis) and weak_salted["md5"] == weak_salted["names"] and
                      keys["both_keys"] == len(lasting),
                      broken == 0 and not any(halves.values()) and in_space["names"] > 10000 and len(salts) > 1000,
                      seed=seed, names=in_space["names"], identifiers=in_space["tried"], digests=7, broken=broken,
                      salts=len(salts), salted=salted["tried"], lasting_names=len(lasting), with_half_of_the_keys=halves,
                      with_both_keys=keys["both_keys"], addresses=len(addresses), addresses_with_epoch_key=by_epoch_key,
                      weak_broken=weak_space["sha256"], weak_salted_broken=weak_salted["md5"])


if __name__ == "__main__":
    sys.exit(main())
