#!/usr/bin/env bash
# Two versions with an instant between them: a record that was collected before it and comes out of quarantine after it
# gets what both allow, field by field; one that is only late is judged as what arrives then. explain tells the same.
. "$(dirname "$0")/lib.sh"

cp -rL "$root/deploy/samples/." "$T/s"
cd "$T/s/one"
record=$T/record.json
mv input/record.json "$record"
sed -i '/^clock:/d; /^  connectivity:/d; s/"10001": connectivity, //; s#\[../policies/esim.yaml\]#[v1.yaml, v2.yaml]#' sluice.yaml
key=keys/operator.key

# policy VERSION EFFECTIVE: what both begin with
policy()
{
    cat <<END
policy: 1
tenant: esim
version: { id: $1, published_at: 2026-01-01, last_updated: 2026-01-01, effective_at: $2, material: no }
controller: { name: Example, contact: privacy@example.com, role: controller, origin_zone: EEA }
eprivacy: { off: a test }
recipients:
  bank: { name: Bank, class: internal, country: DE }
  desk: { name: Desk, class: internal, country: DE }
  shop: { name: Shop, class: internal, country: DE }
purposes:
END
}
# purpose NAME TERM BASIS PERIOD RECIPIENTS FIELDS
purpose()
{
    printf '  %s:\n    purpose: %s\n    basis: %s\n    epoch: month\n    fields: { %s }\n' "$1" "$2" "$3" "$6"
    printf '    retention: { period: %s, anchor: event, criterion: purpose, justification: a test }\n' "$4"
    printf '    recipients: [%s]\n' "$5"
    if [ "$3" = consent ]; then echo '    objection: always'; fi
}
subject='subject: pseudonym, service: keep'
{
    policy v1 2026-01-01
    purpose billing billing contract 60d "bank, desk" "$subject, start: keep, end: { coarsen: 15m }, \
        uplink_octets: keep, downlink_octets: keep, serving_plmn: keep, ue_address: { truncate: 24 }, charge: keep"
    purpose fraud fraud contract 30d bank "$subject, imei: truncate"
    purpose support support contract 20d desk "$subject, start: keep"
    purpose marketing direct-marketing consent 60d shop "$subject, start: keep"
} >v1.yaml
{
    policy v2 2026-11-01
    purpose billing billing contract 30d "desk, shop" "$subject, start: { coarsen: 1h }, end: keep, \
        uplink_octets: bucket, serving_plmn: keep, ue_address: pseudonym, session_id: tag, imei: truncate"
    purpose operations operations contract 7d bank "$subject"
    purpose support support contract 60d desk "$subject, start: keep, serving_plmn: keep"
    purpose marketing direct-marketing consent 60d shop "$subject, start: keep"
} >v2.yaml

# arrives NAME ID ORGANISATION START
arrives()
{
    jq --argjson id "$2" --argjson org "$3" --arg start "$4" \
        '.id = $id | .organisation.id = $org | .start_timestamp = $start | .session_id = "s-\($id)"
         | .end_timestamp = ($start[:14] + "43:00Z")' "$record" >"$T/$1" && mv "$T/$1" "input/$1"
}
at() { sed -i '/^clock:/d' sluice.yaml && echo "clock: $1" >>sluice.yaml; }
rows() { sluice cat -c sluice.yaml "esim/$1" 2>/dev/null || true; }
keys_of() { jq -cS 'del(.purpose, .basis, .policy_version, .tenant, .expires_at, .ref) | keys'; }

sluice keys init -c sluice.yaml >"$T/keys" 2>&1
at 2026-10-31T00:00:00Z
arrives before.json 1 20001 2026-10-30T08:00:00Z
arrives nobodys.json 2 20009 2026-10-30T09:00:00Z
expect 0 sluice run -c sluice.yaml --json
equal "in quarantine" "$(value "$T/stdout" .quarantined)" 1
for name in billing fraud support marketing; do equal "rows of $name before" "$(rows $name | wc -l)" 1; done
equal "operations before" "$(rows operations | wc -l)" 0

# The instant passes; one record is late, one is not; consent is withdrawn; the one in quarantine is somebody's.
at 2026-11-02T00:00:00Z
arrives late.json 3 20001 2026-10-30T10:00:00Z
arrives after.json 4 20001 2026-11-01T12:00:00Z
sed -i 's/"20001": esim/"20001": esim, "20009": esim/' sluice.yaml
iccid=$(jq -r .sim.iccid "$record")
{
    sed '$d' ../registry.ndjson
    echo "{\"tenant\":\"esim\",\"iccid\":\"$iccid\",\"action\":\"withdraw\",\"purpose\":\"marketing\",\"at\":\"2026-11-01T18:00:00Z\"}"
    echo '{"end":true,"lines":8}'
} >"$T/registry" && cp "$T/registry" ../registry.ndjson
expect 0 sluice run -c sluice.yaml --json
equal "routed" "$(value "$T/stdout" .routed)" 3
expect 0 sluice quarantine replay -c sluice.yaml --key $key --json
equal "replayed" "$(value "$T/stdout" .replayed)" 1
expect 0 sluice run -c sluice.yaml --json
cp "$T/stdout" "$T/account"
equal "balanced" "$(value "$T/account" .balanced)" true

# Whose hour tells the records apart: 8 before, 9 replayed, 10 late, 12 after.
of() { rows "$1" | jq -cS --arg hour "T$2" 'select((.start // .start_coarse) | contains($hour))'; }
v1=$(sluice policy explain --json v1.yaml | jq -r .version)
v2=$(sluice policy explain --json v2.yaml | jq -r .version)

# --- fields: closed stays closed, opened does not open, the stricter form, nothing where neither is stricter
old='["charge_scale","charge_units","currency","downlink_octets","end_coarse","service","serving_plmn","start",'
old+='"subject_pseudonym","ue_address_prefix","uplink_octets"]'
new='["end","imei_tac","service","serving_plmn","session_id_tag","start_coarse","subject_pseudonym",'
new+='"ue_address_pseudonym","uplink_octets_log2"]'
both='["end_coarse","service","serving_plmn","start_coarse","subject_pseudonym","uplink_octets_log2"]'
equal "billing of before" "$(of billing 08 | keys_of)" "$old"
equal "billing of the replayed" "$(of billing 09 | keys_of)" "$both"
equal "billing of the late" "$(of billing 10 | keys_of)" "$new"
equal "billing of after" "$(of billing 12 | keys_of)" "$new"
equal "the coarser start" "$(of billing 09 | jq -r .start_coarse)" 2026-10-30T09:00:00Z
equal "the coarser end" "$(of billing 09 | jq -r .end_coarse)" 2026-10-30T09:30:00Z
equal "support of the replayed" "$(of support 09 | keys_of)" '["service","start","subject_pseudonym"]'
equal "support of the late" "$(of support 10 | keys_of)" '["service","serving_plmn","start","subject_pseudonym"]'
equal "versions" "$(for h in 08 09 10 12; do of billing $h | jq -r .policy_version; done | tr '\n' ' ')" "$v1 $v1 $v2 $v2 "

# --- periods: the shorter, whichever version has it
equal "60 days then, 30 now" "$(of billing 09 | jq -r .expires_at)" 2026-11-29T00:00:00Z
equal "20 days then, 60 now" "$(of support 09 | jq -r .expires_at)" 2026-11-19T00:00:00Z
equal "late: 60 days" "$(of support 10 | jq -r .expires_at)" 2026-12-29T00:00:00Z

# --- purposes: closed since, and never into a new one; rights are those of today, for all of them
equal "fraud" "$(rows fraud | wc -l)" 1
equal "operations" "$(rows operations | wc -l)" 2
equal "marketing" "$(rows marketing | wc -l)" 1
account() { value "$T/account" ".tenants.esim.purposes.$1.dropped.$2"; }
equal "fraud, the replayed and the two after" "$(account fraud closed_since)" 3
equal "operations, the two of before" "$(account operations not_yet_declared)" 2
equal "marketing since the withdrawal" "$(account marketing no_consent)" 3

# --- what explain tells of such a record is what it got
then_holds() { sluice policy explain --json --at 2026-11-02T00:00:00Z --collected-at "$1" v2.yaml v1.yaml; }
then_holds 2026-10-31T00:00:00Z >"$T/old.json"
then_holds 2026-11-01T00:00:00Z >"$T/late.json"
holds() { jq -r --arg p "$2" --arg w "$3" '.[] | select(.purpose == $p and .what == $w) | .holds' "$1"; }
equal "explained fields" "$(jq -r '[.[] | select(.purpose == "billing" and .then != "drop" and .now != "drop"
    and (.what | IN("start", "end", "uplink_octets", "ue_address", "serving_plmn"))) | .holds] | join("|")' "$T/old.json")" \
    "drop|bucket|coarsen 1h|coarsen 15m|keep"
for field in downlink_octets charge session_id imei ue_address; do
    equal "$field of old records" "$(holds "$T/old.json" billing $field)" drop
done
equal "imei of late records" "$(holds "$T/late.json" billing imei)" truncate
equal "retention" "$(holds "$T/old.json" billing retention), $(holds "$T/old.json" support retention)" \
    "30d from event, 20d from event"
equal "fraud" "$(holds "$T/old.json" fraud purpose)" closed_since
equal "operations" "$(holds "$T/old.json" operations purpose)" not_yet_declared
equal "recipients" "$(holds "$T/old.json" billing recipient | tr '\n' ' ')" "- desk - "
# Every field of every purpose: held only where both versions project it, and in the form of one of them.
jq -e 'all(.[] | select(.then == "drop" or .now == "drop" or .then == "-" or .now == "-");
           .holds | IN("drop", "-", "closed_since", "not_yet_declared"))
       and all(.[] | select(.what | IN("retention", "basis", "recipient", "purpose") | not);
               .holds == .then or .holds == .now or .holds == "drop")' "$T/old.json" >/dev/null ||
    fail "something is held that one version closes: $(cat "$T/old.json")"
expect 0 sluice policy explain --collected-at 2026-10-31T00:00:00Z --at 2026-11-02T00:00:00Z v1.yaml v2.yaml
grep -qE '^billing +ue_address +truncate 24 +pseudonym +drop$' "$T/stdout" || fail "the table lacks the row of ue_address"
expect 64 sluice policy explain --collected-at yesterday v1.yaml
expect 78 sluice policy explain --collected-at 2026-10-31T00:00:00Z --at 2025-12-31T00:00:00Z v1.yaml
expect 78 sluice policy explain --collected-at 2026-10-31T00:00:00Z v1.yaml ../policies/connectivity.yaml
