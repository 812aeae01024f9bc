#!/usr/bin/env bash
# No script of the project has a fault that a checker knows, and the checker does see a planted one.
. "$(dirname "$0")/lib.sh"

printf '#!/bin/sh\nrm $1\n' >"$T/planted"
if shellcheck "$T/planted" >/dev/null; then
    fail "shellcheck does not see a planted fault"
fi

cd "$root"
scripts=()
while read -r file; do
    if head -c 64 "$file" | grep -qaE '^#!.*(/sh|bash)'; then
        scripts+=("$file")
    fi
done < <(find . -path ./build -prune -o -path ./.git -prune -o -type f -print)
[ ${#scripts[@]} -ge 4 ] || fail "found too few scripts to check"
shellcheck -x -P SCRIPTDIR -e SC2015,SC2016 "${scripts[@]}" tests/e2e/lib.sh deploy/completion/sluice.bash
