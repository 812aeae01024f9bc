#!/usr/bin/env bash
# Bombs, endless lines, a million levels, crowds of names: each is counted and
# told where it stood, what comes behind it is read, and the memory that the
# process takes does not depend on any of it.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# SLUICE_LONG: bombs of 10 GiB, a million of everything, 20,000 files.
bomb=64 crowd=20000
[ "${SLUICE_LONG-}" != 1 ] || { bomb=10240 crowd=1000000; }
# A commit of bad records is sealed at 64 MiB, and a batch of the largest adds 32;
# read-ahead holds a few batches, sealing another copy. Sanitizers take what they want.
bound=512
[[ ${SLUICE_PRESET-release} == release || ${SLUICE_PRESET-release} == dev ]] || { bound=4096 bomb=16 crowd=5000; }

cp -rL "$root/deploy/samples/policies" "$T/policies"

eat()   # NAME FORMAT MORE: what the folder NAME holds, with a state of its own
{
    local folder=$T/$1
    cat >"$folder.yaml" <<YAML
clock: 2026-11-01T00:00:00Z
state: state-$1
output: out-$1
keys: { operator: state-$1/operator.pub }
commit: { interval: 60s }
inputs: [ { name: hostile, format: $2, path: $1 $3 } ]
tenants: { connectivity: { policies: [policies/connectivity.yaml] } }
YAML
    sluice keys init -c "$folder.yaml" >/dev/null 2>&1
    python3 "$root/tests/e2e/hostile.py" peak "$SLUICE" run -c "$folder.yaml" --json --files --quiet \
        >"$folder.json" 2>"$folder.log" </dev/null || fail "$1 ended badly: $(tail -n 5 "$folder.log")"
    equal "balance of $1" "$(value "$folder.json" .balanced)" true
    peak=$(sed -n 's/^peak \([0-9]*\) MiB$/\1/p' "$folder.log")
    echo "$1: peak $peak MiB, $(value "$folder.json" '"\(.in) in, \(.quarantined_reasons)"')"
    [ "$peak" -le $bound ] || fail "$1 took $peak MiB, more than $bound"
    rm -rf "$folder" "$T/out-$1"
}

reasons()   # NAME FILTER
{
    value "$T/$1.json" ".quarantined_reasons | $2"
}

organisations=', organisations: { "10001": connectivity }'
python3 "$root/tests/e2e/hostile.py" bombs "$T/bombs" $bomb
eat bombs emnify "$organisations"
# Behind three endless lines, levels, a long name, without an end of line, and the bystander.
equal "good records" "$(value "$T/bombs.json" .routed)" 7
[ "$(reasons bombs .too_large)" -ge 6 ] || fail "too few told as too large"
says "$T/bombs.log" "hostile/zeros.gz"

python3 "$root/tests/e2e/hostile.py" crowd "$T/crowd" $crowd
eat crowd emnify "$organisations"
equal "names shown" "$(sed -n '/^fields that no format knows/,/^$/p' "$T/crowd.log" | grep -c '^  ')" 257
says "$T/crowd.log" "  other "
equal "of a crowd" "$(value "$T/crowd.json" .in)" $((2 * crowd + crowd / 50 + 1))
equal "routed of a crowd" "$(value "$T/crowd.json" .routed)" $((crowd + crowd / 50 + 1))

printf 'mapping: 1\ncolumns: { id: record_id, imsi: imsi, begun: start, account: account, region: region }\n' >"$T/map.yaml"
printf 'constants: { service: data }\n' >>"$T/map.yaml"
python3 "$root/tests/e2e/hostile.py" csv "$T/csv" $bomb
eat csv csv ', mapping: map.yaml, tenant: connectivity'
equal "rows" "$(value "$T/csv.json" .routed)" $((3 + (bomb << 20) / 2000))

python3 "$root/tests/e2e/hostile.py" raw "$T/raw" $bomb
eat raw raw ', tenant: connectivity'
[ "$(value "$T/raw.json" .quarantined)" -gt 100 ] || fail "raw records were not counted"
