#!/usr/bin/env bash
# SIGHUP loads policies again while records flow: a bad file changes nothing and the log says why, a good one holds.
. "$(dirname "$0")/lib.sh"

fleet 300 6000 6
configure watch yes
mkdir "$T/later"
for file in "$T"/fleet/input/*; do
    split -n l/3 --additional-suffix=.ndjson "$file" "$T/later/$(basename "$file" .ndjson)-"
    rm "$file"
done
part=("$T"/later/*)
bring() { cp "$1" "$T/fleet/.moving" && mv "$T/fleet/.moving" "$T/fleet/input/$(basename "$1")"; }

bring "${part[0]}"
"$SLUICE" run -c "$T/fleet/sluice.yaml" --json >"$T/run.json" 2>"$T/run.log" </dev/null &
pid=$!
wait_for 20 sh -c "ls $T/fleet/out/*/*/*/*.pb*"

policy=$(find "$T/fleet/policies" -name '*.yaml' | sort | head -n 1)
cp "$policy" "$T/good.yaml"
echo 'purposes: [' >>"$policy"
kill -HUP $pid
wait_for 20 grep -q "what was in force stays in force" "$T/run.log"
grep -q "$(basename "$policy"):[0-9]*:[0-9]*: error:" "$T/run.log" || fail "the log does not say where the bad file is bad"
if grep -q "sluice: reloaded" "$T/run.log"; then
    fail "a bad file was taken"
fi
bring "${part[1]}"

cp "$T/good.yaml" "$policy"
kill -HUP $pid
wait_for 20 grep -q "sluice: reloaded" "$T/run.log"
bring "${part[2]}"
sleep 3
kill -TERM $pid
wait $pid || fail "ended with $?"
equal "records read" "$(value "$T/run.json" .in)" "$(cat "${part[@]}" | wc -l)"
clean_streams
