#!/usr/bin/env bash
# `sluice check` names each fault with its place and ends with 78; what is right it lets pass.
. "$(dirname "$0")/lib.sh"

expect 66 sluice check -c "$T/none.yaml"
says "$T/stdout" none.yaml

cat >"$T/bad.yaml" <<'TEXT'
output: out
retenton: { park: 90d }
tenants: { acme: { policies: [acme.yaml] } }
TEXT
expect 78 sluice check -c "$T/bad.yaml"
says "$T/stdout" "bad.yaml:2:1: error: retenton is no option; did you mean retention?"
expect 78 sluice check -c "$T/bad.yaml" --json
equal "rule" "$(value "$T/stdout" '.findings[0].rule')" unknown-key
equal "line" "$(value "$T/stdout" '.findings[0].line')" 2
equal "errors" "$(value "$T/stdout" .errors)" 1

expect 0 sluice check --options
says "$T/stdout" "deduplication.window"

fleet 50 200 1
chmod 0755 "$T/fleet/state"
expect 0 sluice check -c "$T/fleet/sluice.yaml" --json
equal "errors of a fleet" "$(value "$T/stdout" .errors)" 0
equal "warned of an open state folder" "$(value "$T/stdout" '[.findings[] | select(.rule == "folder-mode")] | length')" 1
chmod 0700 "$T/fleet/state"

mv "$T/fleet/state/keyring" "$T/keyring"
expect 78 sluice check -c "$T/fleet/sluice.yaml"
says "$T/stdout" "sluice keys init"
cp "$T/keyring" "$T/fleet/state/keyring"
chmod 0644 "$T/fleet/state/keyring"
expect 78 sluice check -c "$T/fleet/sluice.yaml"
says "$T/stdout" "mode too open"
chmod 0600 "$T/fleet/state/keyring"
expect 0 sluice check -c "$T/fleet/sluice.yaml"

policy=$(find "$T/fleet/policies" -name '*.yaml' | sort | head -n 1)
cp "$policy" "$T/policy.yaml"
echo 'colour: red' >>"$policy"
expect 78 sluice check -c "$T/fleet/sluice.yaml"
grep -qE "$(basename "$policy"):[0-9]+:[0-9]+: error:" "$T/stdout" || fail "a bad policy is not told with its place"
rm "$policy"
expect 78 sluice check -c "$T/fleet/sluice.yaml"
cp "$T/policy.yaml" "$policy"
expect 0 sluice check -c "$T/fleet/sluice.yaml"

rm "$T/fleet/subjects.csv"
expect 78 sluice check -c "$T/fleet/sluice.yaml"
says "$T/stdout" "subject registry cannot be read"
