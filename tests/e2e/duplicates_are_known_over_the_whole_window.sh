#!/usr/bin/env bash
# Duplicates are known in hot hours and in cold ones, which lie on disk, after restarts and idle weeks, and to both
# edges of the window; what is late and new is let in, once. No clock but the records' own moves any of it.
. "$(dirname "$0")/lib.sh"

fleet 3 10 1
configure clock 2026-06-01T00:00:00Z
configure commit '{ records: 1000 }'
template=$(head -n 1 "$T/fleet/input/part-00000.ndjson" | jq -c '.organisation.id = 2001')
rm "$T"/fleet/input/*

# records NAME FIRST COUNT START: a file of records with ids from FIRST on, all of them within the hour of START
records()
{
    local start
    start=$(date -u -d "$4" +%s)
    jq -nc --argjson first "$2" --argjson count "$3" --argjson start "$start" --argjson line "$template" '
        range($count) as $i | $line | .id = $first + $i | .start_timestamp = ($start + $i % 3000 | todate)
        | .end_timestamp = ($start + $i % 3000 + 9 | todate)' >"$T/fleet/input/$1.ndjson"
}

# counts WHAT ROUTED DUPLICATE BEYOND FUTURE: of what the next run reads alone
totals=(0 0 0 0)
counts()
{
    local now
    run_fleet
    read -ra now <<<"$(value "$T/run.json" '"\(.routed) \(.duplicate) \(.dropped.beyond_window // 0) \(.quarantined_reasons.future // 0)"')"
    equal "$1" "$((now[0] - totals[0])) $((now[1] - totals[1])) $((now[2] - totals[2])) $((now[3] - totals[3]))" "$2 $3 $4 $5"
    equal balanced "$(value "$T/run.json" .balanced)" true
    totals=("${now[@]}")
}

files()
{
    find "$T/fleet/state/deduplication" -type f | wc -l
}

records first 1000 3000 2026-05-20T10:00:00Z
records second 10000 3000 2026-05-20T11:00:00Z
counts "two hours" 6000 0 0 0
equal "files of hot hours" "$(files)" 0
records first-again 1000 3000 2026-05-20T10:00:00Z
counts "again, hot" 0 3000 0 0
records later 20000 1500 2026-05-22T10:00:00Z
counts "two days on" 1500 0 0 0
equal "files of cold hours" "$(files)" 2
records again 1000 3000 2026-05-20T10:00:00Z
counts "again, cold" 0 3000 0 0
records late 4000 900 2026-05-20T10:00:00Z
counts "late and new" 900 0 0 0
records late-again 4000 1500 2026-05-20T10:00:00Z
counts "late again, and some that are new" 600 900 0 0
records later-again 20000 1500 2026-05-22T10:00:00Z
records all-again 1000 4500 2026-05-20T10:00:00Z
counts "everything again" 0 6000 0 0
equal "files, one of them written anew" "$(files)" 2

# weeks without a record, and then the last ones come again: known, whatever the clock says
configure clock 2026-12-24T00:00:00Z
records after-weeks 20000 1500 2026-05-22T10:00:00Z
records after-weeks-cold 10000 3000 2026-05-20T11:00:00Z
counts "after idle months" 0 4500 0 0

# both edges: ninety days behind the newest, and five minutes ahead of the clock
configure clock 2026-05-22T10:50:00Z
records oldest 30000 5 2026-02-21T10:00:00Z
records older 31000 7 2026-02-21T09:00:00Z
records ahead 32000 11 2026-05-22T10:54:00Z
records too-far 33000 13 2026-05-22T10:56:30Z
counts "at the edges" 16 0 7 13
records oldest-again 30000 5 2026-02-21T10:00:00Z
counts "the oldest hour again" 0 5 0 0

# records from 1970 and 2100 move nothing
records past 40000 3 1970-01-01T00:00:00Z
records end-of-time 41000 3 2099-12-31T23:00:00Z
counts "1970 and 2100" 0 0 3 3
records oldest-once-more 30000 5 2026-02-21T10:00:00Z
records more-of-it 34000 5 2026-02-21T10:00:00Z
counts "the oldest hour is in as before" 5 5 0 0

# the newest moves on, and takes the oldest hours along with their files
configure clock 2026-09-01T00:00:00Z
records newest 50000 10 2026-08-31T10:00:00Z
counts "the window moves" 10 0 0 0
records gone 1000 10 2026-05-20T10:00:00Z
counts "out of the window" 0 0 10 0
records newest-again 50000 10 2026-08-31T10:00:00Z
counts "the newest again" 0 10 0 0
equal "files of hours that left" "$(files)" 0
