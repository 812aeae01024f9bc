#!/usr/bin/env bash
# sluice-policy(5) is well formed, names every key that the loader takes, and its example is a sound policy.
. "$(dirname "$0")/lib.sh"

page=$root/deploy/man/sluice-policy.5
mandoc -T lint -W warning "$page" || fail "mandoc finds faults in the page"
mandoc -T ascii "$page" | sed 's/.\x08//g' >"$T/page"

keys=0
while read -r key; do
    grep -qE "(^|[^a-z_])$key([^a-z_]|\$)" "$T/page" || fail "the page does not tell the key $key"
    keys=$((keys + 1))
done < <(sed -n 's/^    { "\([a-z_]*\)", \(true\|false\), .*/\1/p' "$root"/src/policy/*.c | sort -u)
[ $keys -gt 40 ] || fail "only $keys keys were found in the loader"

sed -n '/^\.Sh EXAMPLES/,$p' "$page" | sed -n '/^\.Bd/,/^\.Ed/p' | sed '1d;$d' >"$T/example.yaml"
expect 0 sluice policy check --at 2026-11-01 "$T/example.yaml"
says "$T/stdout" "1 policy, 0 errors, 0 warnings"
