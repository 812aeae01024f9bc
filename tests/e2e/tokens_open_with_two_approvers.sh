#!/usr/bin/env bash
# Billing's tokens open to the SIMs that they were made of, for a case with two
# approvers, and only then; each request stands in the audit log first.
. "$(dirname "$0")/lib.sh"

fleet 40 400 7
run_fleet
config=$T/fleet/sluice.yaml
log=$T/fleet/state/audit/access.ndjson

# A stream with tokens, and its tenant and purpose.
stream=
for candidate in $(cd "$T/fleet/out" && printf '%s\n' */*); do
    sluice cat -c "$config" --json "$candidate" >"$T/rows" 2>/dev/null || continue
    if jq -e 'select(.token)' "$T/rows" >/dev/null; then
        stream=$candidate
        break
    fi
done
[ -n "$stream" ] || fail "no stream has tokens"
rows=$(jq -c 'select(.token)' "$T/rows" | wc -l)

open_tokens()
{
    sluice token open -c "$config" --tenant "${stream%/*}" --purpose "${stream#*/}" --case CASE-12 "$@" <"$T/rows"
}

# Refused, and said so in the log, without an answer.
for approvers in "" "--approver anna" "--approver anna --approver anna"; do
    code=0
    # shellcheck disable=SC2086  # words
    open_tokens --reason dispute $approvers >"$T/stdout" 2>"$T/stderr" || code=$?
    equal "exit code" $code 77
    [ ! -s "$T/stdout" ] || fail "an answer without two approvers"
done
code=0
open_tokens --reason curiosity --approver anna --approver bert >"$T/stdout" 2>/dev/null || code=$?
equal "exit code" $code 77
equal "refusals in the log" "$(jq -r .outcome "$log" | sort | uniq -c | tr -s ' ')" " 4 refused"

# Opened: every identifier is one of the fleet's, rows of one SIM give one.
open_tokens --reason dispute --approver anna --approver bert >"$T/opened"
equal "answers" "$(wc -l <"$T/opened")" "$rows"
cut -d, -f2,3 "$T/fleet/subjects.csv" | tr ',' '\n' | sort -u >"$T/known"
cat "$T"/fleet/input/* | grep -oE '[0-9]{14,20}' | sort -u >>"$T/known"
sort -u "$T/known" -o "$T/known"
[ -z "$(sort -u "$T/opened" | comm -23 - "$T/known")" ] || fail "an identifier that the fleet does not have"
paste -d' ' <(jq -r 'select(.token) | .subject_pseudonym' "$T/rows") "$T/opened" | sort -u >"$T/pairs"
equal "one SIM for each pseudonym" "$(cut -d' ' -f1 "$T/pairs" | sort -u | wc -l)" "$(wc -l <"$T/pairs")"
equal "last outcome" "$(value "$log" '.outcome + " " + (.opened | tostring)')" "answered $rows"
if grep -qF "$(head -n 1 "$T/opened")" "$log"; then fail "an identifier stands in the audit log"; fi
if grep -q CASE-12 "$log"; then fail "the case's name stands in the audit log"; fi

# A token moved to another row opens nowhere; its neighbour does.
jq -r 'select(.token) | .subject_pseudonym + " " + .token' "$T/rows" | sort -u | head -n 2 >"$T/two"
[ "$(wc -l <"$T/two")" -eq 2 ] || fail "two SIMs are needed"
{ head -n 1 "$T/two"; echo "$(head -n 1 "$T/two" | cut -d' ' -f1) $(tail -n 1 "$T/two" | cut -d' ' -f2)"; } >"$T/rows"
code=0
open_tokens --reason dispute --approver anna --approver bert --json >"$T/opened" || code=$?
equal "exit code" $code 65
equal "answers" "$(jq -c '.kind == null' "$T/opened" | tr '\n' ' ')" "false true "
