#!/usr/bin/env bash
# keys init makes what is missing, private from the start, and replaces nothing.
. "$(dirname "$0")/lib.sh"

cp -rL "$root/deploy/samples" "$T/s"
rm -rf "$T/s/keys" "$T/s/state"
(umask 0 && expect 0 sluice keys init -c "$T/s/sluice.yaml")
for file in keys/operator.key state/keyring; do
    equal "mode of $file" "$(stat -c %a "$T/s/$file")" 600
done
equal "mode of state" "$(stat -c %a "$T/s/state")" 700

before=$(cat "$T/s/keys/"* "$T/s/state/keyring" | sha256sum)
expect 73 sluice keys init -c "$T/s/sluice.yaml"
equal "what was there" "$(cat "$T/s/keys/"* "$T/s/state/keyring" | sha256sum)" "$before"

expect 0 sluice keys status -c "$T/s/sluice.yaml" --json
equal "root generation" "$(value "$T/stdout" .root_generation)" 1
key=$(cut -c1-16 "$T/s/keys/operator.key")
if grep -qF "$key" "$T/stdout" "$T/stderr"; then fail "a key was printed"; fi

# An operator's public key from elsewhere is used as it is.
mv "$T/s/keys/operator.key" "$T/elsewhere"
rm -r "$T/s/state"
expect 0 sluice keys init -c "$T/s/sluice.yaml"
[ ! -e "$T/s/keys/operator.key" ] || fail "a secret key was made beside a public one"

chmod 640 "$T/s/state/keyring"
expect 77 sluice keys status -c "$T/s/sluice.yaml"
chmod 600 "$T/s/state/keyring"
printf '\377' | dd of="$T/s/state/keyring" bs=1 seek=100 conv=notrunc 2>/dev/null
expect 65 sluice keys status -c "$T/s/sluice.yaml"

# A keyring that is gone is not replaced by one that opens nothing of the state.
rm "$T/s/state/keyring"
mkdir -p "$T/s/state/vault"
: >"$T/s/state/vault/data.mdb"
expect 73 sluice keys init -c "$T/s/sluice.yaml"
says "$T/stderr" "restore"
[ ! -e "$T/s/state/keyring" ] || fail "a new keyring was made over the state of another"
