#!/usr/bin/env bash
# SIGTERM ends a run with 0 after a commit; the next run reads the rest and all is there once.
. "$(dirname "$0")/lib.sh"

fleet 2000 300000 9
configure commit '{ records: 5000, interval: 100ms }'

"$SLUICE" run -c "$T/fleet/sluice.yaml" --json >"$T/first.json" 2>"$T/first.log" </dev/null &
pid=$!
wait_for 20 sh -c "ls $T/fleet/out/*/*/*/*.pb*"
kill -TERM $pid
code=0
wait $pid || code=$?
equal "exit code" $code 0
equal balanced "$(value "$T/first.json" .balanced)" true
first=$(value "$T/first.json" .in)
[ "$first" -gt 0 ] || fail "nothing was committed"

run_fleet
[ "$(value "$T/run.json" .in)" -gt "$first" ] || fail "SIGTERM did not stop the run before its end"
clean_fleet
