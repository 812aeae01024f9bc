# shellcheck shell=bash
# What every end-to-end test starts with: . "$(dirname "$0")/lib.sh"
#
# A test is one script named by the behaviour it shows. It gets a folder of its
# own, $T, works on real files with the built program, and ends with the first
# thing that is not as it should be. The folder of a failed test is kept.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
SLUICE=${SLUICE:-$root/build/release/sluice}
T=$(mktemp -d "${TMPDIR:-/tmp}/sluice-e2e.XXXXXX")
export T SLUICE PYTHONDONTWRITEBYTECODE=1

[ -x "$SLUICE" ] || { echo "no program at $SLUICE: cmake --preset release && cmake --build --preset release" >&2; exit 1; }

at_end() { :; }   # a test that must undo something says what

cleanup()
{
    local code=$?
    trap - ERR
    set +e
    # shellcheck disable=SC2046  # one job a word
    kill -9 $(jobs -p) 2>/dev/null
    at_end
    if [ $code -eq 0 ] || [ $code -eq 77 ]; then
        chmod -R u+rwX "$T" && rm -rf "$T"
    else
        echo "failed with $code; its files are kept in $T"
    fi
    exit $code
}
trap cleanup EXIT
trap 'echo "line $LINENO of $0: $BASH_COMMAND"' ERR

sluice()
{
    "$SLUICE" "$@"
}

fail()
{
    printf '%s\n' "$*"
    exit 1
}

# skip REASON: this machine cannot show the behaviour
skip()
{
    printf '%s\n' "$*"
    exit 77
}

# expect CODE COMMAND...: its exit code; what it printed is in $T/stdout and $T/stderr
expect()
{
    local want=$1 got=0
    shift
    "$@" >"$T/stdout" 2>"$T/stderr" </dev/null || got=$?
    [ "$got" -eq "$want" ] ||
        fail "exit code $got instead of $want: $*
$(tail -n 20 "$T/stderr")"
}

# says FILE WORDS: the words stand in it
says()
{
    grep -qF -- "$2" "$1" || fail "'$2' is not said in $1:
$(tail -n 20 "$1")"
}

# equal WHAT A B
equal()
{
    [ "$2" = "$3" ] || fail "$1: '$2' is not '$3'"
}

# wait_for SECONDS COMMAND...: until it succeeds
wait_for()
{
    local until=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ $SECONDS -lt $until ] || fail "waited in vain for: $*"
        sleep 0.1
    done
}

# commands: the names of the subcommands, as the program lists them
commands()
{
    sluice --help | sed -n 's/^  \([a-z]*\)  *.*/\1/p'
}

# value FILE PATH: of the JSON object on the last line
value()
{
    tail -n 1 "$1" | jq -r "$2"
}

# fleet SIMS RECORDS SEED: a generated fleet in $T/fleet
fleet()
{
    sluice gen --sims "$1" --records "$2" --seed "$3" --out "$T/fleet" >"$T/gen.out" 2>&1 ||
        fail "sluice gen failed: $(tail -n 5 "$T/gen.out")"
}

# run_fleet: its result in $T/run.json, what it said in $T/run.log
run_fleet()
{
    sluice run -c "$T/fleet/sluice.yaml" --json >"$T/run.json" 2>"$T/run.log" </dev/null ||
        fail "sluice run ended with $?: $(tail -n 5 "$T/run.log")"
}

# configure KEY REST: replace a top-level line of the fleet's configuration
configure()
{
    sed -i "/^$1:/d" "$T/fleet/sluice.yaml"
    printf '%s: %s\n' "$1" "$2" >>"$T/fleet/sluice.yaml"
}

# clean_fleet: what came out is what the truth says, to the record
clean_fleet()
{
    sluice gen --check "$T/fleet" >"$T/check.out" 2>"$T/check.log" ||
        fail "gen --check found differences:
$(head -n 20 "$T/check.out" "$T/check.log")"
    [ "$(wc -l <"$T/check.out")" -gt 0 ] || fail "gen --check looked at no stream"
}

# clean_streams: the same for purposes, park and suspended, where the test changed files or lines, by which
# the truth knows what is in quarantine
clean_streams()
{
    sluice gen --check "$T/fleet" >"$T/check.out" 2>"$T/check.log" || [ $? -eq 1 ] ||
        fail "gen --check ended with $?: $(tail -n 5 "$T/check.log")"
    jq -es 'length > 5 and all(.[]; .stream == "quarantine" or .lost + .doubled + .invented + .wrong == 0)' \
        "$T/check.out" >/dev/null || fail "gen --check found differences:
$(head -n 20 "$T/check.out" "$T/check.log")"
}
