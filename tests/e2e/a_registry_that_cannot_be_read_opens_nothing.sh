#!/usr/bin/env bash
# What the registry says and cannot be read is unknown, not nothing: records of the SIM of a bad row wait until it is
# corrected, and a file of rights that was cut short is not taken.
. "$(dirname "$0")/lib.sh"

cp -rL "$root/deploy/samples/." "$T/s"
cd "$T/s/one"
sluice keys init -c sluice.yaml >"$T/keys" 2>&1
iccid=$(jq -r .sim.iccid input/record.json)
grep -q "$iccid" ../subjects.csv || fail "the sample's SIM is not registered"
cp ../subjects.csv "$T/good.csv"
age=$(($(head -n 1 ../subjects.csv | tr ',' '\n' | grep -n '^age_below$' | cut -d: -f1)))
awk -F, -v OFS=, -v age=$age -v iccid="$iccid" '$2 == iccid { $age = "thirteen" } 1' "$T/good.csv" >../subjects.csv

expect 0 sluice run -c sluice.yaml --json
says "$T/stderr" "age_below is no age"
equal "waiting" "$(value "$T/stdout" .suspended)" 1
equal "routed" "$(value "$T/stdout" .routed)" 0
if sluice cat -c sluice.yaml esim/billing 2>/dev/null | grep -q .; then fail "a row came out"; fi

cp "$T/good.csv" ../subjects.csv
expect 0 sluice run -c sluice.yaml --json
equal "waiting" "$(value "$T/stdout" .suspended)" 0
equal "routed" "$(value "$T/stdout" .routed)" 1
equal "rows" "$(sluice cat -c sluice.yaml esim/billing | wc -l)" 1

sed -i '$d' ../registry.ndjson
expect 65 sluice subjects load -c sluice.yaml
says "$T/stderr" "registry.ndjson:7:1: error: the registry does not end with"
expect 65 sluice run -c sluice.yaml
