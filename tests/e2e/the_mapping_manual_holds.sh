#!/usr/bin/env bash
# sluice-mapping(5) is well formed, names every field that a mapping takes, and its example is a mapping.
. "$(dirname "$0")/lib.sh"

page=$root/deploy/man/sluice-mapping.5
mandoc -T lint -W warning "$page" || fail "mandoc finds faults in the man page"

fields=0
while read -r field; do
    grep -qE "^\.It Ic (.* )?$field( |\$)" "$page" || fail "the man page does not tell the field $field"
    fields=$((fields + 1))
done < <(sed -n '/^const struct csv_field csv_fields/,/^};/p' "$root/src/feed/csv_field.c" |
         sed -nE 's/^    (TEXT|IS)\(([a-z_]+).*/\2/p; s/^    \{ "([a-z_]+)".*/\1/p')
[ $fields -gt 30 ] || fail "found too few fields in the source: $fields"

sed -n '/^\.Sh EXAMPLES/,/^\.Ed/p' "$page" | grep -v '^\.' >"$T/mapping.yaml"
printf 'id;imsi;begin;kind;up;down;down_unit;group\nx;001010000000001;1791201600;DATA;0.5;7;KiB;-\n' >"$T/one.csv"
expect 0 sluice feed -f csv --mapping "$T/mapping.yaml" --tenant acme -o "$T/one.raw" "$T/one.csv"
says "$T/stderr" "records written                             1"
sed -i 's/imsi: imsi/imsi: imse/' "$T/mapping.yaml"
expect 78 sluice feed -f csv --mapping "$T/mapping.yaml" --tenant acme -o "$T/one.raw" "$T/one.csv"
