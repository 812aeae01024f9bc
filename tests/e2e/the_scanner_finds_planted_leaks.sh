#!/usr/bin/env bash
# The scanner that the leak tests rely on finds every form of an identifier, and nothing in noise.
. "$(dirname "$0")/lib.sh"

seed=${SEED:-$RANDOM}
echo "seed $seed"
python3 "$root/tests/attacks/leak.py" prove "$(dirname "$SLUICE")/tests/scan" "$T" "$seed" >"$T/proof" ||
    fail "planted and not found: $(cat "$T/proof")"
[ "$(value "$T/proof" .planted)" -gt 100 ] || fail "too little was planted"
equal "found in noise" "$(value "$T/proof" .in_noise)" 0
