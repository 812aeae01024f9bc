#!/usr/bin/env bash
# The last line of `run --json` is one object whose sums add up, and nothing else is on standard output.
. "$(dirname "$0")/lib.sh"

fleet 1000 20000 11
run_fleet
equal "lines on standard output" "$(wc -l <"$T/run.json")" 1
for key in in routed duplicate suspended quarantined dropped tenants balanced; do
    value "$T/run.json" "has(\"$key\")" | grep -qx true || fail "the object has no $key"
done
equal balanced "$(value "$T/run.json" .balanced)" true
equal "each record ends once" \
    "$(value "$T/run.json" '.routed + .duplicate + .suspended + .quarantined + ([.dropped[]] | add // 0)')" \
    "$(value "$T/run.json" .in)"
equal "tenants that do not add up" \
    "$(value "$T/run.json" '[.tenants[] | .routed as $r | .purposes[]
        | select(.emitted + .parked + ([.dropped[]] | add // 0) != $r)] | length')" 0
equal "routed over all tenants" "$(value "$T/run.json" '[.tenants[].routed] | add')" "$(value "$T/run.json" .routed)"

# the fleet plants these, so none of them may be idle
for key in .routed .duplicate .quarantined '[.dropped[]] | add'; do
    [ "$(value "$T/run.json" "$key")" -gt 0 ] || fail "nothing counted as $key"
done

# counters are over the state's life: a second run reads nothing new and says the same
cp "$T/run.json" "$T/first.json"
run_fleet
equal "counters after a second run" "$(value "$T/run.json" .)" "$(value "$T/first.json" .)"
clean_fleet
