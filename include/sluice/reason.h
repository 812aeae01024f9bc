/* What became of a record and of a purpose's share in it, and why.
 *
 * Each record is exactly one of the dispositions (nothing else exists). The
 * words stand in counters, metrics, JSON and the README: they never change. */
#ifndef SLUICE_REASON_H
#define SLUICE_REASON_H

#include "sluice/str.h"

enum sluice_disposition {
    SLUICE_UNDECIDED,
    SLUICE_ROUTED,
    SLUICE_DUPLICATE,
    SLUICE_SUSPENDED,     /* sealed; re-enters by itself when what it lacked is there */
    SLUICE_QUARANTINED,   /* sealed; for a person */
    SLUICE_DROPPED,
    SLUICE_DISPOSITION_COUNT
};

/* name, disposition, word, text: why a record as a whole was not routed */
#define SLUICE_REASON_MAP(X)                                                                             \
    X(SLUICE_REASON_NONE,             SLUICE_UNDECIDED,   "none",             "no reason")               \
    X(SLUICE_REASON_UNDECODABLE,      SLUICE_QUARANTINED, "undecodable",      "not decodable in the format of its source") \
    X(SLUICE_REASON_TOO_LARGE,        SLUICE_QUARANTINED, "too_large",        "larger than a record may be") \
    X(SLUICE_REASON_TOO_DEEP,         SLUICE_QUARANTINED, "too_deep",         "nested deeper than a record may be") \
    X(SLUICE_REASON_DUPLICATE_FIELD,  SLUICE_QUARANTINED, "duplicate_field",  "a field occurs twice")    \
    X(SLUICE_REASON_WRONG_TYPE,       SLUICE_QUARANTINED, "wrong_type",       "a field has another type than its format says") \
    X(SLUICE_REASON_MISSING_REQUIRED, SLUICE_QUARANTINED, "missing_required", "a required field is missing") \
    X(SLUICE_REASON_BAD_IMSI,         SLUICE_QUARANTINED, "bad_imsi",         "IMSI is not 6 to 15 digits") \
    X(SLUICE_REASON_BAD_ICCID,        SLUICE_QUARANTINED, "bad_iccid",        "ICCID has a wrong length, character or check digit") \
    X(SLUICE_REASON_BAD_MSISDN,       SLUICE_QUARANTINED, "bad_msisdn",       "MSISDN is not an E.164 number") \
    X(SLUICE_REASON_BAD_EID,          SLUICE_QUARANTINED, "bad_eid",          "EID is not 32 digits with valid check digits") \
    X(SLUICE_REASON_BAD_IMEI,         SLUICE_QUARANTINED, "bad_imei",         "IMEI has a wrong length, character or check digit") \
    X(SLUICE_REASON_BAD_PLMN,         SLUICE_QUARANTINED, "bad_plmn",         "MCC or MNC is invalid or the MNC's length is unknown") \
    X(SLUICE_REASON_BAD_ADDRESS,      SLUICE_QUARANTINED, "bad_address",      "an IP address is invalid") \
    X(SLUICE_REASON_BAD_TIME,         SLUICE_QUARANTINED, "bad_time",         "an instant is invalid or outside 1970 to 2100") \
    X(SLUICE_REASON_TIME_ORDER,       SLUICE_QUARANTINED, "time_order",       "the end lies before the start") \
    X(SLUICE_REASON_BAD_VOLUME,       SLUICE_QUARANTINED, "bad_volume",       "a volume, duration or count is negative, not whole or too large") \
    X(SLUICE_REASON_BAD_CHARGE,       SLUICE_QUARANTINED, "bad_charge",       "the source's charge is not a decimal with a currency") \
    X(SLUICE_REASON_BAD_TEXT,         SLUICE_QUARANTINED, "bad_text",         "a text is too long or not UTF-8") \
    X(SLUICE_REASON_UNKNOWN_FIELD,    SLUICE_QUARANTINED, "unknown_field",    "carries a field that its format does not know, and its tenant lets none pass") \
    X(SLUICE_REASON_UNKNOWN_SERVICE,  SLUICE_QUARANTINED, "unknown_service",  "the kind of service is unknown") \
    X(SLUICE_REASON_NO_SUBJECT,       SLUICE_QUARANTINED, "no_subject",       "no identifier of a SIM")  \
    X(SLUICE_REASON_NO_CONTROLLER,    SLUICE_QUARANTINED, "no_controller",    "belongs to no configured tenant") \
    X(SLUICE_REASON_FUTURE,           SLUICE_QUARANTINED, "future",           "starts after its own arrival") \
    X(SLUICE_REASON_AMBIGUOUS_LINK,   SLUICE_QUARANTINED, "ambiguous_link",   "its only identifier links to two SIMs at that time") \
    X(SLUICE_REASON_UNKNOWN_LINK,     SLUICE_SUSPENDED,   "unknown_link",     "its only identifier links to no SIM yet") \
    X(SLUICE_REASON_STATE_UNKNOWN,    SLUICE_SUSPENDED,   "state_unknown",    "the subject registry cannot be reached at the current generation") \
    X(SLUICE_REASON_DUPLICATE,        SLUICE_DUPLICATE,   "duplicate",        "the same record came before") \
    X(SLUICE_REASON_BEYOND_WINDOW,    SLUICE_DROPPED,     "beyond_window",    "older than the window of deduplication") \
    X(SLUICE_REASON_OTHER_EVENT,      SLUICE_DROPPED,     "other_event",      "an event that is no traffic of a SIM") \
    X(SLUICE_REASON_UNDER_AGE,        SLUICE_DROPPED,     "under_age",        "its subject is under the tenant's minimum age; not held") \
    X(SLUICE_REASON_PROHIBITED,       SLUICE_DROPPED,     "prohibited",       "carries a prohibited class of data; not held") \
    X(SLUICE_REASON_SECRET,           SLUICE_DROPPED,     "secret",           "bad, and carries a secret, so not held") \
    X(SLUICE_REASON_EXPIRED,          SLUICE_DROPPED,     "expired",          "was sealed until its period ended")

enum sluice_reason {
#define X(name, disposition, word, text) name,
    SLUICE_REASON_MAP(X)
#undef X
    SLUICE_REASON_COUNT
};

/* name, word, text: what became of one purpose's share of a routed record */
#define SLUICE_OUTCOME_MAP(X)                                                                          \
    X(SLUICE_EMITTED,            "emitted",         "a row left")                                      \
    X(SLUICE_PARKED,             "parked",          "sealed, as its subject is restricted")            \
    X(SLUICE_NO_BASIS,           "no_basis",        "no lawful basis for this counterparty and region") \
    X(SLUICE_ERASED,             "erased",          "the subject was erased from this purpose")        \
    X(SLUICE_NO_CONSENT,         "no_consent",      "consent is needed and not there")                 \
    X(SLUICE_OBJECTED,           "objected",        "the subject objected")                            \
    X(SLUICE_OTHER_ROLE,         "other_role",      "the purpose is not one of the record's role")     \
    X(SLUICE_OTHER_SERVICE,      "other_service",   "the purpose does not take this kind of service")  \
    X(SLUICE_PRE_ASSESSMENT,     "pre_assessment",  "collected before the interest assessment")        \
    X(SLUICE_ANONYMOUS_INPUT,    "anonymous_input", "the purpose gets released aggregates only")       \
    X(SLUICE_BORN_EXPIRED,       "born_expired",    "past its deadline on arrival")                    \
    X(SLUICE_EPOCH_CLOSED,       "epoch_closed",    "the epoch's key is destroyed")                    \
    X(SLUICE_MISSING_FIELD,      "missing_field",   "lacks a field that the purpose requires")         \
    X(SLUICE_NOT_YET_DECLARED,   "not_yet_declared","the purpose was not declared when it was collected") \
    X(SLUICE_CLOSED_SINCE,       "closed_since",    "the current policy version closed the purpose")

enum sluice_outcome {
#define X(name, word, text) name,
    SLUICE_OUTCOME_MAP(X)
#undef X
    SLUICE_OUTCOME_COUNT
};

enum sluice_disposition sluice_reason_disposition(enum sluice_reason reason);
const char *sluice_reason_word(enum sluice_reason reason);
const char *sluice_reason_text(enum sluice_reason reason);
/** The reason of that word, or SLUICE_REASON_NONE. */
enum sluice_reason sluice_reason_from_word(struct sluice_str word);
const char *sluice_outcome_word(enum sluice_outcome outcome);
const char *sluice_outcome_text(enum sluice_outcome outcome);
const char *sluice_disposition_word(enum sluice_disposition disposition);

#endif
