#!/usr/bin/env bash
# A field that a reloaded policy closes is in no row after SIGHUP, while the rows before and the other fields stay.
. "$(dirname "$0")/lib.sh"

cp -rL "$root/deploy/samples/." "$T/sample"
cd "$T/sample/one"
cp -r ../policies policies
sed -i 's#\.\./policies/#policies/#' sluice.yaml
echo 'watch: yes' >>sluice.yaml
sluice keys init -c sluice.yaml >"$T/keys" 2>&1

rows() { sluice cat -c sluice.yaml esim/fraud 2>/dev/null || true; }
has_rows() { [ "$(rows | wc -l)" -eq "$1" ]; }

"$SLUICE" run -c sluice.yaml --json >"$T/run.json" 2>"$T/run.log" </dev/null &
pid=$!
wait_for 20 has_rows 1
equal "type of the device before" "$(rows | jq -r 'has("imei_tac")')" true

sed -i '/^  fraud:/,/^  [a-z]*:$/ { /^      imei: truncate/d }' policies/esim.yaml
kill -HUP $pid
wait_for 20 grep -q "sluice: reloaded" "$T/run.log"
sed 's/70003991/70003998/; s/T09:30:00Z/T09:35:00Z/; s/047aa1ae/147aa1ae/' input/record.json >"$T/second.json"
mv "$T/second.json" input/second.json
wait_for 20 has_rows 2
kill -TERM $pid
wait $pid || fail "ended with $?"

equal "rows with the type of the device" "$(rows | jq -r 'has("imei_tac")' | sort | tr '\n' ' ')" "false true "
equal "rows with a device pseudonym" "$(rows | jq -r 'has("device_pseudonym")' | sort -u)" true
equal "the later row has another policy version" "$(rows | jq -r .policy_version | sort -u | wc -l)" 2
