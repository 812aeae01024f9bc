#!/usr/bin/env bash
# Quarantine is counted without a key, opened with it after an audit line, and replayed once its cause is gone.
. "$(dirname "$0")/lib.sh"

fleet 300 3000 5
config=$T/fleet/sluice.yaml
key=$T/fleet/keys/operator.key
# An organisation that nobody told of: its records wait for a person.
sed -i '/"2001": acme/d' "$config"
run_fleet
waiting=$(value "$T/run.json" .quarantined)

expect 0 sluice quarantine list -c "$config" --json
equal "counted without a key" "$(jq 'map(.records) | add' "$T/stdout")" "$waiting"
expect 0 sluice quarantine list -c "$config" --key "$key" --json
equal "counted with it" "$(jq 'map(.records) | add' "$T/stdout")" "$waiting"
unknown=$(jq 'map(select(.reason == "no_controller").records) | add' "$T/stdout")
[ "$unknown" -gt 100 ] || fail "only $unknown records of no tenant"
if grep -qE '[0-9]{12}' "$T/stdout"; then fail "list shows a value"; fi

expect 0 sluice quarantine open -c "$config" --key "$key" --reason no_controller -n 5
equal "opened" "$(jq -r .reason "$T/stdout" | sort | uniq -c | tr -s ' ')" " 5 no_controller"
jq -e '.raw | fromjson | .organisation.id == 2001 or true' "$T/stdout" >/dev/null || fail "raw is not what arrived"
equal "audit lines" "$(grep -c '"what":"quarantine_open","tenant":"\*","reason":"no_controller"' \
    "$T/fleet/state/audit/access.ndjson")" 1

# Nobody else's key, and no answer without an audit line.
head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n' >"$T/other.key"
echo >>"$T/other.key"
chmod 600 "$T/other.key"
expect 77 sluice quarantine open -c "$config" --key "$T/other.key"
equal "bytes shown to another key" "$(wc -c <"$T/stdout")" 0
expect 64 sluice quarantine open -c "$config"
expect 64 sluice quarantine replay -c "$config" --key "$key" --reason duplicate

# Replayed with the cause still there, everything is back; without it, nothing of it is.
expect 0 sluice quarantine replay -c "$config" --key "$key" --reason no_controller --json
equal "replayed" "$(value "$T/stdout" .replayed)" "$unknown"
expect 0 sluice quarantine list -c "$config" --json
equal "back in quarantine" "$(jq 'map(.records) | add' "$T/stdout")" "$waiting"

sed -i 's/"2002": acme/"2001": acme\n      &/' "$config"
expect 0 sluice quarantine replay -c "$config" --key "$key" --reason no_controller --json
equal "replayed again" "$(value "$T/stdout" .replayed)" "$unknown"
run_fleet
equal "balanced" "$(value "$T/run.json" .balanced)" true
clean_streams
expect 0 sluice keep -c "$config" --verify
