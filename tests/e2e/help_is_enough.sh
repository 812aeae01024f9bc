#!/usr/bin/env bash
# Every subcommand explains itself and exits 0; so does the program.
. "$(dirname "$0")/lib.sh"

expect 0 sluice --help
says "$T/stdout" "usage: sluice"
expect 0 sluice --version
grep -qE '^sluice [0-9]+\.[0-9]+\.[0-9]+$' "$T/stdout" || fail "no version: $(cat "$T/stdout")"

seen=0
for command in $(commands); do
    expect 0 sluice "$command" --help
    says "$T/stdout" "usage: sluice $command"
    [ "$(wc -l <"$T/stdout")" -ge 3 ] || fail "sluice $command --help says next to nothing"
    [ ! -s "$T/stderr" ] || fail "sluice $command --help wrote to standard error"
    # What it names, it takes; with what an option wants after it we are not concerned here.
    while read -r option; do
        (cd "$T" && sluice "$command" "$option" --help >/dev/null 2>"$T/option" </dev/null) || true
        ! grep -q "unrecognized option" "$T/option" || fail "sluice $command --help names $option, which it does not take"
    done < <(grep -oE '^ +(-[a-z], )?--[a-z-]+' "$T/stdout" | grep -oE '\-\-[a-z-]+' | sort -u)
    seen=$((seen + 1))
done
[ $seen -gt 0 ] || fail "the program lists no subcommand"
