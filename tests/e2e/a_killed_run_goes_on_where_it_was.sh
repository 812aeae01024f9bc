#!/usr/bin/env bash
# Killed again and again at random moments, the run ends with what the truth says: nothing lost, nothing doubled.
. "$(dirname "$0")/lib.sh"

seed=${SEED:-$RANDOM}
RANDOM=$seed
echo "seed $seed"
fleet 2000 120000 5
configure commit '{ records: 2000, interval: 50ms }'

kills=0
for round in 1 2 3 4 5 6 7 8; do
    "$SLUICE" run -c "$T/fleet/sluice.yaml" >"$T/out.$round" 2>&1 </dev/null &
    pid=$!
    sleep "0.$((RANDOM % 45 + 5))"
    if kill -9 $pid 2>/dev/null; then
        kills=$((kills + 1))
    fi
    wait $pid 2>/dev/null || true
done
[ $kills -gt 0 ] || fail "every run had ended before it could be killed"
run_fleet
equal balanced "$(value "$T/run.json" .balanced)" true
clean_fleet
