"""Row 1. Every byte that the program writes or shows, against every form of every identifier it was given.

Files, both output channels of every command, the bytes of every system call that writes, the names of files, the
process list while it runs, and what is left when it aborts. The memory of a running gate holds the records that pass
through it, and root can read that: of a core that root takes by force it is only claimed that no key is in it."""
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
import zlib

from bench import SCANNER, SLUICE, Bench, WeakMasker, answer, identifiers, input_lines, say, streams
from leak import Scanner, files_below, murmur2, self_test

GUESS = os.path.join(os.path.dirname(SLUICE), "tests/guess")
SHOWN = ("cmdline", "environ", "status", "maps", "comm", "stat", "limits", "io")
CALLS = "write,pwrite64,writev,pwritev,pwritev2,sendto,sendmsg,openat,rename,renameat,renameat2,mkdirat,unlinkat,linkat," \
        "symlinkat,execve,prctl"


def shown_names(pid):
    """What listings of a process show besides its files: descriptors and threads."""
    for folder in ("fd", "task"):
        for name in os.listdir(f"/proc/{pid}/{folder}"):
            try:
                yield os.readlink(f"/proc/{pid}/fd/{name}") if folder == "fd" else \
                    open(f"/proc/{pid}/task/{name}/comm").read()
            except OSError:
                continue


def start(bench, fleet, name, **options):
    out, err = (open(bench.path("shown", f"{name}.{end}"), "wb") for end in ("out", "err"))
    return subprocess.Popen([SLUICE, "run", "-c", os.path.join(fleet, "sluice.yaml"), "--json"], stdout=out, stderr=err,
                            stdin=subprocess.DEVNULL, **options)


def watch_process(bench, fleet):
    """A run whose entry in the process list is copied while it works; (exit code, samples)."""
    process = start(bench, fleet, "run")
    samples = 0
    with open(bench.path("shown", "listed"), "ab") as copy:
        while process.poll() is None:
            try:
                for name in SHOWN:
                    with open(f"/proc/{process.pid}/{name}", "rb") as source:
                        copy.write(source.read())
                for text in shown_names(process.pid):
                    copy.write(text.encode() + b"\n")
                samples += 1
            except OSError:
                pass
            time.sleep(0.005)
    return process.returncode, samples


def unescaped(text):
    """The bytes that strace shows as \\x..."""
    return bytes.fromhex(text.replace(b"\\x", b"").decode())


def trace(bench, fleet):
    """A run under strace; every byte of a call that writes, and every name of a file, in one file. How many calls."""
    if not shutil.which("strace"):
        return None
    log = bench.path("trace")
    subprocess.run(["strace", "-f", "-qq", "-xx", "-s", "4194304", "-e", "trace=" + CALLS, "-o", log, SLUICE, "run", "-c",
                    os.path.join(fleet, "sluice.yaml")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                   stdin=subprocess.DEVNULL, check=True)
    calls = 0
    with open(log, "rb") as lines, open(bench.path("shown", "calls"), "wb") as out:
        for line in lines:
            calls += 1
            for text in re.findall(rb'"((?:\\x[0-9a-f]{2})+)"', line):
                out.write(unescaped(text) + b"\n")
    os.unlink(log)
    return calls


def wait_until_idle(process, fleet):
    """A run that watches has taken everything when its output grows no more."""
    size = -1
    for _ in range(200):
        time.sleep(0.1)
        now = sum(os.path.getsize(path) for path in files_below(os.path.join(fleet, "out")))
        if now == size and now > 0 or process.poll() is not None:
            return
        size = now


def aborted(bench, fleet):
    """What is left of a run that aborts where cores are wanted, and of one whose memory root copies."""
    folder = bench.path("aborted")
    os.makedirs(folder)

    def want_cores():
        resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

    control = subprocess.run([sys.executable, "-c", "import os; os.abort()"], cwd=folder, preexec_fn=want_cores,
                             stderr=subprocess.DEVNULL)
    found = {"control_wrote_core": bool(os.listdir(folder)), "control_signal": -control.returncode}
    for name in os.listdir(folder):
        os.unlink(os.path.join(folder, name))

    process = start(bench, fleet, "watching", cwd=folder, preexec_fn=want_cores)
    wait_until_idle(process, fleet)
    found.update(copied_memory(bench, fleet, process.pid))
    process.send_signal(signal.SIGABRT)
    _, status = os.waitpid(process.pid, 0)
    process.returncode = -signal.SIGABRT
    found.update(aborts=os.WIFSIGNALED(status), core_dumped=os.WCOREDUMP(status), files_left=os.listdir(folder))
    return found


def copied_memory(bench, fleet, pid):
    """Root takes a core of the living process: are keys in it? And does the search find what is there?"""
    if not shutil.which("gcore"):
        return {"gcore": "not installed"}
    subprocess.run(["gcore", "-o", bench.path("copied"), str(pid)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    core = f"{bench.path('copied')}.{pid}"
    if not os.path.exists(core):
        return {"gcore": "refused"}
    with open(bench.path("secrets"), "wb") as out:
        subprocess.run([GUESS, "secrets", os.path.join(fleet, "state")], stdout=out, check=True)
    # something that is in that memory: else the search would prove nothing
    with open(bench.path("control"), "wb") as out:
        out.write(b"control\t0\t" + fleet.encode().hex().encode() + b"\n")
    # and the keys are known well enough to be found where they do lie, in the file of the keyring
    in_file = subprocess.run([SCANNER, bench.path("secrets"), os.path.join(fleet, "state/keyring")],
                             stdout=subprocess.PIPE, check=True).stdout.splitlines()
    lines = {name: subprocess.run([SCANNER, bench.path(name), core], stdout=subprocess.PIPE, check=True).stdout.splitlines()
             for name in ("secrets", "control")}
    found = {"gcore": "taken", "gcore_bytes": os.path.getsize(core)}
    os.unlink(core)
    totals = {name: json.loads(each[-1]) for name, each in lines.items()}
    found.update(secrets=totals["secrets"]["needles"], secrets_found=totals["secrets"]["hits"],
                 kinds_found=sorted({json.loads(line)["kind"] for line in lines["secrets"][:-1]}),
                 gcore_control_found=totals["control"]["hits"] > 0 and json.loads(in_file[-1])["hits"] > 0)
    return found


def structured(fleet, ids):
    """Four bytes are found by chance, so these are looked for where they could stand: as a value of a field of a row."""
    allowed = {}
    for tenant in sorted(os.listdir(os.path.join(fleet, "policies"))):
        out = subprocess.run([SLUICE, "policy", "explain", "--json", os.path.join(fleet, "policies", tenant)],
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout
        policy = json.loads(out)
        for purpose in policy["purposes"]:
            numbers = {form["number"] for form in purpose["fields"].values()}
            allowed[policy["tenant"], purpose["name"]] = numbers | set(range(1, 7)) | ({65, 66} if 64 in numbers else set())
    numbers = {value for text in ids for value in (zlib.crc32(text.encode()), murmur2(text.encode()))}
    numbers |= {int(text) for text in ids if text.isdigit()}
    addresses = {bytes(map(int, text.split("."))) for text in ids if re.fullmatch(r"[0-9]+(\.[0-9]+){3}", text)}
    unlisted = values = found = 0
    for stream, rows in streams(os.path.join(fleet, "out")).items():
        for row in rows:
            unlisted += len(set(row) - allowed[stream])
            for value in row.values():
                values += 1
                found += value in numbers if isinstance(value, int) else value in addresses
    return {"values": values, "unlisted_fields": unlisted, "found": found}


def show_commands(bench, fleet):
    """Both channels of every command that does not exist to show an identifier."""
    config = ["-c", os.path.join(fleet, "sluice.yaml")]
    policy = os.path.join(fleet, "policies/acme.yaml")
    commands = [["quarantine", "list", *config], ["keys", "status", *config], ["check", *config], ["keep", *config],
                ["policy", "check", *config], ["policy", "explain", policy], ["policy", "ropa", policy],
                ["policy", "proto", "billing", policy], ["subjects", "status", *config], ["subjects", "load", *config],
                ["cat", *config, "acme/park"], ["nonsense"], ["run", "--config"]]
    for number, words in enumerate(commands):
        with open(bench.path("shown", f"command-{number}.out"), "wb") as out, \
                open(bench.path("shown", f"command-{number}.err"), "wb") as err:
            subprocess.run([SLUICE, *words], stdout=out, stderr=err, stdin=subprocess.DEVNULL)
    return len(commands)


def main():
    with Bench() as bench:
        seed = int(os.environ.get("SEED", "1"))
        long = os.environ.get("SLUICE_LONG") == "1"
        fleet = bench.fleet(4000 if long else 1000, 80000 if long else 20000, seed)
        shutil.copytree(fleet, bench.path("traced"))
        shutil.copytree(fleet, bench.path("watched"))
        with open(bench.path("watched", "sluice.yaml"), "a") as config:
            config.write("watch: yes\n")
        ids = identifiers(fleet)
        with open(os.path.join(fleet, "truth/canaries.txt")) as lines:
            canaries = [line.split()[1] for line in lines]
        scanner = Scanner(SCANNER, bench.folder, ids)
        in_input = scanner.scan(os.path.join(fleet, "input"))[1]["hits"]

        weak = WeakMasker(bench.path("weak"))
        weak.run(input_lines(fleet))
        weak_hits = scanner.scan(weak.folder)[1]["hits"]

        os.makedirs(bench.path("shown"))
        code, samples = watch_process(bench, fleet)
        commands = show_commands(bench, fleet)
        calls = trace(bench, bench.path("traced"))
        after_abort = aborted(bench, bench.path("watched"))
        roots = [path for each in (fleet, bench.path("traced"), bench.path("watched"))
                 for path in (os.path.join(each, "out"), os.path.join(each, "state"))]
        hits, totals = scanner.scan(*roots, bench.path("shown"))

        # rows as text are long lines of hexadecimal digits: only the canaries are too few to be found by chance
        os.makedirs(bench.path("rows"))
        for number, (tenant, stream) in enumerate(streams(os.path.join(fleet, "out"))):
            bench.sluice("cat", "-c", os.path.join(fleet, "sluice.yaml"), f"{tenant}/{stream}",
                         log=bench.path("rows", str(number)))
        more, in_rows = Scanner(SCANNER, bench.path("rows"), canaries).scan(
            *(bench.path("rows", name) for name in os.listdir(bench.path("rows")) if name != "needles"))
        in_fields = structured(fleet, canaries)
        for hit in hits + more:
            say(hit)

        with open(max(files_below(os.path.join(fleet, "out/acme/billing")), key=os.path.getsize), "rb") as host:
            host = host.read()
        planted, found, in_host = self_test(SCANNER, bench.folder, seed, host)
        say(f"the scanner finds {len(found)} of {len(planted)} planted forms; missed: {sorted(planted - found)}")
        return answer(1, "no identifier in any byte written or shown",
                      weak_hits > 0 and planted == found and not in_host and in_input > 0,
                      code == 0 and samples > 3 and totals["hits"] == 0 and totals["bytes"] > 1 << 20 and
                      in_rows["hits"] == 0 and in_rows["bytes"] > 1 << 20 and not in_fields["unlisted_fields"] and
                      not in_fields["found"] and after_abort["aborts"] and not after_abort["core_dumped"] and
                      not after_abort["files_left"] and not after_abort.get("secrets_found") and
                      after_abort.get("gcore_control_found", True),
                      seed=seed, identifiers=len(ids), needles=totals["needles"], files=totals["files"],
                      bytes=totals["bytes"], hits=totals["hits"], samples=samples, commands=commands, traced_calls=calls,
                      rows_as_text={"bytes": in_rows["bytes"], "hits": in_rows["hits"]}, fields=in_fields,
                      abort=after_abort, weak_hits=weak_hits, planted=len(planted), planted_found=len(found))


if __name__ == "__main__":
    sys.exit(main())
