#!/usr/bin/env bash
# `path: "-"` reads standard input: all of it, once, and what was spooled on the way holds nothing in clear.
. "$(dirname "$0")/lib.sh"

fleet 300 4000 10
sed -i 's/^\( *path:\) input$/\1 "-"/' "$T/fleet/sluice.yaml"
grep -q 'path: "-"' "$T/fleet/sluice.yaml" || fail "the configuration was not changed"
lines=$(cat "$T"/fleet/input/* | wc -l)

cat "$T"/fleet/input/* | sluice run -c "$T/fleet/sluice.yaml" --json >"$T/run.json" 2>"$T/run.log"
equal "records read" "$(value "$T/run.json" .in)" "$lines"
equal balanced "$(value "$T/run.json" .balanced)" true
clean_streams
imsi=$(grep -m 1 -ohE '"imsi":"[0-9]{15}"' "$T/fleet/input/part-00000.ndjson" | grep -m 1 -oE '[0-9]{15}')
if grep -rqaF "$imsi" "$T/fleet/state" "$T/fleet/out" "$T/run.log"; then
    fail "a line of standard input lies in clear"
fi

# the same once more: every record that was routed is a duplicate now
routed=$(value "$T/run.json" .routed)
cat "$T"/fleet/input/* | sluice run -c "$T/fleet/sluice.yaml" --json >"$T/again.json" 2>"$T/run.log"
equal routed "$(value "$T/again.json" .routed)" "$routed"
equal "records read" "$(value "$T/again.json" .in)" $((2 * lines))
clean_streams
