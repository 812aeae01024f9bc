#!/usr/bin/env bash
# `check` says what is wrong with the mapping of a CSV input, by line, and nothing about one that is right.
. "$(dirname "$0")/lib.sh"

cp -rL "$root/deploy/samples/." "$T"
cat >"$T/input.yaml" <<'YAML'
  - { name: wholesale, format: csv, path: csv/usage.csv, mapping: csv/mapping.yaml, tenant: connectivity }
YAML
sed -i "/^inputs:/r $T/input.yaml" "$T/sluice.yaml"
expect 0 sluice keys init -c "$T/sluice.yaml"
expect 0 sluice check -c "$T/sluice.yaml"

sed -i 's/record_id/shoe_size/' "$T/csv/mapping.yaml"
expect 78 sluice check -c "$T/sluice.yaml"
grep -hq 'mapping.yaml:11:7: error' "$T/stdout" "$T/stderr" || fail "the place of the fault is not told"
rm "$T/csv/mapping.yaml"
expect 78 sluice check -c "$T/sluice.yaml"
grep -hq 'csv/mapping.yaml' "$T/stdout" "$T/stderr" || fail "a mapping that is not there is not told"
