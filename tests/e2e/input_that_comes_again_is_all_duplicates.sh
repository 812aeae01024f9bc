#!/usr/bin/env bash
# The same records under another file name are duplicates, each of them; streams stay as they are.
. "$(dirname "$0")/lib.sh"

fleet 500 5000 3
run_fleet
clean_streams
routed=$(value "$T/run.json" .routed)
duplicate=$(value "$T/run.json" .duplicate)

for file in "$T"/fleet/input/*; do
    cp "$file" "$T/fleet/input/again-$(basename "$file")"
done
run_fleet
equal routed "$(value "$T/run.json" .routed)" "$routed"
equal "duplicates more than routed before" "$(($(value "$T/run.json" .duplicate) - duplicate >= routed))" 1
equal balanced "$(value "$T/run.json" .balanced)" true
clean_streams
