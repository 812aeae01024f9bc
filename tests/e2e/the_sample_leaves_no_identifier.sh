#!/usr/bin/env bash
# No identifier of the sample records, in any form, in any byte that the program writes or prints; the input is full of them.
. "$(dirname "$0")/lib.sh"

cp -rL "$root/deploy/samples" "$T/sample"
cd "$T/sample"
{
    tail -n +2 subjects.csv | cut -d, -f2-6 | tr ',' '\n'
    cat input/*.json input/*.ndjson <(zcat input/*.gz) |
        grep -oE '"(imsi|iccid|msisdn|imei|imeisv|eid|ip_address|ue_ip_address|session_id)":"[^"]*"' | cut -d'"' -f4
} | awk 'length >= 10' | sort -u >"$T/identifiers"
[ "$(wc -l <"$T/identifiers")" -gt 50 ] || fail "found too few identifiers in the sample"

mkdir "$T/printed"
sluice keys init -c sluice.yaml >"$T/printed/keys" 2>&1
sluice check -c sluice.yaml >"$T/printed/check" 2>&1
sluice run -c sluice.yaml --json >"$T/printed/run.json" 2>"$T/printed/run.log"
equal balanced "$(value "$T/printed/run.json" .balanced)" true
sluice quarantine list -c sluice.yaml >"$T/printed/quarantine" 2>&1
for folder in out/*/*; do
    case $folder in */quarantine | */park | */suspended) continue ;; esac
    sluice cat -c sluice.yaml "${folder#out/}" >"$T/printed/cat-$(basename "$(dirname "$folder")")-$(basename "$folder")"
done

scan() { python3 "$root/tests/attacks/leak.py" scan "$(dirname "$SLUICE")/tests/scan" "$T" "$T/identifiers" "$@"; }
if scan input >"$T/hits"; then
    fail "the scan finds nothing in the input itself"
fi
scan out state "$T/printed" >"$T/hits" || fail "identifiers came out:
$(head -n 20 "$T/hits")"
[ "$(value "$T/hits" .files)" -gt 10 ] || fail "too few files were looked at"
