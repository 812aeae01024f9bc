#!/usr/bin/env bash
# policy check names each fault with place and rule and exits 78; explain, diff, ropa and proto print what runs.
. "$(dirname "$0")/lib.sh"

samples=$root/deploy/policies
policy=$T/acme.yaml
cp "$samples/connectivity.yaml" "$policy"

# All five shipped policies pass, and the pair that can be joined is named.
expect 0 sluice policy check --at 2026-11-01T00:00:00Z "$samples"/*.yaml
says "$T/stdout" "5 policies, 0 errors"
says "$T/stdout" "rows of billing and fraud can be joined by exact time, octets"

# A fault: file, line, column, rule, and the exit code of a configuration.
line=$(grep -n 'uplink_octets: bucket' "$policy" | head -n 1 | cut -d: -f1)
sed -i "${line}s/bucket/blur/" "$policy"
expect 78 sluice policy check "$policy"
says "$T/stdout" "acme.yaml:$line:22: error:"
says "$T/stdout" "[transform-unknown]"
expect 78 sluice policy explain "$policy"
says "$T/stderr" "[transform-unknown]"
[ ! -s "$T/stdout" ] || fail "a bad policy was explained"

# A sample is nobody's policy until every value is confirmed.
sed '/^sample:/d' "$samples/connectivity.yaml" >"$policy"
expect 78 sluice policy check --json "$policy"
equal "the only rule broken" "$(jq -r '[.findings[] | select(.level == "error") | .rule] | unique | join(" ")' "$T/stdout")" unconfirmed

# As of a later day the safeguard has ended.
expect 78 sluice policy check --at 2036-01-01 "$samples/connectivity.yaml"
says "$T/stdout" "[safeguard-ended]"

# Every rule that check can name is listed.
expect 0 sluice policy check --rules
says "$T/stdout" "safeguard-ended"
expect 0 sluice policy check --vocabulary
says "$T/stdout" "dpv:PaymentManagement"

# Without FILE, all policies of the configuration, under the tenants that it gives them to.
printf 'tenants:\n  acme: { policies: [connectivity.yaml] }\n' >"$T/sluice.yaml"
cp "$samples/connectivity.yaml" "$T"
expect 78 sluice policy check -c "$T/sluice.yaml"
says "$T/stdout" "[policy-tenant]"
sed -i 's/acme/connectivity/' "$T/sluice.yaml"
expect 0 sluice policy check -c "$T/sluice.yaml"
says "$T/stdout" "1 policy, 0 errors"

# The matrix, the difference, the record of processing.
expect 0 sluice policy explain "$samples/esim.yaml"
grep -qE '^start +time +keep +keep +coarsen 15m +- +coarsen 1d$' "$T/stdout" || fail "the matrix lacks the row of start"
expect 0 sluice policy explain --json "$samples/esim.yaml"
equal "purposes" "$(jq -r '[.purposes[].name] | join(" ")' "$T/stdout")" "billing fraud operations analytics marketing"
sed 's/minimum_group: 20/minimum_group: 15/' "$samples/esim.yaml" >"$T/new.yaml"
expect 0 sluice policy diff "$samples/esim.yaml" "$T/new.yaml"
grep -qE '^opens +analytics +minimum_group +20 +15$' "$T/stdout" || fail "diff does not tell what opens"
equal "lines of the difference" "$(wc -l <"$T/stdout")" 2
expect 0 sluice policy ropa --json "$samples/esim.yaml"
equal "activities" "$(jq '.activities | length' "$T/stdout")" 5

# The proto file of a purpose compiles and reads nothing else.
expect 0 sluice policy proto billing "$samples/esim.yaml"
mkdir "$T/proto"
cp "$T/stdout" "$T/proto/billing.proto"
protoc-c --proto_path="$T/proto" --c_out="$T/proto" "$T/proto/billing.proto" || fail "the proto file does not compile"
says "$T/stdout" "optional bytes token = 14;"
grep -q 'cell_id' "$T/stdout" && fail "billing's proto file has a field that billing drops"
expect 66 sluice policy proto nothing "$samples/esim.yaml"
expect 66 sluice policy proto analytics "$samples/esim.yaml"

expect 64 sluice policy
expect 64 sluice policy explain
expect 64 sluice policy diff "$policy"
expect 64 sluice policy frobnicate "$policy"
expect 64 sluice policy check --at tomorrow "$policy"
expect 66 sluice policy check "$T/none.yaml"
