#!/usr/bin/env bash
# Without a configuration, or with a bad one, `run` ends with 66 or 78 and a sentence that names the file.
. "$(dirname "$0")/lib.sh"

cd "$T"
expect 66 sluice run
says "$T/stderr" sluice.yaml
expect 66 sluice run -c "$T/none.yaml"
says "$T/stderr" none.yaml
[ ! -s "$T/stdout" ] || fail "standard output is not empty"
echo 'tenants: {' >"$T/broken.yaml"
expect 78 sluice run -c "$T/broken.yaml"
says "$T/stderr" "broken.yaml:"
echo 'tenants: { acme: { policies: [none.yaml] } }' >"$T/no-policy.yaml"
sluice run -c "$T/no-policy.yaml" >/dev/null 2>"$T/stderr" && fail "ran without a policy"
says "$T/stderr" no-policy
[ -z "$(find "$T" -name '*.pb*')" ] || fail "something was written all the same"

fleet 20 50 1
expect 0 sluice run -c "$T/fleet/sluice.yaml"
