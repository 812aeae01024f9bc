#!/usr/bin/env bash
# gen --check sees each way in which rows can differ from what the truth says.
. "$(dirname "$0")/lib.sh"

# The file of the stream with the most rows.
largest()   # TENANT/PURPOSE
{
    find "$T/fleet/out/$1" -name '*.pb' -printf '%s %p\n' | sort -n | tail -n 1 | cut -d' ' -f2-
}

# tampered HOW STREAM COUNTER [N]: the check fails and counts it there, and only in that stream
tampered()
{
    local file counts
    file=$(largest "$2")
    cp "$file" "$T/before"
    python3 "$(dirname "$0")/tamper.py" "$1" "$file"
    cmp -s "$file" "$T/before" && fail "$1 changed nothing"
    expect 1 sluice gen --check "$T/fleet"
    counts=$(jq -c --arg stream "$2" 'select(.stream == $stream) | [.lost, .doubled, .invented, .wrong]' "$T/stdout")
    equal "$1 in $2: lost, doubled, invented, wrong" "$counts" "$3"
    jq -es --arg stream "$2" 'map(select(.stream != $stream) | .lost + .doubled + .invented + .wrong) | add == 0' \
        "$T/stdout" >/dev/null || fail "$1 in $2 is told of another stream too"
    [ -s "$T/stderr" ] || fail "$1: no example is told"
    ! grep -qE '[0-9]{13}' "$T/stderr" || fail "$1: an example tells an identifier"
    cp "$T/before" "$file"
}

fleet 300 6000 11
run_fleet
clean_fleet

tampered remove acme/billing '[1,0,0,0]'
tampered double acme/billing '[0,1,0,0]'
tampered add acme/billing '[0,0,1,0]'
tampered change acme/billing '[0,0,0,1]'
tampered change acme/marketing '[0,0,0,1]'
tampered drop_field acme/fraud '[0,0,0,1]'
tampered add_field beta/fraud '[0,0,0,1]'
tampered swap acme/operations '[0,0,0,2]'
tampered swap beta/marketing '[0,0,0,2]'
tampered swap_ref gamma/metering '[0,0,0,2]'
tampered expire beta/billing '[0,0,0,1]'
tampered token acme/billing '[0,0,0,1]'

# A row of one stream in another is invented there.
file=$(largest acme/billing)
cp "$file" "$T/before"
cat "$(largest acme/fraud)" >>"$file"
expect 1 sluice gen --check "$T/fleet"
jq -es 'map(select(.stream == "acme/billing"))[0] | .invented > 0 and .lost == 0' "$T/stdout" >/dev/null ||
    fail "rows of another stream are not invented"
cp "$T/before" "$file"

# What is sealed is held against the truth as well.
for store in acme/park acme/suspended; do
    file=$(largest $store)
    mv "$file" "$T/before"
    expect 1 sluice gen --check "$T/fleet"
    jq -es --arg stream $store 'map(select(.stream == $stream))[0] | .lost > 0' "$T/stdout" >/dev/null ||
        fail "a lost file of $store is not missed"
    mv "$T/before" "$file"
done
clean_fleet
