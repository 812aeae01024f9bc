"""A fleet of our own for the attacks that need to know which row is which record's.

Meters that report every two hours from one cell, trackers that roam, routers
that talk all the time: the population that simulations of privacy use. The
records come in two windows of the same hours, a week apart, in order of time.

Each record bears a number in a field that every purpose keeps. It is the
answer sheet: readers take it out of the rows before anything is attacked, and
it has one length, so that it says nothing through the size of a row."""
import csv
import os
import random
from collections import namedtuple

CLOCK = "2026-06-12T00:00:00Z"
WINDOWS = (1780444800, 1781049600)   # 2026-06-03T00:00Z and a week later: two epochs of any purpose
TENANTS = ("alpha", "beta")
SHEET = "breakout_region"            # the field that bears the number

Sim = namedtuple("Sim", "imsi imei kind phase octets cell")
Record = namedtuple("Record", "number tenant sim window")

COLUMNS = ("id", "start_ms", "end_ms", "imsi", "imei", "service", "up", "down", "seconds", "plmn", "tac", "cell", "rat",
           "address", "sheet")

MAPPING = """mapping: 1
columns:
  id: record_id
  start_ms: { field: start, time: unix_ms }
  end_ms: { field: end, time: unix_ms }
  imsi: imsi
  imei: imei
  service: service
  up: { field: uplink_octets, unit: B }
  down: { field: downlink_octets, unit: B }
  seconds: duration
  plmn: plmn
  tac: tac
  cell: cell_id
  rat: rat
  address: ue_address
  sheet: breakout_region
"""

POLICY_HEAD = """policy: 1
tenant: {tenant}
version: {{ id: "1", published_at: 2020-01-01, last_updated: 2020-01-01, effective_at: 2020-01-01, material: no }}
controller: {{ name: An attacked company, contact: privacy@example.com, role: controller, origin_zone: EEA }}
change: {{ notice_period: 30d }}
eprivacy: {{ off: "A test of attacks; no service is offered" }}
unknown_field: drop
recipients:
  team: {{ name: Our own staff, class: internal, country: DE }}
purposes:
"""

PURPOSE = """  {name}:
    purpose: dpv:{dpv}
    basis: contract
    epoch: {epoch}
    fields: {{ {fields}, breakout_region: keep }}
    retention: {{ period: {period}, anchor: event, criterion: purpose, justification: A test. }}
    bucket: {bucket}
    recipients: [team]
"""

# What passes `policy check`. The analytics purpose gives what a statistician asks for: hour, size, country, technology.
PURPOSES = (
    {"name": "billing", "dpv": "PaymentManagement", "epoch": "month", "period": "90d", "bucket": "24h",
     "fields": "subject: pseudonym, record_id: tag, service: keep, uplink_octets: keep, downlink_octets: keep, "
               "duration: keep, start: keep, end: keep, serving_plmn: keep"},
    {"name": "fraud", "dpv": "FraudPreventionAndDetection", "epoch": "7d", "period": "30d", "bucket": "24h",
     "fields": "subject: pseudonym, device: pseudonym, ue_address: pseudonym, service: keep, rat: keep, "
               "uplink_octets: keep, downlink_octets: keep, start: keep, serving_plmn: keep, tac: keep, cell_id: keep, "
               "imei: truncate"},
    {"name": "operations", "dpv": "TechnicalServiceProvision", "epoch": "1d", "period": "14d", "bucket": "1h",
     "fields": "subject: pseudonym, service: keep, rat: keep, uplink_octets: bucket, downlink_octets: bucket, "
               "start: { coarsen: 1h }, serving_plmn: coarsen"},
    {"name": "analytics", "dpv": "ServiceUsageAnalytics", "epoch": "record", "period": "30d", "bucket": "24h",
     "fields": "subject: pseudonym, service: keep, downlink_octets: bucket, start: { coarsen: 1h }, "
               "serving_plmn: coarsen"},
)


def luhn(digits):
    total = 0
    for at, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if at % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


def make_sims(dice, count, space):
    sims = []
    for number, digits in enumerate(dice.sample(range(space), count)):
        throw = dice.random()
        kind = "meter" if throw < 0.6 else "tracker" if throw < 0.85 else "router"
        imei = f"00{dice.randrange(20):06d}{number:06d}"
        sims.append(Sim(f"00101{digits:010d}", imei + luhn(imei), kind, dice.random() * 7200,
                        int(dice.lognormvariate(6, 0.4)), dice.randrange(1, 4000)))
    return sims


def sessions(dice, sim, hours):
    """(second in the window, uplink, downlink, seconds, cell) of what one SIM does in a window."""
    if sim.kind == "meter":
        at = sim.phase
        while at < hours * 3600:
            yield at + dice.random() * 5, sim.octets + dice.randrange(40), 120 + dice.randrange(16), 2, sim.cell
            at += 7200
        return
    rate = 1.0 if sim.kind == "tracker" else 1.5
    at = dice.expovariate(rate / 3600)
    while at < hours * 3600:
        if sim.kind == "tracker":
            yield (at, int(dice.lognormvariate(7, 0.8)), int(dice.lognormvariate(6, 0.8)), dice.randrange(5, 90),
                   dice.randrange(1, 4000))
        else:
            yield (at, int(dice.lognormvariate(12, 1.5)), int(dice.lognormvariate(14, 1.5)), dice.randrange(60, 3600),
                   sim.cell)
        at += dice.expovariate(rate / 3600)


class World:
    """Writes the fleet into a folder, with policies; then knows the truth of each number."""

    def __init__(self, folder, seed, sims=12000, hours=3, purposes=PURPOSES, commit="", shared=0.2, space=10**10):
        self.folder, self.records = folder, []
        self.dice = random.Random(seed)
        everyone = make_sims(self.dice, sims, space)
        cut = int(sims * shared)
        # SIMs of beta: some of alpha's as well, as an operator's wholesale customers see them
        self.sims = {"alpha": everyone[:sims - cut // 2], "beta": everyone[sims - cut:]}
        self.shared = {sim.imsi for sim in self.sims["alpha"]} & {sim.imsi for sim in self.sims["beta"]}
        os.makedirs(os.path.join(folder, "input"))
        self.write_text("mapping.yaml", MAPPING)
        config = [f"clock: {CLOCK}\nstate: state\noutput: out\nkeys: {{ operator: keys/operator.pub }}\n{commit}inputs:"]
        for tenant in TENANTS:
            self.write_records(tenant, hours)
            self.write_text(f"{tenant}.yaml", POLICY_HEAD.format(tenant=tenant) +
                            "".join(PURPOSE.format(**each) for each in purposes))
            config.append(f"  - {{ name: {tenant}, format: csv, path: input/{tenant}.csv, mapping: mapping.yaml, "
                          f"tenant: {tenant} }}")
        config += ["tenants:"] + [f"  {tenant}: {{ policies: [{tenant}.yaml] }}" for tenant in TENANTS]
        self.write_text("sluice.yaml", "\n".join(config) + "\n")

    def write_text(self, name, text):
        with open(os.path.join(self.folder, name), "w") as out:
            out.write(text)

    def write_records(self, tenant, hours):
        lines = []
        for window, begin in enumerate(WINDOWS):
            for sim in self.sims[tenant]:
                for session in sessions(self.dice, sim, hours):
                    lines.append((begin + session[0], window, sim, session))
        lines.sort(key=lambda line: line[0])
        with open(os.path.join(self.folder, "input", tenant + ".csv"), "w", newline="") as out:
            rows = csv.writer(out)
            rows.writerow(COLUMNS)
            for at, window, sim, (_, up, down, seconds, cell) in lines:
                number = len(self.records)
                self.records.append(Record(number, tenant, sim, window))
                rows.writerow((f"r{number}", int(at * 1000), int(at * 1000) + seconds * 1000, sim.imsi, sim.imei, "data", up,
                               down, seconds, ("00101", "99999")[cell % 2], cell // 16 + 1, cell, 6 + cell % 3,
                               f"198.18.{number % 250}.{int(sim.imsi[-5:]) % 250}", f"T{number:08d}"))

    def input_rows(self, tenant):
        with open(os.path.join(self.folder, "input", tenant + ".csv"), newline="") as lines:
            yield from csv.DictReader(lines)
