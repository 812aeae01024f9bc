#!/usr/bin/env bash
# A full disk undoes the commit and says so; once there is room the same run goes on and all is there once.
. "$(dirname "$0")/lib.sh"

fleet 500 20000 13
configure commit '{ records: 2000, interval: 100ms }'
mkdir -p "$T/fleet/out"
mount -t tmpfs -o size=2m tmpfs "$T/fleet/out" 2>/dev/null || skip "a small file system cannot be mounted here"
at_end() { umount -l "$T/fleet/out"; }

"$SLUICE" run -c "$T/fleet/sluice.yaml" --json >"$T/run.json" 2>"$T/run.log" </dev/null &
pid=$!
wait_for 30 grep -q "no space left on the device" "$T/run.log"
kill -0 $pid || fail "the run gave up"
mount -o remount,size=200m "$T/fleet/out"
code=0
wait $pid || code=$?
equal "exit code" $code 0
equal balanced "$(value "$T/run.json" .balanced)" true
clean_fleet
