/* Each rule of the policy loader: one sound policy, one fault a case. */
#include "test.h"

#include "policy_fixture.h"

static char folder[64];

/* The place of the mark ^ in with is where the finding must stand. */
struct fault {
    const char *find;
    const char *with;
    const char *rule;
};

static const struct fault faults[] = {
    /* reading */
    { "tenant: acme", "^tennant: x\ntenant: acme", "unknown-key" },
    { "    epoch: month\n", "    ^epochs: month\n    epoch: month\n", "unknown-key" },
    { "reference: SCC-1", "^referrence: x, reference: SCC-1", "unknown-key" },
    { "tenant: acme\n", "", "key-missing" },
    { "contact: privacy@acme.example, ", "", "key-missing" },              /* B-AUD-7 */
    { "last_updated: 2026-01-01, ", "", "key-missing" },                   /* B-AUD-1 */
    { "origin_zone: EEA", "origin_zone: ^EU", "recipient-country" },
    { "    epoch: month\n", "", "key-missing" },
    { "    fields: { subject: pseudonym, service: keep }", "    ^fields: [subject]", "value-kind" },
    { "min_age: 13", "min_age: ^thirteen", "value-kind" },
    { "min_age: 13", "min_age: ^99", "value-range" },
    { "min_age: 13", "min_age: ^4294967309", "value-range" },
    { "min_age: 13", "^min_age: [13]", "value-kind" },
    { "period: 180d", "period: ^180", "value-kind" },
    { "period: 180d", "period: ^59s", "value-range" },
    { "period: 180d", "period: ^36526d", "value-range" },
    { "sample: no", "sample: ^maybe", "value-kind" },
    { "unknown_field: drop", "unknown_field: ^ignore", "value-kind" },
    { "published_at: 2026-01-01", "published_at: ^01.01.2026", "value-kind" },
    { "effective_at: 2026-02-01", "effective_at: ^2026-02-30", "value-kind" },
    { "services: [data, sms-mo", "services: [data, ^fax", "value-kind" },
    { "services: [data, sms-mo, sms-mt]", "^services: []", "value-range" },
    { "services: [data, sms-mo, sms-mt]", "services: [data, ^data]", "value-twice" },
    { "recipients: [host]", "recipients: [host, ^host]", "value-twice" },
    { "policy: 1", "policy: ^2", "format-version" },
    { "tenant: acme", "tenant: ^Acme", "name-shape" },
    { "tenant: acme", "tenant: ^sim901", "name-shape" },
    { "  billing:\n", "  ^Billing:\n", "name-shape" },
    { "  billing:\n", "  ^park:\n", "name-reserved" },
    { "recipients:\n", "recipients:\n  ^host_2025: { class: internal, country: DE }\n", "name-shape" },
    { "[health, national_id]", "[health, ^National]", "name-shape" },
    { "[SOR-01, SOR-04.1a]", "[SOR-01, ^SOR]", "commitment-shape" },
    { "[SOR-02e]", "[^sor-02e]", "commitment-shape" },

    /* versions */
    { "effective_at: 2026-02-01", "effective_at: ^2025-12-31", "version-order" },
    { "effective_at: 2026-02-01", "effective_at: ^2026-01-30", "notice-period" },        /* 29 days: B-NTF-1 */
    { "2026-01-01, effective_at: 2026-02-01, material: yes", "2026-01-01, effective_at: ^2026-01-01", "notice-period" },
    { "contract: individual, basis: contract", "contract: individual, basis: contract, confirmed: ^no", "unconfirmed" },
    { "      subject: pseudonym\n      iccid", "      confirmed: ^no\n      subject: pseudonym\n      iccid", "unconfirmed" },
    { "mechanism: scc,", "mechanism: scc, confirmed: ^no,", "unconfirmed" },
    { "  billing:\n", "  billing:\n    confirmed: ^no\n", "unconfirmed" },

    /* purposes: B-LAW-1, B-LAW-3, B-RET-3 */
    { "purpose: dpv:PaymentManagement", "purpose: ^dpv:Snooping", "purpose-unknown" },
    { "purpose: dpv:PaymentManagement", "purpose: ^biling", "purpose-unknown" },
    { "  operations:\n    purpose: operations\n    basis: legitimate-interests\n", "  ^operations:\n    purpose: operations\n", "basis-missing" },
    { "    basis: consent\n", "    ^basis: []\n", "basis-missing" },
    { "    basis: consent\n", "    basis: ^because\n", "basis-unknown" },
    { "{ contract: individual, basis: contract }", "{ contract: individual, region: ^XX, basis: contract }", "basis-region" },
    { "{ contract: individual, basis: contract }", "{ contract: individual, region: [US, ^US-CALI], basis: contract }", "basis-region" },
    { "{ contract: individual, basis: contract }", "{ contract: individual, region: US, region_not: ^DE, basis: contract }", "basis-region" },
    { "    assessment: { reference: LIA-1, date: 2026-01-15, expires: 2028-01-15 }\n", "", "assessment-missing" },
    { "date: 2026-01-15, expires: 2028-01-15", "expires: 2028-01-15", "key-missing" },
    { "    assessment: { reference: LIA-1, date: 2026-01-15, expires: 2028-01-15 }\n",
      "    ^assessment: { reference: LIA-1, date: 2026-01-15, expires: 2026-11-01 }\n", "assessment-ended" },
    { "    retention: { period: 60d, anchor: event, criterion: purpose, justification: recent use }\n", "", "retention-missing" },
    { "    retention: { period: 60d, anchor: event,", "    ^retention: { period: 60d,", "anchor-missing" },
    { "period: 60d, anchor: event", "period: 60d, anchor: ^never", "value-kind" },
    { "    retention: { period: 60d, anchor: event, criterion: purpose,", "    ^retention: { period: 60d, anchor: event,", "criterion-missing" },
    { "criterion: purpose", "criterion: ^convenience", "criterion-missing" },
    { "    retention: { period: 60d, anchor: event, criterion: purpose, justification: recent use }",
      "    ^retention: { period: 60d, anchor: event, criterion: purpose }", "justification-missing" },
    { "justification: recent use", "justification: ^\"\"", "justification-missing" },
    { "justification: recent use",
      "^justification: { amount: a, nature: b, sensitivity: c, risk: d, purpose: e, alternatives: f }", "justification-missing" },
    { "bucket: 2h", "bucket: ^8d", "bucket-range" },
    { "bucket: 2h", "bucket: ^59s", "bucket-range" },
    { "epoch: 7d", "epoch: ^59m", "epoch-range" },
    { "epoch: 7d", "epoch: ^weekly", "value-kind" },
    { "objection: always", "objection: ^by-basis", "objection-marketing" },
    { "objection: always", "^objection: { ground: CG-2 }", "objection-marketing" },
    { "objection: { ground: CG-1 }", "^objection: { ground: \"\" }", "objection-ground" },
    { "minimum_group: 20", "minimum_group: ^14", "group-small" },

    /* fields: B-MIN-1 */
    { "      start: keep\n", "      ^stert: keep\n", "field-unknown" },
    { "required: [account]", "required: [^acount]", "field-unknown" },
    { "      start: keep\n", "      start: ^hash\n", "transform-unknown" },
    { "      start: keep\n", "      start: ^pseudonym\n", "form-missing" },
    { "      start: keep\n", "      ^start: { keep: 1, drop: 2 }\n", "value-kind" },
    { "end: { coarsen: 15m }", "end: ^coarsen", "parameter-missing" },
    { "      start: keep\n", "      start: { keep: ^1 }\n", "parameter-unwanted" },
    { "end: { coarsen: 15m }", "end: { coarsen: ^32d }", "parameter-range" },
    { "ue_address: { truncate: 24 }", "ue_address: { truncate: ^32 }", "parameter-range" },
    { "ue_address: { truncate: 24 }", "ue_address: { truncate: ^0 }", "parameter-range" },
    { "end: { coarsen: 15m }", "end: { coarsen: ^15 }", "value-kind" },
    { "      account: tag\n", "      account: tag\n      imsi: ^keep\n", "identifier-kept" },
    { "      account: tag\n", "      account: ^keep\n", "identifier-kept" },
    { "      account: tag\n", "      account: tag\n      destination: ^keep\n", "identifier-kept" },
    { "    fields:\n      subject: pseudonym\n      iccid", "    ^fields:\n      imsi: token\n      subject: pseudonym\n      iccid", "form-twice" },
    { "      account: tag\n", "      account: tag\n      ^health: keep\n", "prohibited-mapped" },    /* B-ING-5 */
    { "[health, national_id]", "[health, iccid]", "prohibited-mapped" },
    { "[health, national_id]", "[health, network_address]", "prohibited-mapped" },
    { "    fields: { subject: pseudonym, service: keep }", "    ^fields: { subject: pseudonym, iccid: token }", "token-purpose" },
    { "    basis: legitimate-interests\n    assessment: { reference: LIA-3, date: 2026-01-15 }\n    input: anonymous\n"
      "    internal_only: yes\n    minimum_group: 20\n",
      "    basis: consent\n    epoch: record\n    ^fields: { start: keep }\n"
      "    retention: { period: 7d, anchor: event, criterion: purpose, justification: j }\n", "join-analytics" },

    /* recipients: B-XFR-1 to B-XFR-4, B-SEC-5, B-PUR-6, B-XFR-9 */
    { "recipients: [host]", "recipients: [^hosts]", "recipient-unknown" },
    { "class: processor", "class: ^friend", "recipient-class" },
    { "country: DE", "country: ^Germany", "recipient-country" },
    { "country: DE", "country: ^DX", "recipient-country" },
    { "  host: { class: processor, country: DE, instructions: I-1,", "  ^host: { class: processor, country: DE,", "recipient-instructions" },
    { "  host: { class: processor, country: DE, instructions: I-1, confidentiality: C-1 }",
      "  ^host: { class: processor, country: DE, instructions: I-1 }", "recipient-confidentiality" },
    { "  importer:\n    class: affiliate\n    country: JP\n    safeguard: { mechanism: scc, reference: SCC-1, expires: 2027-12-31 }\n",
      "  ^importer:\n    class: affiliate\n    country: JP\n", "safeguard-missing" },
    { "  host: { class: processor, country: DE", "  ^host: { class: processor, country: GB", "safeguard-missing" },
    { "mechanism: scc", "mechanism: ^promise", "safeguard-mechanism" },
    { "mechanism: scc", "^mechanism: [scc, dpf]", "safeguard-order" },
    { "    safeguard: {", "    ^safeguard: { mechanism_any: [{ mechanism: dpf, reference: D, expires: 2028-01-01 }],", "safeguard-order" },
    { "    safeguard: { mechanism: scc, reference: SCC-1, expires: 2027-12-31 }",
      "    ^safeguard: [{ mechanism: scc, reference: SCC-1, expires: 2027-12-31 }]", "safeguard-order" },
    { "    safeguard: { mechanism: scc, reference: SCC-1,", "    ^safeguard: { mechanism: scc,", "safeguard-reference" },
    { "    safeguard: { mechanism: scc, reference: SCC-1, expires: 2027-12-31 }",
      "    ^safeguard: { mechanism: scc, reference: SCC-1 }", "safeguard-reference" },
    { "    safeguard: { mechanism: scc, reference: SCC-1, expires: 2027-12-31 }",
      "    safeguard: { mechanism_any: [{ mechanism: scc, reference: S, expires: 2026-10-01 }, ^{ mechanism: dpf, expires: 2026-10-01 }] }",
      "safeguard-reference" },
    { "    safeguard: { mechanism: scc", "    ^safeguard: { mechanism: uk-contract", "safeguard-assessment" },
    { "    safeguard: { mechanism: scc, reference: SCC-1, expires: 2027-12-31 }",
      "    ^safeguard: { mechanism: scc, reference: SCC-1, expires: 2026-11-01 }", "safeguard-ended" },
    { "    internal_only: yes\n", "    internal_only: yes\n    recipients: ^host\n", "internal-only" },
    { "    objection: always\n", "    objection: always\n    recipients: ^broker\n", "third-party-consent" },

    /* ePrivacy */
    { "eprivacy: on", "eprivacy: ^off", "eprivacy-reason" },
    { "    basis: consent\n", "    ^basis: [{ contract: individual, basis: consent }, { contract: [business, none], basis: contract }]\n", "eprivacy-consent" },
    { "  analytics:\n    purpose: analytics\n    basis: legitimate-interests\n    assessment: { reference: LIA-3, date: 2026-01-15 }\n    input: anonymous\n",
      "  ^analytics:\n    purpose: analytics\n    basis: legitimate-interests\n    assessment: { reference: LIA-3, date: 2026-01-15 }\n"
      "    epoch: record\n    fields: { service: keep }\n    retention: { period: 7d, anchor: event, criterion: purpose, justification: j }\n",
      "eprivacy-purpose" },
    { "    fields: { subject: pseudonym, start: { coarsen: 1h }", "    ^fields: { subject: pseudonym, cell_id: keep", "eprivacy-location" },
    { "    fields: { subject: pseudonym, start: { coarsen: 1h }", "    ^fields: { subject: pseudonym, tac: keep", "eprivacy-location" },
    { "    fields: { subject: pseudonym, start: { coarsen: 1h }", "    ^fields: { subject: pseudonym, lac: keep", "eprivacy-location" },
    { "    basis: consent\n", "    ^basis: [{ contract: individual, basis: consent }, { basis: contract }]\n    input: anonymous\n", "eprivacy-consent" },
    { "    retention: { period: 180d", "    ^retention: { period: 398d", "eprivacy-billing" },
    { "    retention: { period: 7d,", "    ^retention: { period: 31d,", "eprivacy-window" },
};

/* A third party that markets for itself, where the law would allow it but for its consent. */
static char *with_broker(char *text)
{
    static const struct { const char *find, *with; } changes[] = {
        { "recipients:\n", "recipients:\n  broker: { class: third-party, country: DE }\n" },
        { "    basis: consent\n", "    basis: [{ contract: individual, basis: consent }, { basis: contract }]\n" },
        { "eprivacy: on", "eprivacy: { off: \"not a network\" }" },
    };

    for (size_t i = 0; i < 3; i++) {
        char *more = changed(text, changes[i].find, changes[i].with);

        free(text);
        text = more;
    }
    return text;
}

static char *faulty(const struct fault *fault, unsigned *line, unsigned *column)
{
    char *text = changed(SOUND_POLICY, fault->find, fault->with);
    char *mark;

    if (strstr(fault->with, "broker"))
        text = with_broker(text);
    mark = strchr(text, '^');
    *line = 0;
    *column = 0;
    if (!mark)
        return text;
    *line = *column = 1;
    for (const char *c = text; c < mark; c++) {
        *line += *c == '\n';
        *column = *c == '\n' ? 1 : *column + 1;
    }
    memmove(mark, mark + 1, strlen(mark));
    return text;
}

static void each_fault_is_refused_by_its_rule_at_its_place(void **state)
{
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        unsigned line, column;
        char *text = faulty(&faults[i], &line, &column);
        struct loaded loaded = load_text(folder, "policy.yaml", text);
        const struct sluice_finding *error = NULL;

        for (size_t f = 0; f < loaded.findings.count && !error; f++)
            if (loaded.findings.list[f].level == SLUICE_FINDING_ERROR)
                error = &loaded.findings.list[f];
        const bool right = loaded.err == SLUICE_ERR_POLICY && !loaded.policy && error && loaded.findings.errors == 1 &&
                           strcmp(error->rule, faults[i].rule) == 0 &&
                           (!line || (error->line == line && error->column == column));
        if (!right) {
            print_error("case %zu, %s, wanted at %u:%u, after %s\n", i, faults[i].rule, line, column, faults[i].with);
            print_findings(&loaded.findings);
        }
        assert_true(right);
        assert_non_null(strstr(error->file, "policy.yaml"));
        unload(&loaded);
        free(text);
    }
}

/* The bystander: what the faults are put into loads, without a word. */
static void the_sound_policy_has_no_fault(void **state)
{
    struct loaded loaded = load_text(folder, "policy.yaml", SOUND_POLICY);

    if (loaded.err || loaded.findings.count)
        print_findings(&loaded.findings);
    assert_int_equal(loaded.err, SLUICE_OK);
    assert_int_equal(loaded.findings.count, 0);
    unload(&loaded);
}

static void each_warning_and_note_is_given_and_the_policy_loads(void **state)
{
    static const struct fault cases[] = {
        { "    epoch: month\n    fields: { subject", "    epoch: ^61d\n    fields: { subject", "epoch-long" },
        { "{ contract: [business, none], basis: legit", "{ basis: consent }\n      - ^{ contract: [business, none], basis: legit", "basis-unreachable" },
        { "      - { contract: [business, none], basis", "      - { contract: business, basis", "basis-gap" },
        { "retention: { period: 180d", "^retention: { period: 185d", "eprivacy-billing-long" },
        { "fields: { subject: pseudonym, start: { coarsen: 1h }", "^fields: { subject: pseudonym, start: keep", "join" },
        { "fields: { subject: pseudonym, start: { coarsen: 1h }", "^fields: { subject: pseudonym, end: { coarsen: 14m }", "join" },
        { "uplink_octets: bucket", "downlink_octets: keep", "join" },
        { "safeguard: { mechanism: scc, reference: SCC-1, expires: 2027-12-31 }",
          "^safeguard: { mechanism: scc, reference: SCC-1, expires: 2026-11-30 }", "safeguard-ending" },
        { ", material: yes", "", "default-applied" },
        { "eprivacy: on\n", "", "default-applied" },
        { "    objection: always\n", "", "default-applied" },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        unsigned line, column;
        char *text = faulty(&cases[i], &line, &column);
        struct loaded loaded = load_text(folder, "policy.yaml", text);
        const bool right = !loaded.err && loaded.findings.count == 1 &&
                           strcmp(loaded.findings.list[0].rule, cases[i].rule) == 0 &&
                           loaded.findings.list[0].level != SLUICE_FINDING_ERROR &&
                           (!line || (loaded.findings.list[0].line == line && loaded.findings.list[0].column == column));

        if (!right) {
            print_error("case %zu, %s\n", i, cases[i].rule);
            print_findings(&loaded.findings);
        }
        assert_true(right);
        unload(&loaded);
        free(text);
    }
}

/* Whatever the order in which rules look. */
static void findings_come_in_the_order_of_the_file(void **state)
{
    char *one = changed(SOUND_POLICY, "effective_at: 2026-02-01", "effective_at: 2025-12-31");
    char *text = changed(one, "      start: keep\n", "      start: hash\n");
    struct loaded loaded = load_text(folder, "policy.yaml", text);

    assert_int_equal(loaded.findings.count, 2);
    assert_string_equal(loaded.findings.list[0].rule, "version-order");
    assert_string_equal(loaded.findings.list[1].rule, "transform-unknown");
    unload(&loaded);
    free(text);
    free(one);
}

/* Each pair is named once, and only where both keep the same thing exact. */
static void every_pair_that_can_be_joined_is_named(void **state)
{
    char *one = changed(SOUND_POLICY, "start: { coarsen: 1h }, uplink_octets: bucket", "start: { coarsen: 1s }, uplink_octets: keep");
    char *text = changed(one, "    fields: { subject: pseudonym, service: keep }", "    fields: { subject: pseudonym, downlink_octets: keep }");
    struct loaded loaded = load_text(folder, "policy.yaml", text);

    assert_int_equal(loaded.err, SLUICE_OK);
    assert_int_equal(loaded.findings.count, 3);
    assert_non_null(strstr(loaded.findings.list[0].text, "billing and operations can be joined by exact time, octets:"));
    assert_non_null(strstr(loaded.findings.list[1].text, "billing and marketing can be joined by exact octets:"));
    assert_non_null(strstr(loaded.findings.list[2].text, "operations and marketing can be joined by exact octets:"));
    unload(&loaded);
    free(text);
    free(one);
}

/* What a purpose keeps, and by what its rows and billing's can then be joined; NULL: by nothing. */
static void what_tells_rows_apart_together_is_named(void **state)
{
    static const struct {
        const char *fields, *epoch, *bucket, *rule, *by;
    } cases[] = {
        { "{ start: { coarsen: 1h }, uplink_octets: bucket }", "7d", "2h", NULL, NULL },
        /* billing has octets and times: 4 + 5 bits, and with the prefix of an address 19 */
        { "{ start: { coarsen: 1h }, uplink_octets: bucket, ue_address: { truncate: 8 } }", "7d", "2h", "join", "what their coarse fields tell" },
        /* the deadline of a row is a time too */
        { "{ uplink_octets: bucket }", "7d", "14m", "join", "exact time" },
        { "{ uplink_octets: bucket }", "7d", "15m", NULL, NULL },
        { "{ subject: pseudonym, uplink_octets: bucket }", "7d", "2h", "join-trace", "the times of one pseudonym's rows" },
        { "{ device: pseudonym, start: { coarsen: 1d } }", "7d", "1d", "join-trace", "the times of one pseudonym's rows" },
        { "{ subject: pseudonym, uplink_octets: bucket }", "record", "2h", NULL, NULL },
        { "{ account: tag, start: { coarsen: 1d } }", "record", "1d", "join-trace", "the times of one pseudonym's rows" },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (int analytics = 0; analytics < 2; analytics++) {
            char purpose[512];
            snprintf(purpose, sizeof purpose, "    purpose: %s\n    basis: consent\n    epoch: %s\n    fields: %s\n"
                     "    retention: { period: 7d, anchor: event, criterion: operations, justification: faults }\n"
                     "    bucket: %s\n", analytics ? "statistics" : "operations", cases[i].epoch, cases[i].fields, cases[i].bucket);
            char *text = changed(SOUND_HEAD "purposes:\n" SOUND_BILLING "  another:\n...", "...", purpose);
            struct loaded loaded = load_text_and_traces(folder, "policy.yaml", text);
            const struct sluice_finding *found = loaded.findings.count ? &loaded.findings.list[0] : NULL;

            if (loaded.findings.count != (cases[i].rule ? 1 : 0)) {
                print_error("case %zu\n", i);
                print_findings(&loaded.findings);
            }
            assert_int_equal(loaded.findings.count, cases[i].rule ? 1 : 0);
            if (found) {
                assert_string_equal(found->rule, analytics ? "join-analytics" : cases[i].rule);
                assert_non_null(strstr(found->text, cases[i].by));
                assert_true((found->level == SLUICE_FINDING_ERROR) == analytics);
            }
            unload(&loaded);
            free(text);
        }
}

static void no_purpose_is_refused(void **state)
{
    struct loaded loaded = load_text(folder, "policy.yaml", SOUND_HEAD "purposes: {}\n");

    assert_int_equal(loaded.err, SLUICE_ERR_POLICY);
    assert_string_equal(loaded.findings.list[0].rule, "limit");
    unload(&loaded);
}

static void the_seventeenth_purpose_is_refused(void **state)
{
    for (unsigned purposes = SLUICE_PURPOSES_MAX; purposes <= SLUICE_PURPOSES_MAX + 1; purposes++) {
        char text[16384];
        size_t len = (size_t)snprintf(text, sizeof text, "%spurposes:\n", SOUND_HEAD);

        for (unsigned i = 0; i < purposes; i++)
            len += (size_t)snprintf(text + len, sizeof text - len,
                                    "  p%u: { purpose: statistics, basis: consent, input: anonymous }\n", i);
        struct loaded loaded = load_text(folder, "policy.yaml", text);
        if (purposes == SLUICE_PURPOSES_MAX) {
            assert_int_equal(loaded.err, SLUICE_OK);
            assert_int_equal(loaded.policy->purpose_count, SLUICE_PURPOSES_MAX);
        } else {
            assert_int_equal(loaded.err, SLUICE_ERR_POLICY);
            assert_string_equal(loaded.findings.list[0].rule, "limit");
        }
        unload(&loaded);
    }
}

/* What somebody wrote in the wrong place could be an identifier. */
static void findings_quote_nothing_of_the_file(void **state)
{
    static const struct fault cases[] = {
        { "tenant: acme", "tenant: secret", NULL },
        { "      start: keep", "      secretly: keep", NULL },
        { "purpose: dpv:PaymentManagement", "purpose: secretive", NULL },
        { "epoch: 7d", "epoch: secret", NULL },
        { "recipients: [host]", "recipients: [secret]", NULL },
        { "mechanism: scc", "mechanism: secret", NULL },
        { "min_age: 13", "secret: 13", NULL },
        { "country: DE", "country: secret", NULL },
        { "basis: consent", "basis: secret", NULL },
        { "services: [data", "services: [secret", NULL },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *text = changed(SOUND_POLICY, cases[i].find, cases[i].with);
        struct loaded loaded = load_text(folder, "policy.yaml", text);

        for (size_t f = 0; f < loaded.findings.count; f++)
            assert_null(strstr(loaded.findings.list[f].text, "secret"));
        unload(&loaded);
        free(text);
    }
}

static void every_finding_has_a_listed_rule(void **state)
{
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        size_t rule = 0;

        while (rule < sluice_policy_rule_count && strcmp(sluice_policy_rules[rule].word, faults[i].rule) != 0)
            rule++;
        assert_true(rule < sluice_policy_rule_count);
        assert_int_equal(sluice_policy_rules[rule].level, SLUICE_FINDING_ERROR);
    }
    for (size_t i = 0; i < sluice_policy_rule_count; i++)
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(sluice_policy_rules[i].word, sluice_policy_rules[j].word);
}

/* A flood of faults is cut, and still refuses. */
static void a_thousand_faults_end_in_one_note(void **state)
{
    char *text = malloc(64 * 1024);
    size_t len = (size_t)snprintf(text, 64 * 1024, "%s", SOUND_POLICY);

    for (unsigned i = 0; i < 1000; i++)
        len += (size_t)snprintf(text + len, 64 * 1024 - len, "wrong-%c%c%c: 1\n", 'a' + (int)(i % 26), 'a' + (int)(i / 26 % 26), 'a' + (int)(i / 676));
    struct loaded loaded = load_text(folder, "policy.yaml", text);

    assert_int_equal(loaded.err, SLUICE_ERR_POLICY);
    assert_int_equal(loaded.findings.errors, 1000);
    assert_true(loaded.findings.count <= 200);
    unload(&loaded);
    free(text);
}

static int make_folder(void **state)
{
    scratch_make(folder);
    return 0;
}

static int remove_folder(void **state)
{
    scratch_remove(folder);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_sound_policy_has_no_fault),
        cmocka_unit_test(each_fault_is_refused_by_its_rule_at_its_place),
        cmocka_unit_test(each_warning_and_note_is_given_and_the_policy_loads),
        cmocka_unit_test(findings_come_in_the_order_of_the_file),
        cmocka_unit_test(every_pair_that_can_be_joined_is_named),
          cmocka_unit_test(what_tells_rows_apart_together_is_named),
        cmocka_unit_test(no_purpose_is_refused),
        cmocka_unit_test(the_seventeenth_purpose_is_refused),
        cmocka_unit_test(findings_quote_nothing_of_the_file),
        cmocka_unit_test(every_finding_has_a_listed_rule),
        cmocka_unit_test(a_thousand_faults_end_in_one_note),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
