#!/usr/bin/env bash
# What says which records came before lies on disk for older hours. One flipped bit in it, or its end cut off, and the
# run stops with 65 and names the file and the hour; with the file put back it goes on, and nothing was decided wrong.
. "$(dirname "$0")/lib.sh"

fleet 3 10 1
configure clock 2026-06-01T00:00:00Z
template=$(head -n 1 "$T/fleet/input/part-00000.ndjson" | jq -c '.organisation.id = 2001')
imsi=$(jq -r .imsi <<<"$template")
rm "$T"/fleet/input/*

records()
{
    jq -nc --argjson first "$2" --argjson count "$3" --argjson start "$(date -u -d "$4" +%s)" --argjson line "$template" '
        range($count) as $i | $line | .id = $first + $i | .start_timestamp = ($start + $i % 3000 | todate)
        | .end_timestamp = ($start + $i % 3000 + 9 | todate)' >"$T/fleet/input/$1.ndjson"
}

# stopped WORDS: the next run names the file
stopped()
{
    expect 65 sluice run -c "$T/fleet/sluice.yaml"
    says "$T/stderr" "$file"
    says "$T/stderr" "2026-05-20T10:00:00Z"
    ! grep -q "$imsi" "$T/stderr" || fail "an identifier is told"
}

records first 1000 4000 2026-05-20T10:00:00Z
records later 20000 10 2026-05-22T10:00:00Z
run_fleet
file=$(find "$T/fleet/state/deduplication" -type f)
cp "$file" "$T/kept"
size=$(stat -c %s "$file")

records again 1000 4500 2026-05-20T10:00:00Z
for at in 0 9000 $((size - 5000)); do
    cp "$T/kept" "$file"
    byte=$(od -An -tu1 -j "$at" -N 1 "$file" | tr -d ' ')
    # shellcheck disable=SC2059  # the octet is the format
    printf "\\x$(printf %x $((byte ^ 16)))" | dd of="$file" bs=1 seek="$at" conv=notrunc status=none
    stopped
done
cp "$T/kept" "$file"
truncate -s $((size - 1)) "$file"
stopped
rm "$file"
stopped

cp "$T/kept" "$file"
run_fleet
equal routed "$(value "$T/run.json" .routed)" 4510
equal duplicate "$(value "$T/run.json" .duplicate)" 4000
