# shellcheck shell=bash disable=SC2154  # root, logs and results are tests/run's
# What the tests run is built first, as far as they need it.

build()   # PRESET TARGET...: quiet when it works
{
    local preset=$1 log=$logs/build-$1.log
    shift
    say "building $preset (log: $log)"
    if ! cmake --preset "$preset" >"$log" 2>&1 ||
        ! cmake --build --preset "$preset" --target "$@" >>"$log" 2>&1; then
        tail -n 40 "$log" >&2
        say "building $preset failed; the lines above are the end of $log"
        echo "0 1 0" >"$results/build-$preset"
        return 1
    fi
}

build_part()   # PART NAME: what the part's tests run
{
    local preset name targets
    case $1 in
    unit)
        for preset in $unit_presets; do
            targets=all
            [ -n "$2" ] && targets=test_$2
            build "$preset" "$targets" || return 1
        done
        ;;
    e2e)
        for preset in $e2e_presets; do
            build "$preset" sluice scan || return 1
        done
        ;;
    attack) build release sluice scan guess ;;
    crash) build release sluice fault ;;
    soak) build release sluice ;;
    fuzz)
        targets=
        for name in ${2:-$(names fuzz)}; do
            targets="$targets fuzz_$name"
        done
        # shellcheck disable=SC2086  # a list of words
        [ -z "$targets" ] || build fuzz $targets
        ;;
    esac
}
