#!/usr/bin/env bash
# A canary in every byte that a stranger can choose, in each way to break a
# record: none of them stands anywhere afterwards, each record is accounted for,
# what was dropped is counted by name, and the good one beside them is routed.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

cp -rL "$root/deploy/samples/policies" "$T/policies"
python3 "$root/tests/e2e/canary.py" make "$T/input" >"$T/planted"
cat >"$T/map.yaml" <<'YAML'
mapping: 1
columns: { id: record_id, imsi: imsi, begun: start, region: region, up: { field: uplink_octets, unit: B } }
constants: { service: data }
YAML

run()   # FORM FORMAT MORE
{
    local kept sealed
    mkdir "$T/$1"
    cat >"$T/$1.yaml" <<YAML
clock: 2026-11-01T00:00:00Z
state: $1/state
output: $1/out
keys: { operator: $1/state/operator.pub }
inputs: [ { name: stranger, format: $2, path: input/$1 $3 } ]
tenants: { connectivity: { policies: [policies/connectivity.yaml] } }
YAML
    sluice keys init -c "$T/$1.yaml" >/dev/null 2>&1
    sluice run -c "$T/$1.yaml" --json --files >"$T/$1/stdout" 2>"$T/$1/stderr" || fail "$(tail -n 5 "$T/$1/stderr")"
    sluice quarantine list -c "$T/$1.yaml" >"$T/$1/list" 2>&1
    sluice quarantine list -c "$T/$1.yaml" --key "$T/$1/state/operator.key" >"$T/$1/list_opened" 2>&1
    for stream in billing fraud operations; do
        sluice cat -c "$T/$1.yaml" "connectivity/$stream" >>"$T/$1/rows" 2>>"$T/$1/stderr" || true
    done
    read -r kept sealed <"$T/input/$1.counts"
    equal "balance of $1" "$(value "$T/$1/stdout" .balanced)" true
    equal "routed of $1" "$(value "$T/$1/stdout" .routed)" "$kept"
    equal "quarantined of $1" "$(value "$T/$1/stdout" '.quarantined + .duplicate + ([.dropped[]] | add // 0)')" "$sealed"
    find "$T/$1" -type f -print0 | xargs -0 python3 "$root/tests/e2e/canary.py" look "$T/planted" ||
        fail "a canary got out by $1"
}

run json emnify ', organisations: { "10001": connectivity }'
for name in weather Imsi IMSI imsi_ deep list nothing table unknown other; do
    says "$T/json/stderr" "  $name "
done
run csv csv ', mapping: map.yaml, tenant: connectivity'
says "$T/csv/stderr" "  region "
says "$T/csv/stderr" "  other "
run raw raw ', tenant: connectivity'
says "$T/raw/stderr" "(raw)"

# What looks for canaries finds them.
mkdir "$T/proof"
head -n 1 "$T/planted" | tr -d '\n' | base64 >"$T/proof/base64"
python3 "$root/tests/e2e/canary.py" look "$T/planted" "$T/proof/base64" && fail "a planted canary was not found"
exit 0
