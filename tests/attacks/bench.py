"""What every attack starts with: a fleet, a run of the real program, its streams, and a masker that is weak on purpose."""
import hashlib
import hmac
import json
import os
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SLUICE = os.environ.get("SLUICE", os.path.join(ROOT, "build/release/sluice"))
SCANNER = os.path.join(os.path.dirname(SLUICE), "tests/scan")
SEALED = ("quarantine", "park", "suspended")


def say(*words):
    print(*words, file=sys.stderr, flush=True)


class Bench:
    """A temporary folder; use as a context."""

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="sluice-attack.")
        return self

    def __exit__(self, kind, *_):
        if kind is None:
            shutil.rmtree(self.folder)
        else:
            say("its files are kept in", self.folder)

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def fleet(self, sims, records, seed):
        self.sluice("gen", "--sims", sims, "--records", records, "--seed", seed, "--out", self.path("fleet"))
        return self.path("fleet")

    def sluice(self, *words, log=None):
        """Run the program; what it printed goes to log.out and log.err, or nowhere but its fault."""
        name = log or self.path("last")
        with open(name + ".out", "wb") as out, open(name + ".err", "wb") as err:
            code = subprocess.run([SLUICE, *map(str, words)], stdout=out, stderr=err, stdin=subprocess.DEVNULL).returncode
        if code:
            with open(name + ".err", errors="replace") as err:
                raise SystemExit(f"sluice {words[0]} ended with {code}: {err.read()[-2000:]}")
        with open(name + ".out", errors="replace") as out:
            return out.read()

    def run(self, fleet):
        """Run a fleet; the object of its counters."""
        out = self.sluice("run", "-c", os.path.join(fleet, "sluice.yaml"), "--json", log=self.path("run"))
        return json.loads(out.splitlines()[-1])


def answer(row, name, weak_variant_breaks, sluice_holds, **detail):
    """The one line that an attack prints."""
    print(json.dumps({"row": row, "name": name, "weak_variant_breaks": bool(weak_variant_breaks),
                      "sluice_holds": bool(sluice_holds), "detail": detail}))
    return 0


# ---- input and registry of a fleet

def input_lines(fleet):
    folder = os.path.join(fleet, "input")
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), "rb") as lines:
            yield from (line.rstrip(b"\n") for line in lines)


def walk(value, path=()):
    """(path, scalar) of everything in a JSON value."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from walk(inner, path + (key,))
    elif isinstance(value, list):
        for inner in value:
            yield from walk(inner, path)
    else:
        yield path, value


IDENTIFIERS = {"imsi", "iccid", "msisdn", "imei", "imeisv", "eid", "ip_address", "ue_ip_address", "session_id"}


def identifiers(fleet):
    """Every identifier that the fleet's files give to the program."""
    found = set()
    for line in input_lines(fleet):
        try:
            record = json.loads(line)
        except ValueError:
            continue
        for path, value in walk(record):
            if path and path[-1] in IDENTIFIERS and isinstance(value, (str, int)):
                found.add(str(value))
    with open(os.path.join(fleet, "subjects.csv")) as rows:
        names = rows.readline().strip().split(",")
        for row in rows:
            cells = dict(zip(names, row.rstrip("\n").split(",")))
            found |= {cells.get(name, "") for name in ("iccid", "imsi", "msisdn", "eid", "account")}
    return {text for text in found if len(text) >= 10}


# ---- streams, read as whoever gets hold of the files would

def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def fields(data):
    """(number, value) of a protobuf message; bytes for what has a length."""
    at = 0
    while at < len(data):
        tag, at = varint(data, at)
        kind = tag & 7
        if kind == 0:
            value, at = varint(data, at)
        elif kind == 1:
            value, at = int.from_bytes(data[at:at + 8], "little"), at + 8
        elif kind == 2:
            size, at = varint(data, at)
            value, at = data[at:at + size], at + size
        elif kind == 5:
            value, at = int.from_bytes(data[at:at + 4], "little"), at + 4
        else:
            raise ValueError("no protobuf")
        yield tag >> 3, value


def streams(out):
    """{(tenant, stream): [row as {number: value}]} of the purpose streams below a folder."""
    found = {}
    for folder, _, names in os.walk(out):
        parts = os.path.relpath(folder, out).split(os.sep)
        if len(parts) != 3 or parts[1] in SEALED:
            continue
        for name in sorted(names):
            with open(os.path.join(folder, name), "rb") as data:
                rows = [dict(fields(row)) for number, row in fields(data.read()) if number == 1]
            found.setdefault((parts[0], parts[1]), []).extend(rows)
    return found


NAMES = range(6, 19)   # of the rows' fields: ref, pseudonyms, tokens, tags


def names_of(row):
    """{field: bytes} of everything in a row that names something."""
    return {number: value for number, value in row.items() if number in NAMES}


# ---- weak on purpose: what much masking software does

class WeakMasker:
    """Replaces identifiers that it knows by an unsalted digest, and lets everything else pass.

    One digest for every purpose and tenant, dead letters in clear, identifiers in its log."""

    def __init__(self, folder):
        self.folder = folder
        self.purposes = ("billing", "fraud", "operations")
        os.makedirs(folder)

    @staticmethod
    def digest(text):
        return hashlib.sha256(str(text).encode()).digest()[:16]

    def mask(self, value):
        if isinstance(value, dict):
            return {key: self.digest(inner).hex() if key in IDENTIFIERS and inner is not None else self.mask(inner)
                    for key, inner in value.items()}
        if isinstance(value, list):
            return [self.mask(inner) for inner in value]
        return value

    def run(self, lines):
        outs = [open(os.path.join(self.folder, purpose + ".ndjson"), "w") for purpose in self.purposes]
        with open(os.path.join(self.folder, "dead-letters"), "wb") as dead, \
                open(os.path.join(self.folder, "log"), "w") as log:
            for number, line in enumerate(lines, 1):
                try:
                    record = json.loads(line)
                except ValueError as fault:
                    log.write(f"line {number}: {fault}: {line[:300]!r}\n")
                    dead.write(line + b"\n")
                    continue
                for out in outs:
                    out.write(json.dumps(self.mask(record)) + "\n")
        for out in outs:
            out.close()

    def rows(self):
        """The same shape as streams(): field 10 is the subject's pseudonym."""
        found = {}
        for purpose in self.purposes:
            rows = found.setdefault(("weak", purpose), [])
            with open(os.path.join(self.folder, purpose + ".ndjson")) as lines:
                for line in lines:
                    record = json.loads(line)
                    sim = record.get("sim") if isinstance(record, dict) else None
                    if isinstance(sim, dict) and sim.get("iccid"):
                        rows.append({10: bytes.fromhex(sim["iccid"])})
        return found


# ---- weak on purpose: better masking, and still no protection from joins

def keyed(key, text):
    return hmac.digest(key, text.encode(), "sha256")[:16]


class WeakStreams:
    """Rows of a world with proper keyed pseudonyms, and everything else as most pipelines have it: exact fields in
    every purpose, in the order of arrival, one key a purpose for all tenants, and no epochs."""

    PURPOSES = ("billing", "fraud", "operations", "analytics")

    def __init__(self, world):
        self.world = world

    def stream(self, tenant, purpose):
        """(rows, answer sheet) with the numbers of purpose.proto."""
        rows, sheet = [], []
        for record in self.world.input_rows(tenant):
            sheet.append(int(record["sheet"][1:]))
            rows.append({5: 1782864000, 6: keyed(purpose.encode() + b"/ref", record["id"]),
                         10: keyed(purpose.encode(), record["imsi"]), 30: 1, 35: int(record["up"]), 36: int(record["down"]),
                         45: int(record["start_ms"]) * 1000, 51: record["plmn"].encode(), 53: int(record["tac"]),
                         55: int(record["cell"])})
        return rows, sheet
