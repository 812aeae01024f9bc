#!/usr/bin/env bash
# A second process that would write the same state is refused with 75; the first goes on.
. "$(dirname "$0")/lib.sh"

fleet 100 500 2
configure watch 'yes'
"$SLUICE" run -c "$T/fleet/sluice.yaml" --json >"$T/first.json" 2>"$T/first.log" </dev/null &
pid=$!
wait_for 20 sh -c "ls $T/fleet/out/*/*/*/*.pb*"
expect 75 sluice run -c "$T/fleet/sluice.yaml"
says "$T/stderr" "another process holds the state folder"
kill -TERM $pid
wait $pid || fail "the first process ended with $?"
clean_fleet
