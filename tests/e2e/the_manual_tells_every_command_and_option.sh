#!/usr/bin/env bash
# The man page is well formed and names each command, each option with the default in force, each exit code.
. "$(dirname "$0")/lib.sh"

page=$root/deploy/man/sluice.1
mandoc -T lint -W warning "$page" || fail "mandoc finds faults in the man page"
mandoc -T ascii "$page" | sed 's/.\x08//g' >"$T/page"

for command in $(commands); do
    grep -qE "^[[:space:]]+$command([[:space:]]|\$)" "$T/page" || fail "the man page has no command $command"
done

options=0
while read -r option; do
    grep -qF ".It Ic ${option#inputs\[\].}" "$page" || fail "the man page has no option $option"
    options=$((options + 1))
done < <(sluice check --options | sed 1d | cut -c1-24 | tr -d ' ')
[ $options -gt 20 ] || fail "the program lists too few options"

while read -r option default; do
    sed -n "/^\.It Ic ${option#inputs\[\].} :/,/^\.It/p" "$page" | grep -qF -- "$default" ||
        fail "the man page does not tell the default of $option, $default"
done < <(sluice check --options | sed 1d | awk '{ d = substr($0, 49, 19); gsub(/ /, "", d); if (d != "-" && d != "(required)") print $1, d }')

for code in 0 64 65 66 70 71 73 74 75 77 78; do
    grep -q "^\.It $code\$" "$page" || fail "the man page does not tell exit code $code"
done
