#!/usr/bin/env bash
# A command line that is not usable ends with 64 and says how it is used; one
# that is (the bystander) does not.
. "$(dirname "$0")/lib.sh"

expect 64 sluice
says "$T/stderr" "usage: sluice"
expect 64 sluice no-such-command
says "$T/stderr" "usage: sluice"

for command in $(commands); do
    expect 64 sluice "$command" --no-such-option
    [ -s "$T/stderr" ] || fail "sluice $command refused an option without a word"
    expect 0 sluice "$command" --help
done
