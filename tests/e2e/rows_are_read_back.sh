#!/usr/bin/env bash
# sluice cat prints what a stream holds: as JSON lines, as the bytes that lie there, by stream and by file.
. "$(dirname "$0")/lib.sh"

fleet 300 3000 5
run_fleet

expect 0 sluice cat -c "$T/fleet/sluice.yaml" acme/billing
rows=$(wc -l <"$T/stdout")
[ "$rows" -gt 100 ] || fail "only $rows rows"
equal "rows of another stream" "$(jq -r '.purpose + "/" + .tenant' "$T/stdout" | sort -u)" billing/acme
jq -r .expires_at "$T/stdout" | sort -c || fail "rows do not come by deadline"
equal "refs that occur twice" "$(jq -r .ref "$T/stdout" | sort | uniq -d | wc -l)" 0

sluice cat -c "$T/fleet/sluice.yaml" --raw acme/billing 2>/dev/null >"$T/raw"
find "$T/fleet/out/acme/billing" -name '*.pb' -print0 | sort -z | xargs -0 cat | cmp - "$T/raw" ||
    fail "--raw is not what lies in the files"
cp "$T/raw" "$T/copy.pb"
expect 0 sluice cat "$T/copy.pb"
equal "rows of a file" "$(wc -l <"$T/stdout")" "$rows"
expect 0 sluice cat -n 3 "$T/copy.pb"
equal "rows with -n 3" "$(wc -l <"$T/stdout")" 3

head -c 1000 "$T/raw" >"$T/short.pb"
expect 65 sluice cat "$T/short.pb"
says "$T/stderr" "short.pb, octet"
expect 66 sluice cat "$T/nothing.pb"
expect 64 sluice cat acme
expect 64 sluice cat acme/billing "$T/copy.pb"
expect 0 sluice cat -c "$T/fleet/sluice.yaml" acme/nothing
says "$T/stderr" "acme/nothing has no rows"

# What is sealed is counted and not shown.
expect 0 sluice cat -c "$T/fleet/sluice.yaml" acme/quarantine
equal "sealed in acme/quarantine" "$(jq -rs 'map(.records) | add' "$T/stdout")" \
    "$(sluice quarantine list -c "$T/fleet/sluice.yaml" --tenant acme --json 2>/dev/null | jq 'map(.records) | add')"
