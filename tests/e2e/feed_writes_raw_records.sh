#!/usr/bin/env bash
# `feed` turns each format into raw records, tells what it refused by file and line, and leaves nothing half written.
. "$(dirname "$0")/lib.sh"

samples=$root/deploy/samples
whose=(--organisation "10001=connectivity" --organisation "20001=esim")

# good records: exit 0, a file of its owner alone, the same bytes through a pipe
umask 022
sed -n 1,20p "$samples/input/usage.ndjson" >"$T/good.ndjson"
expect 0 sluice feed "${whose[@]}" -o "$T/good.raw" "$T/good.ndjson"
says "$T/stderr" "records written                            20"
equal "mode" "$(stat -c %a "$T/good.raw")" 600
[ ! -e "$T/good.raw.part" ] || fail "a part was left behind"

# raw records come through feed as they are, their instant of arrival kept
sluice feed -f raw "$T/good.raw" >"$T/again.raw" 2>"$T/stderr"
cmp "$T/good.raw" "$T/again.raw"

# bad ones: 65, told by file and line, never by what stands there; the good ones are written
expect 65 sluice feed "${whose[@]}" -o "$T/all.raw" "$samples/input"
says "$T/stderr" "usage.ndjson:101: undecodable"
says "$T/stderr" "bad_iccid"
says "$T/stderr" "endpoint.password"
! grep -qE '8999[0-9]{10}|00101[0-9]{8}|correct horse' "$T/stderr" || fail "an identifier or a secret was told"
! grep -qa 'correct horse' "$T/all.raw" || fail "a secret was written"
sluice feed "${whose[@]}" --json "$samples/input" 2>"$T/summary" >/dev/null && fail "exit 0 with refused records"
equal "reasons add up" "$(value "$T/summary" '[.reasons[]] | add')" "$(value "$T/summary" .refused)"
[ "$(value "$T/summary" .records)" -gt 500 ] || fail "too few records: $(cat "$T/summary")"
equal "unknown fields" "$(value "$T/summary" '.unknown_fields.signal')" 2

# CSV by its mapping; a mapping that is wrong is told by line
expect 65 sluice feed -f csv --mapping "$samples/csv/mapping.yaml" --tenant connectivity -o "$T/csv.raw" "$samples/csv/usage.csv"
says "$T/stderr" "records written                            10"
says "$T/stderr" "usage.csv:13: bad_volume"
sed 's/record_id/shoe_size/' "$samples/csv/mapping.yaml" >"$T/bad.yaml"
expect 78 sluice feed -f csv --mapping "$T/bad.yaml" --tenant connectivity -o "$T/none.raw" "$samples/csv/usage.csv"
says "$T/stderr" "bad.yaml:11:7: error: no field is called 'shoe_size'"

# what fails leaves the old file and no part of a new one
expect 66 sluice feed --tenant acme -o "$T/good.raw" "$T/good.ndjson" "$T/missing.ndjson"
cmp "$T/good.raw" "$T/again.raw"
[ ! -e "$T/good.raw.part" ] || fail "a part was left behind"
expect 64 sluice feed -o "$T/none.raw" "$T/good.ndjson"
says "$T/stderr" "--tenant"
expect 64 sluice feed --tenant acme -o /dev/null "$T/good.ndjson"
[ ! -e "$T/none.raw" ] || fail "a refused command line wrote a file"

# identifiers are not shown on a terminal
if ! python3 - "$SLUICE" "$T/good.ndjson" <<'PYTHON' >"$T/terminal"; then fail "$(cat "$T/terminal")"; fi
import os, pty, sys
child, terminal = pty.fork()
if child == 0:
    os.execv(sys.argv[1], [sys.argv[1], "feed", "--tenant", "acme", sys.argv[2]])
shown = b""
try:
    while chunk := os.read(terminal, 4096):
        shown += chunk
except OSError:
    pass
code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
if code != 64 or b"terminal" not in shown or b"00101" in shown:
    sys.exit(f"on a terminal: exit {code}, {shown[:200]}")
PYTHON

# what passes through its memory never reaches a core file
ulimit -S -c unlimited
mkfifo "$T/pipe"
"$SLUICE" feed --tenant connectivity -o "$T/held.raw" - <"$T/pipe" 2>"$T/stderr" &
held=$!
exec 3>"$T/pipe"
cat "$T/good.ndjson" >&3
for _ in $(seq 100); do
    [ -s "$T/held.raw.part" ] || [ -e "$T/held.raw.part" ] && break
    sleep 0.1
done
equal "core file size" "$(awk '/Max core file size/ { print $5 }' "/proc/$held/limits")" 0
exec 3>&-
wait "$held"
