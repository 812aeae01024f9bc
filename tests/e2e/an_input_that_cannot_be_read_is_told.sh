#!/usr/bin/env bash
# A file in the middle of a folder that may not be read ends the run with an error that names it. Once it can be read
# all is there: neither it nor what stands behind it was passed over.
. "$(dirname "$0")/lib.sh"

[ "$(id -u)" -eq 0 ] || skip "only root can take the right to read from somebody"
command -v setpriv >/dev/null || skip "setpriv is not installed"
fleet 200 6000 1
chmod 755 "$T"
cd "$T/fleet/input"
first=$(find . -name '*.ndjson' | sort | head -n 1)
split -n l/3 -d --additional-suffix=.ndjson "$first" part-9
rm "$first"
middle=$PWD/$(find . -name 'part-9*' | sort | sed -n 2p)
chown -R 65534:65534 "$T/fleet"
chown root:root "$middle"
chmod 600 "$middle"
cd "$T"
reader()
{
    setpriv --reuid=65534 --regid=65534 --clear-groups "$SLUICE" run -c "$T/fleet/sluice.yaml" --json
}

code=0
reader >"$T/first.json" 2>"$T/first.err" || code=$?
[ "$code" -eq 77 ] || fail "ended with $code where a file cannot be read: $(tail -n 3 "$T/first.err")"
says "$T/first.err" "$(basename "$middle")"
chown 65534:65534 "$middle"
code=0
reader >"$T/second.json" 2>"$T/second.err" || code=$?
equal "exit code once it can be read" "$code" 0
equal "records in" "$(value "$T/second.json" .in)" 6000
equal balanced "$(value "$T/second.json" .balanced)" true
