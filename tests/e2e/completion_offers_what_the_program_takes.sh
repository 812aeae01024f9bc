#!/usr/bin/env bash
# Completion offers commands, their words and options, configurations after -c, files elsewhere.
. "$(dirname "$0")/lib.sh"

PATH=$(dirname "$SLUICE"):$PATH
unset -f sluice
compopt() { :; }   # knows nothing outside of a completion under way
. "$root/deploy/completion/sluice.bash"

complete_line()   # WORD...: what is offered for the last one, a line each
{
    COMP_WORDS=("$@")
    COMP_CWORD=$(($# - 1))
    _sluice
    printf '%s\n' "${COMPREPLY[@]}" | sort
}

for command in $("$SLUICE" --help | sed -n 's/^  \([a-z]*\)  .*/\1/p'); do
    complete_line sluice "${command:0:2}" >"$T/offered"
    grep -qx "$command" "$T/offered" || fail "$command is not offered for ${command:0:2}"
    complete_line sluice "$command" --he >"$T/offered"
    grep -qx -- --help "$T/offered" || fail "--help is not offered for $command"
done
complete_line sluice zzz >"$T/offered"
equal "what is offered for zzz" "$(cat "$T/offered")" ""
complete_line sluice check --j >"$T/offered"
equal "what is offered for check --j" "$(cat "$T/offered")" --json

cd "$T"
touch a.yaml a.txt
mkdir a-folder
complete_line sluice check -c a >"$T/offered"
equal "what is offered after -c" "$(tr '\n' ' ' <"$T/offered")" "a-folder a.yaml "

if "$SLUICE" --help | grep -q '^  policy '; then
    complete_line sluice policy ex >"$T/offered"
    equal "what is offered for policy ex" "$(cat "$T/offered")" explain
fi
