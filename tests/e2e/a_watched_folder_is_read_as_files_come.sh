#!/usr/bin/env bash
# With `watch: yes` a run waits at the end of its input, reads files that are moved in, and ends on SIGTERM.
. "$(dirname "$0")/lib.sh"

fleet 300 4000 4
configure watch 'yes'
mkdir "$T/later"
for file in "$T"/fleet/input/*; do
    split -n l/2 --additional-suffix=.ndjson "$file" "$T/later/$(basename "$file" .ndjson)-"
    rm "$file"
done
part=("$T"/later/*)
cp "${part[0]}" "$T/fleet/input/"

"$SLUICE" run -c "$T/fleet/sluice.yaml" --json >"$T/run.json" 2>"$T/run.log" </dev/null &
pid=$!
wait_for 20 sh -c "ls $T/fleet/out/*/*/*/*.pb*"
for file in "${part[@]:1}"; do
    cp "$file" "$T/fleet/.moving"
    mv "$T/fleet/.moving" "$T/fleet/input/$(basename "$file")"
done
lines=$(cat "${part[@]}" | wc -l)
sleep 3
kill -0 $pid || fail "the run ended by itself"
kill -TERM $pid
wait $pid || fail "ended with $?"
equal "records read" "$(value "$T/run.json" .in)" "$lines"
clean_streams
