# shellcheck shell=bash disable=SC2154  # root, logs and results are tests/run's
# One test of each part. Each runs in a process of its own, started by
# 'tests/run --one PART PRESET NAME'.

# Seconds: of one fuzz target, and after how many a test of a part is given up.
if [ "${SLUICE_LONG-}" = 1 ]; then
    fuzz_seconds=${SLUICE_FUZZ_SECONDS-1200}
    give_up_attack=14400 give_up_crash=14400 give_up_soak=172800
else
    fuzz_seconds=${SLUICE_FUZZ_SECONDS-60}
    give_up_attack=900 give_up_crash=900 give_up_soak=1800
fi

finish()   # LABEL PASSED FAILED SKIPPED LOG: say it and write it down
{
    local word=ok text="$2 passed"
    [ "$4" -eq 0 ] || { word=skip; text=$(tail -n 1 "$5"); }
    [ "$3" -eq 0 ] || { word=FAIL; text="$2 passed, $3 failed; the end of $5:
$(tail -n 30 "$5" | sed 's/^/    | /')"; }
    echo "$2 $3 $4" >"$results/$(echo "$1" | tr '/ ' '--')"
    printf '%-5s %-52s %s\n' "$word" "$1" "$text"
}

one_unit()   # PRESET NAME
{
    local log=$logs/unit-$1-$2.log code=0 passed failed
    (cd tests && timeout 600 "$root/build/$1/tests/test_$2") >"$log" 2>&1 || code=$?
    passed=$(grep -c '^\[       OK \]' "$log")
    failed=$(grep -c '^\[  FAILED  \] [a-z_A-Z0-9]*$' "$log")
    # cmocka names failures twice: as they happen and in the closing list
    failed=$((failed / 2))
    if [ $code -ne 0 ] && [ "$failed" -eq 0 ]; then
        echo "ended with $code and without a count" >>"$log"
        failed=1
    fi
    finish "unit/$2 ($1)" "$passed" "$failed" 0 "$log"
}

one_e2e()   # PRESET NAME
{
    local log=$logs/e2e-$1-$2.log
    SLUICE=$root/build/$1/sluice SLUICE_PRESET=$1 timeout --kill-after=10 600 bash "tests/e2e/$2.sh" >"$log" 2>&1 </dev/null
    case $? in
    0) finish "e2e/$2 ($1)" 1 0 0 "$log" ;;
    77) finish "e2e/$2 ($1)" 0 0 1 "$log" ;;
    124 | 137)
        echo "took longer than 600 s" >>"$log"
        finish "e2e/$2 ($1)" 0 1 0 "$log"
        ;;
    *) finish "e2e/$2 ($1)" 0 1 0 "$log" ;;
    esac
}

one_attack()   # - ROW: its line of JSON is all there is on standard output
{
    local log=$logs/attack-$2.log file line
    file=$(find tests/attacks -name "row_$(printf %02d "$2")_*.py")
    line=$(SLUICE=$root/build/release/sluice timeout "$give_up_attack" python3 "$file" 2>"$log" </dev/null | tail -n 1)
    if [ "$(jq '.weak_variant_breaks == true and .sluice_holds == true' 2>/dev/null <<<"$line")" = true ]; then
        printf '%s\n' "$line"
        finish "attack/$2" 1 0 0 "$log" >&2
    else
        [ -n "$line" ] || line="{\"row\": $2, \"weak_variant_breaks\": null, \"sluice_holds\": null, \"detail\": \"no answer\"}"
        printf '%s\n' "$line"
        printf '%s\n' "$line" >>"$log"
        finish "attack/$2" 0 1 0 "$log" >&2
    fi
}

shown()   # LOG: keeps what a long test says and shows it as it comes
{
    tee "$1" >&2
}

one_crash()   # - NAME
{
    local log=$logs/crash-$2.log
    if SLUICE=$root/build/release/sluice timeout --kill-after=10 "$give_up_crash" python3 "tests/crash/$2.py" \
        2>&1 </dev/null | shown "$log"; then
        finish "crash/$2" 1 0 0 "$log"
    else
        finish "crash/$2" 0 1 0 "$log"
    fi
}

one_soak()   # - NAME
{
    local log=$logs/soak-$2.log options=()
    [ -z "${SLUICE_SOAK_RECORDS-}" ] || options+=(--records "$SLUICE_SOAK_RECORDS")
    [ -z "${SLUICE_TEST_SEED-}" ] || options+=(--seed "$SLUICE_TEST_SEED")
    [ -z "${SLUICE_TEST_JOBS-}" ] || options+=(--jobs "$SLUICE_TEST_JOBS")
    if SLUICE=$root/build/release/sluice timeout --kill-after=10 "$give_up_soak" tests/soak/run "${options[@]}" \
        2>&1 </dev/null | shown "$log"; then
        finish "soak/$2" 1 0 0 "$log"
    else
        finish "soak/$2" 0 1 0 "$log"
    fi
}

one_fuzz()   # - NAME
{
    local log=$logs/fuzz-$2.log found=build/fuzz-corpus/$2 words=()
    [ ! -f "tests/fuzz/$2.dict" ] || words=(-dict="tests/fuzz/$2.dict")
    mkdir -p "$found" "tests/fuzz/corpus/$2"
    if timeout $((fuzz_seconds + 120)) "build/fuzz/fuzz/fuzz_$2" -max_total_time="$fuzz_seconds" -timeout=10 \
        -rss_limit_mb=2048 "${words[@]}" -print_final_stats=1 -artifact_prefix="$logs/fuzz-$2-" "$found" "tests/fuzz/corpus/$2" \
        >"$log" 2>&1 </dev/null; then
        finish "fuzz/$2 ($(sed -n 's/^stat::number_of_executed_units: *//p' "$log") inputs)" 1 0 0 "$log"
    else
        finish "fuzz/$2" 0 1 0 "$log"
    fi
}
