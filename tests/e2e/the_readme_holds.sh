#!/usr/bin/env bash
# The quick start is two commands that exist, every link leads somewhere, every command named is one.
. "$(dirname "$0")/lib.sh"

cd "$root"
sed -n '/^## Quick start/,/^## /p' README.md | sed -n '/^```sh/,/^```$/p' | grep -v '^```' >"$T/quickstart"
equal "lines of the quick start" "$(wc -l <"$T/quickstart")" 2
while read -r program _; do
    [ -x "$program" ] || fail "the quick start names $program, which is no program"
done <"$T/quickstart"

links=0
while read -r link; do
    [ -e "$link" ] || fail "README.md links to $link, which is not there"
    links=$((links + 1))
done < <(grep -oE '\]\([a-z][^):]*\)' README.md | sed 's/^](\(.*\))$/\1/')
[ $links -gt 20 ] || fail "found too few links"

commands >"$T/commands"
while read -r command; do
    grep -qx "$command" "$T/commands" || fail "README.md names sluice $command, which is no command"
done < <(sed -n '/^## Everyday/,/^## What/p' README.md | grep -oE '(^|`)sluice [a-z]+' | sed 's/.* //' | sort -u)

for folder in src/*/; do
    grep -qF "($(dirname "$folder")/$(basename "$folder"))" README.md || fail "the tour leaves out $folder"
done
