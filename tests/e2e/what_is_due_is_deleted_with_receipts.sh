#!/usr/bin/env bash
# At their deadlines buckets go, and nothing else; each deletion is told by a receipt that nobody can change unseen.
. "$(dirname "$0")/lib.sh"

fleet 300 3000 5
run_fleet
config=$T/fleet/sluice.yaml
buckets()
{
    find "$T/fleet/out" -mindepth 3 -maxdepth 3 -type d | sort
}

buckets >"$T/before"
expect 0 sluice keep -c "$config"
buckets | cmp - "$T/before" || fail "something was deleted before it was due"

# Half of all buckets are due at this instant.
instant=$(sed 's,.*/,,' "$T/before" | sort | sed -n "$(($(wc -l <"$T/before") / 2))p")
case $instant in
*T*) at=${instant%Z}:00:00Z ;;
*) at=${instant}T00:00:00Z ;;
esac
configure clock "$at"
awk -F/ -v at="$instant" '$NF <= at' "$T/before" >"$T/due"
awk -F/ -v at="$instant" '$NF > at' "$T/before" >"$T/left"
if [ ! -s "$T/due" ] || [ ! -s "$T/left" ]; then
    fail "no buckets on both sides of $at"
fi

expect 0 sluice keep -c "$config" --dry-run --json
equal "due" "$(value "$T/stdout" '[.streams[].buckets] | add')" "$(wc -l <"$T/due")"
buckets | cmp - "$T/before" || fail "--dry-run deleted something"

expect 0 sluice keep -c "$config" --json
equal "deleted" "$(value "$T/stdout" '[.streams[].buckets] | add')" "$(wc -l <"$T/due")"
buckets | cmp - "$T/left" || fail "left is not what is not due: $(buckets | diff - "$T/left" | head)"
equal "receipts" "$(grep -c '"what":"deleted"' "$T/fleet/state/audit/receipts.ndjson")" "$(wc -l <"$T/due")"

# The pipeline goes on, and says so.
run_fleet
equal "new records" "$(value "$T/run.json" .balanced)" true
expect 0 sluice keep -c "$config" --verify --json
equal "the chain" "$(value "$T/stdout" .holds)" true

cp "$T/fleet/state/audit/receipts.ndjson" "$T/receipts"
sed '3d' "$T/receipts" >"$T/fleet/state/audit/receipts.ndjson"
expect 65 sluice keep -c "$config" --verify
says "$T/stderr" "receipts.ndjson:3:"
sed '$s/"files":[0-9]*/"files":99/' "$T/receipts" >"$T/fleet/state/audit/receipts.ndjson"
expect 65 sluice keep -c "$config" --verify
says "$T/stderr" "receipts.ndjson:$(wc -l <"$T/receipts"):"

# Beside a running process there is nothing to do.
cp "$T/receipts" "$T/fleet/state/audit/receipts.ndjson"
exec 9>"$T/fleet/state/lock"
flock 9
expect 0 sluice keep -c "$config"
says "$T/stderr" "by itself"
