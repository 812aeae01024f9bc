#!/usr/bin/env bash
# What comes out of a generated fleet is what its truth says, to the record; and the check does see a lost row.
. "$(dirname "$0")/lib.sh"

fleet 2000 30000 7
run_fleet
clean_fleet
equal "records read" "$(value "$T/run.json" '.in > 29000')" true

victim=$(find "$T/fleet/out" -path '*/quarantine/*' -prune -o -path '*/park/*' -prune -o -name '*.pb' -print | sort | sed -n 1p)
[ -n "$victim" ] || fail "no stream was written"
mv "$victim" "$T/victim"
if sluice gen --check "$T/fleet" >"$T/check.out" 2>"$T/check.log"; then
    fail "gen --check does not miss $victim"
fi
jq -es 'map(.lost // 0) | add > 0' "$T/check.out" >/dev/null || fail "no stream is told to have lost rows"
mv "$T/victim" "$victim"
clean_fleet
