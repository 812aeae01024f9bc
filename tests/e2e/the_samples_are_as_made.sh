#!/usr/bin/env bash
# deploy/samples/make writes exactly the samples that are shipped.
. "$(dirname "$0")/lib.sh"

"$root/deploy/samples/make" "$T/made"
made=0
while read -r file; do
    shipped=$root/deploy/samples/$file
    case $file in   # what a library compressed may differ, what comes out may not
    *.gz) zcat "$T/made/$file" | cmp - <(zcat "$shipped") ;;
    *) cmp "$T/made/$file" "$shipped" ;;
    esac
    made=$((made + 1))
done < <(cd "$T/made" && find . -type f)
[ $made -ge 7 ] || fail "make wrote only $made files"
equal "files in input/" "$(ls "$T/made/input")" "$(ls "$root/deploy/samples/input")"
