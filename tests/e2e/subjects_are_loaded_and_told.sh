#!/usr/bin/env bash
# The registry's bad rows are told by line and without an identifier; the
# others are loaded.
. "$(dirname "$0")/lib.sh"

cp -rL "$root/deploy/samples" "$T/s"
config=$T/s/sluice.yaml
expect 0 sluice keys init -c "$config"
expect 0 sluice subjects load -c "$config" --json
rows=$(value "$T/stdout" .rows)
equal "registered" "$(value "$T/stdout" .subjects)" "$rows"
equal "new" "$(value "$T/stdout" .subjects_new)" "$rows"
expect 0 sluice subjects load -c "$config" --json
equal "new" "$(value "$T/stdout" .subjects_new)" 0

# One row names a SIM that the first data row has too; one is no row at all.
again=$(sed -n '2s/,[^,]*,[^,]*$/,,/p' "$T/s/subjects.csv")
echo "$again" >>"$T/s/subjects.csv"
echo "nobody,8999,123456789012345" >>"$T/s/subjects.csv"
expect 65 sluice subjects load -c "$config" --json
equal "refused" "$(value "$T/stdout" '.rows_refused + .conflicts >= 2')" true
equal "registered" "$(value "$T/stdout" .subjects)" "$rows"
says "$T/stderr" "subjects.csv:$((rows + 3)):"
if grep -qE '[0-9]{14,}' "$T/stderr"; then fail "an identifier was printed"; fi

expect 0 sluice subjects status -c "$config" --json
equal "registered" "$(value "$T/stdout" .registered)" "$rows"
equal "reachable" "$(value "$T/stdout" .reachable)" true

sed -i '1s/.*/tenant,colour/' "$T/s/subjects.csv"
expect 65 sluice subjects load -c "$config"
says "$T/stderr" "subjects.csv:1:"
