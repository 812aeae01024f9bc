#!/usr/bin/env bash
# `sluice token open` gives the identifier behind a billing row back, and only with a case, a reason and two
# approvers; every request is in the audit log before the answer, refused ones too.
. "$(dirname "$0")/lib.sh"

fleet 200 2000 12
run_fleet
config=$T/fleet/sluice.yaml
sluice cat -c "$config" acme/billing 2>/dev/null | head -n 50 >"$T/rows" || true
jq -r 'select(.token) | .token' "$T/rows" | sort -u >"$T/tokens"
[ -s "$T/tokens" ] || fail "acme/billing carries no token"
audit=$T/fleet/state/audit/access.ndjson

open_tokens() { sluice token open -c "$config" --tenant acme --purpose billing --case c-1 "$@" <"$T/rows"; }

if open_tokens --reason dispute --approver anne --approver anne >"$T/out" 2>"$T/err"; then
    fail "opened with one approver"
fi
[ ! -s "$T/out" ] || fail "something was told to one approver"
refused=$(wc -l <"$audit")
[ "$refused" -ge 1 ] || fail "a refused request is not in the audit log"

open_tokens --reason dispute --approver anne --approver bob >"$T/out" 2>"$T/err" || fail "$(cat "$T/err")"
[ "$(wc -l <"$audit")" -gt "$refused" ] || fail "a request is not in the audit log"
cut -d, -f2,3 "$T/fleet/subjects.csv" | tr ',' '\n' >"$T/known"
opened=0
while read -r identifier; do
    [ "$identifier" != - ] || continue
    grep -qxF "$identifier" "$T/known" && opened=$((opened + 1))
done <"$T/out"
[ $opened -gt 10 ] || fail "only $opened tokens opened to a SIM of the registry"
while read -r identifier; do
    if [ ${#identifier} -gt 9 ] && grep -qF "$identifier" "$audit"; then
        fail "an identifier is in the audit log"
    fi
done <"$T/out"

# another tenant's and another purpose's keys open none of them
sluice token open -c "$config" --tenant beta --purpose billing --case c-1 --reason dispute --approver anne \
    --approver bob <"$T/rows" >"$T/other" 2>"$T/err" || true
if grep -qvx -- - "$T/other"; then
    fail "another tenant's keys open tokens: $(head -n 3 "$T/other" | wc -l) of them"
fi
