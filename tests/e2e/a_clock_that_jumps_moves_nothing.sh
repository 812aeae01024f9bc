#!/usr/bin/env bash
# The system's clock is set by an hour and by a day, forth and back, while records come: each has the deadline that it
# has under a clock that goes on quietly, duplicates are known, and what is of tomorrow is still of the future.
. "$(dirname "$0")/lib.sh"

cc -shared -fPIC -o "$T/clock.so" "$root/tests/e2e/settable_clock.c"
LD_PRELOAD=$T/clock.so "$SLUICE" --version >/dev/null 2>&1 || skip "this build cannot be preloaded"
fleet 100 2000 1
template=$(jq -nc 'first(inputs | select(.organisation.id == 2001 and .traffic_type.id == 5))' "$T/fleet/input/part-00000.ndjson")
rm -r "$T"/fleet/input/*
sed -i '/^clock:/d' "$T/fleet/sluice.yaml"
configure watch yes
configure commit '{ records: 100, interval: 20ms }'
start=$(date -u -d 2026-05-22T10:00:00Z +%s)
export CLOCK_START=$start CLOCK_OFFSET=$T/offset

# records NAME FIRST COUNT SECONDS: ids from FIRST on, that many seconds from the start
records()
{
    jq -nc --argjson first "$2" --argjson count "$3" --argjson at $((start + $4)) --argjson line "$template" '
        range($count) as $i | $line | .id = $first + $i | .start_timestamp = ($at + $i | todate)
        | .end_timestamp = ($at + $i + 9 | todate)' >"$T/new"
    mv "$T/new" "$T/fleet/input/$1.ndjson"
}

emitted()
{
    sluice cat -c "$T/fleet/sluice.yaml" acme/operations | wc -l
}

has_emitted()
{
    [ "$(emitted)" -eq "$1" ]
}

# course NAME OFFSET...: records come as the clock is set; what came of them goes to $T/NAME.*
course()
{
    local name=$1 round=0 pid
    shift
    rm -rf "$T/fleet/state" "$T/fleet/out" "$T"/fleet/input
    mkdir "$T/fleet/input" "$T/fleet/state"
    rm -rf "$T/fleet/keys"
    LD_PRELOAD=$T/clock.so sluice keys init -c "$T/fleet/sluice.yaml" >/dev/null 2>&1
    echo 0 >"$T/offset"
    LD_PRELOAD=$T/clock.so "$SLUICE" run -c "$T/fleet/sluice.yaml" --json >"$T/$name.json" 2>"$T/$name.log" </dev/null &
    pid=$!
    # It has asked for the time once it has something to say: notes on the policies.
    wait_for 60 test -s "$T/$name.log"
    for offset in "$@"; do
        echo "$offset" >"$T/offset"
        records "again-$round" 1000 $((round * 100)) -7200   # all that came so far
        records "ahead-$round" $((9000 + round * 10)) 5 80000
        records "new-$round" $((1000 + round * 100)) 100 $((round * 100 - 7200))
        round=$((round + 1))
        wait_for 60 has_emitted $((round * 100))
    done
    kill -TERM $pid
    wait $pid || fail "the run ended with $?: $(tail -n 5 "$T/$name.log")"
    for purpose in operations billing fraud; do
        sluice cat -c "$T/fleet/sluice.yaml" "acme/$purpose" | jq -r '.expires_at' | sort | uniq -c
    done >"$T/$name.deadlines"
    value "$T/$name.json" '"\(.routed) \(.duplicate) \(.quarantined_reasons) \(.dropped) \(.balanced)"' >"$T/$name.counts"
}

course quiet 0 0 0 0 0
course jumping 3600 -3600 86400 -86400 0
[ -s "$T/quiet.deadlines" ] || fail "no row has a deadline"
diff "$T/quiet.deadlines" "$T/jumping.deadlines" || fail "the deadlines moved"
equal "what became of them" "$(cat "$T/jumping.counts")" "$(cat "$T/quiet.counts")"
equal counts "$(cat "$T/quiet.counts")" '500 1000 {"future":25} {} true'
for seconds in '\+(3599|3600)' '-(3600|3601)' '\+(86399|86400)' '-(86400|86401)'; do
    grep -qE "system's clock is $seconds s from this process's" "$T/jumping.log" || fail "a jump of $seconds s is not told"
done
! grep -q "system's clock" "$T/quiet.log" || fail "a quiet clock is told of"
