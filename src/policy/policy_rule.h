/* Every rule that `policy check` applies, once: its word, what a breach is and
 * what the rule asks for. The words stand in scripts: they never change. */
#ifndef POLICY_POLICY_RULE_H
#define POLICY_POLICY_RULE_H

#define NOTE    SLUICE_FINDING_NOTE
#define WARNING SLUICE_FINDING_WARNING
#define ERROR   SLUICE_FINDING_ERROR

/* name, level, word, text */
#define POLICY_RULE_MAP(X)                                                                                   \
    /* reading: the words of these are used in src/yaml too */                                               \
    X(FILE_UNREADABLE, ERROR, "file", "files can be read")                                                   \
    X(YAML_SYNTAX, ERROR, "yaml-syntax", "a file is YAML")                                                   \
    X(YAML_EMPTY, ERROR, "yaml-empty", "a file says something")                                              \
    X(YAML_DOCUMENTS, ERROR, "yaml-documents", "a file is one document")                                     \
    X(YAML_ANCHOR, ERROR, "yaml-anchor", "values are written out: no anchor, no alias")                      \
    X(YAML_TAG, ERROR, "yaml-tag", "no tags")                                                                \
    X(YAML_KEY, ERROR, "yaml-key", "keys are words")                                                         \
    X(YAML_DUPLICATE_KEY, ERROR, "yaml-duplicate-key", "a key, and so a purpose, is declared once")          \
    X(YAML_TEXT, ERROR, "yaml-text", "no control characters")                                                \
    X(YAML_NESTING, ERROR, "yaml-nesting", "at most 32 levels")                                              \
    X(YAML_SIZE, ERROR, "yaml-size", "at most 4 MiB and 65536 values a file")                                \
    X(UNKNOWN_KEY, ERROR, "unknown-key", "only known keys: a misspelt one must not fall back to a default")  \
    X(KEY_MISSING, ERROR, "key-missing", "what nobody may choose for you is said")                           \
    X(VALUE_KIND, ERROR, "value-kind", "a value has the kind that its key takes")                            \
    X(VALUE_RANGE, ERROR, "value-range", "a value is in its range")                                          \
    X(VALUE_TWICE, ERROR, "value-twice", "a list names a thing once")                                        \
    X(LIMIT, ERROR, "limit", "lists keep to their fixed limits")                                             \
    X(FORMAT_VERSION, ERROR, "format-version", "`policy: 1` or `overlay: 1` says how the file is written")   \
    X(NAME_SHAPE, ERROR, "name-shape", "a name leaves no room for an identifier")                            \
    X(NAME_RESERVED, ERROR, "name-reserved", "quarantine, park and suspended are streams of every tenant")   \
    X(COMMITMENT_SHAPE, ERROR, "commitment-shape", "the id of a promise is like SOR-02b")                    \
    /* versions and overlays */                                                                              \
    X(VERSION_ORDER, ERROR, "version-order", "a version takes effect at its publication or later")           \
    X(NOTICE_PERIOD, ERROR, "notice-period", "a material change waits for its notice period")                \
    X(DEFAULT_APPLIED, NOTE, "default-applied", "a key left out takes the most protective value, and says so") \
    X(OVERLAY_TENANT, ERROR, "overlay-tenant", "an overlay belongs to the policy's own tenant")              \
    X(OVERLAY_KEY, ERROR, "overlay-key", "an overlay changes promises, not who makes them")                  \
    X(OVERLAY_RANK, ERROR, "overlay-rank", "no two overlays have one rank: the higher wins")                 \
    X(OVERLAY_VALIDITY, ERROR, "overlay-validity", "an overlay ends after it begins")                        \
    X(UNCONFIRMED, ERROR, "unconfirmed", "a tenant that is not a sample confirms every value")               \
    X(SAMPLE_UNCONFIRMED, NOTE, "sample-unconfirmed", "a sample says how much of it nobody has confirmed")   \
    /* purposes */                                                                                           \
    X(PURPOSE_UNKNOWN, ERROR, "purpose-unknown", "a purpose is one of the vocabulary")                       \
    X(BASIS_MISSING, ERROR, "basis-missing", "a purpose has a lawful basis")                                 \
    X(BASIS_UNKNOWN, ERROR, "basis-unknown", "a lawful basis is one of GDPR Art. 6(1)")                      \
    X(BASIS_REGION, ERROR, "basis-region", "regions are ISO 3166 codes, listed once a rule")                 \
    X(BASIS_UNREACHABLE, WARNING, "basis-unreachable", "a basis rule can still be reached")                  \
    X(BASIS_GAP, WARNING, "basis-gap", "every counterparty has a basis, or knowingly none")                  \
    X(ASSESSMENT_MISSING, ERROR, "assessment-missing", "legitimate interests are assessed first")            \
    X(ASSESSMENT_ENDED, ERROR, "assessment-ended", "an assessment is alive")                                 \
    X(RETENTION_MISSING, ERROR, "retention-missing", "a purpose that emits rows has a period")               \
    X(ANCHOR_MISSING, ERROR, "anchor-missing", "a period has an anchor")                                     \
    X(CRITERION_MISSING, ERROR, "criterion-missing", "a period has a criterion")                             \
    X(JUSTIFICATION_MISSING, ERROR, "justification-missing", "a period is justified, by all seven factors or a text") \
    X(BUCKET_RANGE, ERROR, "bucket-range", "a deadline bucket is at least a minute and fits the period")     \
    X(EPOCH_RANGE, ERROR, "epoch-range", "an epoch lasts at least an hour")                                  \
    X(EPOCH_LONG, WARNING, "epoch-long", "an epoch is not longer than the period of its rows")               \
    X(OBJECTION_MARKETING, ERROR, "objection-marketing", "an objection always stops marketing (GDPR Art. 21(3))") \
    X(OBJECTION_GROUND, ERROR, "objection-ground", "to go on against an objection takes a recorded ground")  \
    X(GROUP_SMALL, ERROR, "group-small", "an aggregate covers at least 15 subjects")                         \
    /* fields */                                                                                             \
    X(FIELD_UNKNOWN, ERROR, "field-unknown", "a field is one of the field table")                            \
    X(TRANSFORM_UNKNOWN, ERROR, "transform-unknown", "a transform is one of the known ones")                 \
    X(FORM_MISSING, ERROR, "form-missing", "a field leaves only in a form that the field table has")         \
    X(PARAMETER_MISSING, ERROR, "parameter-missing", "truncate and coarsen say how far")                     \
    X(PARAMETER_UNWANTED, ERROR, "parameter-unwanted", "no parameter where none is used")                    \
    X(PARAMETER_RANGE, ERROR, "parameter-range", "a parameter is in the form's range")                       \
    X(FORM_TWICE, ERROR, "form-twice", "no two fields leave as the same column")                             \
    X(IDENTIFIER_KEPT, ERROR, "identifier-kept", "a direct identifier is never kept")                        \
    X(PROHIBITED_MAPPED, ERROR, "prohibited-mapped", "no purpose takes a prohibited class or field")         \
    X(TOKEN_PURPOSE, ERROR, "token-purpose", "a token that can be opened belongs to billing alone")          \
    X(JOIN, WARNING, "join", "two streams share no exact time, octets or cell, and no sum of coarse fields") \
    X(JOIN_TRACE, NOTE, "join-trace", "lasting pseudonyms of two streams can be told by the times of their rows") \
    X(JOIN_ANALYTICS, ERROR, "join-analytics", "an analytics stream can be joined with no other")            \
    /* recipients */                                                                                         \
    X(RECIPIENT_UNKNOWN, ERROR, "recipient-unknown", "a purpose names declared recipients")                  \
    X(RECIPIENT_CLASS, ERROR, "recipient-class", "a recipient has one of the known classes")                 \
    X(RECIPIENT_COUNTRY, ERROR, "recipient-country", "a recipient has a country, ISO 3166-1")                \
    X(RECIPIENT_INSTRUCTIONS, ERROR, "recipient-instructions", "who works for the controller is instructed (GDPR Art. 28)") \
    X(RECIPIENT_CONFIDENTIALITY, ERROR, "recipient-confidentiality", "who works for the controller is bound to confidentiality") \
    X(SAFEGUARD_MISSING, ERROR, "safeguard-missing", "a recipient abroad has a safeguard (GDPR Art. 44)")    \
    X(SAFEGUARD_MECHANISM, ERROR, "safeguard-mechanism", "a transfer mechanism is one of the known ones")    \
    X(SAFEGUARD_ORDER, ERROR, "safeguard-order", "two transfer mechanisms come in an explicit order")        \
    X(SAFEGUARD_REFERENCE, ERROR, "safeguard-reference", "a safeguard names its document and its end")       \
    X(SAFEGUARD_ASSESSMENT, ERROR, "safeguard-assessment", "a contract as safeguard comes with an impact assessment") \
    X(SAFEGUARD_ENDED, ERROR, "safeguard-ended", "a safeguard is alive")                                     \
    X(SAFEGUARD_ENDING, WARNING, "safeguard-ending", "a safeguard lives for another 30 days")                \
    X(INTERNAL_ONLY, ERROR, "internal-only", "an internal purpose has no outside recipient")                 \
    X(THIRD_PARTY_CONSENT, ERROR, "third-party-consent", "a third party's marketing rests on consent alone") \
    /* ePrivacy Directive 2002/58/EC, narrower than GDPR and than most notices */                            \
    X(EPRIVACY_REASON, ERROR, "eprivacy-reason", "ePrivacy is off only with a reason")                       \
    X(EPRIVACY_CONSENT, ERROR, "eprivacy-consent", "Art. 6(3): marketing and value-added services need consent") \
    X(EPRIVACY_PURPOSE, ERROR, "eprivacy-purpose", "Art. 6(1): other uses need consent or anonymous data")   \
    X(EPRIVACY_LOCATION, ERROR, "eprivacy-location", "Art. 9: location finer than a country needs consent, fraud or security") \
    X(EPRIVACY_BILLING, ERROR, "eprivacy-billing", "Art. 6(2): billing keeps at most a year and a month")    \
    X(EPRIVACY_BILLING_LONG, WARNING, "eprivacy-billing-long", "Art. 6(2): billing over 6 months from the invoice needs local law") \
    X(EPRIVACY_WINDOW, ERROR, "eprivacy-window", "R. 29: fraud, security and operations over 30 days give all seven factors") \
    X(TOO_MANY, NOTE, "too-many", "the rest is told when these are mended")

enum policy_rule {
#define X(name, level, word, text) POLICY_RULE_##name,
    POLICY_RULE_MAP(X)
#undef X
    POLICY_RULE_COUNT
};

#endif
