#!/usr/bin/env bash
# A field that no format knows is dropped and counted by its name; a name that could be an identifier counts as other.
. "$(dirname "$0")/lib.sh"

fleet 50 400 8
file=$(find "$T/fleet/input" -type f | head -n 1)
python3 - "$file" <<'PY'
import json, sys
lines = open(sys.argv[1]).read().splitlines()
for number, line in enumerate(lines):
    try:
        record = json.loads(line)
    except ValueError:
        continue
    if isinstance(record, dict):
        record["petname"] = "Rex the dog"
        record["00101" + "%010d" % number] = "planted"
        lines[number] = json.dumps(record)
open(sys.argv[1], "w").write("\n".join(lines) + "\n")
PY
run_fleet
grep -qE '^ *petname +[1-9][0-9]*$' "$T/run.log" || fail "petname is not counted by name"
grep -qE '^ *other +[1-9][0-9]*$' "$T/run.log" || fail "names with digits are not counted as other"
if grep -q '00101000' "$T/run.log" "$T/run.json"; then
    fail "a name that could be an identifier is told"
fi
if grep -rqaF "Rex the dog" "$T/fleet/out" "$T/fleet/state" "$T/run.log" "$T/run.json"; then
    fail "the value of an unknown field came out"
fi
[ "$(value "$T/run.json" .routed)" -gt 0 ] || fail "nothing was routed"
clean_streams
