#include "gen/declared.h"

#include <string.h>

#define INDIVIDUAL (1 << SLUICE_CONTRACT_INDIVIDUAL)
#define BUSINESS (1 << SLUICE_CONTRACT_BUSINESS)
#define NOBODY (1 << SLUICE_CONTRACT_NONE)
#define ANYBODY (INDIVIDUAL | BUSINESS | NOBODY)

#define CONTROLLER (1 << SLUICE_ROLE_CONTROLLER)
#define PROCESSOR (1 << SLUICE_ROLE_PROCESSOR)

#define DATA (1 << SLUICE_SERVICE_DATA)
#define SMS (1 << SLUICE_SERVICE_SMS_MO | 1 << SLUICE_SERVICE_SMS_MT)
#define SIGNALLING (1 << SLUICE_SERVICE_SIGNALLING)

#define FIELD(name, transform)                                                                               \
    {                                                                                                        \
        SLUICE_FIELD_##name, SLUICE_TRANSFORM_##transform, 0                                                 \
    }
#define FIELD_BY(name, transform, parameter)                                                                 \
    {                                                                                                        \
        SLUICE_FIELD_##name, SLUICE_TRANSFORM_##transform, parameter                                         \
    }

const char *const declared_regions[DECLARED_REGIONS] = { "", "DE", "FR", "NL", "GB", "US-CA", "US-NY", "JP" };

const struct declared_tenant declared_tenants[DECLARED_TENANTS] = {
    { .name = "acme", .organisations = { 2001, 2002 }, .role = SLUICE_ROLE_CONTROLLER, .min_age = 13,
      .purpose_count = 5, .purposes = {
        { .name = "billing", .dpv = "dpv:PaymentManagement",
          .roles = CONTROLLER, .services = DATA | SMS,
          .epoch_kind = SLUICE_EPOCH_MONTH, .anchor = SLUICE_ANCHOR_INVOICE, .retention_days = 47,
          .bucket_hours = 24,
          .rules = { { INDIVIDUAL, SLUICE_BASIS_CONTRACT, false, { 0 } },
                     { BUSINESS, SLUICE_BASIS_LEGITIMATE_INTERESTS, false, { 0 } } },
          .fields = { FIELD(SUBJECT, PSEUDONYM), FIELD(ICCID, TOKEN), FIELD(RECORD_ID, TAG),
                      FIELD(SESSION_ID, TAG), FIELD(ACCOUNT, TAG), FIELD(CONTRACT, KEEP),
                      FIELD(SERVICE, KEEP), FIELD(UPLINK_OCTETS, KEEP), FIELD(DOWNLINK_OCTETS, KEEP),
                      FIELD(DURATION, KEEP), FIELD(MESSAGE_COUNT, KEEP), FIELD(START, KEEP), FIELD(END, KEEP),
                      FIELD(SERVING_PLMN, KEEP), FIELD(CHARGE, KEEP) } },
        { .name = "fraud", .dpv = "dpv:FraudPreventionAndDetection",
          .roles = CONTROLLER, .services = DATA | SMS | SIGNALLING,
          .epoch_kind = SLUICE_EPOCH_SECONDS, .epoch_days = 7,
          .anchor = SLUICE_ANCHOR_EVENT, .retention_days = 30, .bucket_hours = 24,
          .rules = { { INDIVIDUAL | BUSINESS, SLUICE_BASIS_LEGITIMATE_INTERESTS, false, { 0 } } },
          .fields = { FIELD(SUBJECT, PSEUDONYM), FIELD(DEVICE, PSEUDONYM), FIELD(UE_ADDRESS, PSEUDONYM),
                      FIELD(SERVICE, KEEP), FIELD(SIGNALLING_EVENT, KEEP), FIELD(RAT, KEEP),
                      FIELD(APN, COARSEN), FIELD(UPLINK_OCTETS, KEEP), FIELD(DOWNLINK_OCTETS, KEEP),
                      FIELD(START, KEEP), FIELD(SERVING_PLMN, KEEP), FIELD(LAC, KEEP), FIELD(CELL_ID, KEEP),
                      FIELD(IMEI, TRUNCATE), FIELD(IMSI, TRUNCATE), FIELD_BY(GATEWAY, TRUNCATE, 24),
                      FIELD(BREAKOUT_REGION, KEEP) } },
        { .name = "operations", .dpv = "dpv:TechnicalServiceProvision",
          .roles = CONTROLLER, .services = DATA | SMS | SIGNALLING,
          .epoch_kind = SLUICE_EPOCH_SECONDS, .epoch_days = 1,
          .anchor = SLUICE_ANCHOR_EVENT, .retention_days = 7, .bucket_hours = 1,
          .rules = { { INDIVIDUAL, SLUICE_BASIS_CONTRACT, false, { 0 } },
                     { BUSINESS | NOBODY, SLUICE_BASIS_LEGITIMATE_INTERESTS, false, { 0 } } },
          .fields = { FIELD(SUBJECT, PSEUDONYM), FIELD(SERVICE, KEEP), FIELD(RAT, KEEP),
                      FIELD(UPLINK_OCTETS, BUCKET), FIELD(DOWNLINK_OCTETS, BUCKET), FIELD(DURATION, BUCKET),
                      FIELD_BY(START, COARSEN, 3600), FIELD_BY(END, COARSEN, 3600),
                      FIELD(SERVING_PLMN, COARSEN) } },
        { .name = "marketing", .dpv = "dpv:Marketing", .objection = SLUICE_OBJECTION_ALWAYS,
          .roles = CONTROLLER, .services = DATA | SMS,
          .epoch_kind = SLUICE_EPOCH_MONTH, .anchor = SLUICE_ANCHOR_EVENT, .retention_days = 60,
          .bucket_hours = 24,
          .rules = { { INDIVIDUAL | BUSINESS, SLUICE_BASIS_CONSENT, false, { 0 } } },
          .fields = { FIELD(SUBJECT, PSEUDONYM), FIELD(REGION, COARSEN), FIELD(SERVICE, KEEP),
                      FIELD(UPLINK_OCTETS, BUCKET), FIELD_BY(START, COARSEN, 86400) } },
        { .name = "analytics", .dpv = "dpv:ServiceUsageAnalytics", .anonymous = true,
          .roles = CONTROLLER, .services = DATA | SMS,
          .epoch_kind = SLUICE_EPOCH_SECONDS, .epoch_days = 1,
          .anchor = SLUICE_ANCHOR_EVENT, .retention_days = 30, .bucket_hours = 24,
          .rules = { { ANYBODY, SLUICE_BASIS_LEGITIMATE_INTERESTS, false, { 0 } } } },
      } },
    { .name = "beta", .organisations = { 2003, 0 }, .role = SLUICE_ROLE_CONTROLLER, .eprivacy_off = true,
      .purpose_count = 4, .purposes = {
        { .name = "billing", .dpv = "dpv:PaymentManagement",
          .roles = CONTROLLER, .services = DATA | SMS, .restrict_exempt = true,
          .epoch_kind = SLUICE_EPOCH_MONTH, .anchor = SLUICE_ANCHOR_INVOICE, .retention_days = 45,
          .bucket_hours = 24,
          .rules = { { ANYBODY, SLUICE_BASIS_CONTRACT, false, { 0 } } },
          .fields = { FIELD(SUBJECT, PSEUDONYM), FIELD(ACCOUNT, TAG), FIELD(SERVICE, KEEP),
                      FIELD(UPLINK_OCTETS, KEEP), FIELD(DOWNLINK_OCTETS, KEEP), FIELD(MESSAGE_COUNT, KEEP),
                      FIELD(START, KEEP), FIELD(REGION, KEEP), FIELD(CHARGE, KEEP) } },
        { .name = "fraud", .dpv = "dpv:FraudPreventionAndDetection",
          .roles = CONTROLLER, .services = DATA | SMS | SIGNALLING, .required = SLUICE_FIELD_DEVICE,
          .objection = SLUICE_OBJECTION_GROUND,
          .epoch_kind = SLUICE_EPOCH_SECONDS, .epoch_days = 7,
          .anchor = SLUICE_ANCHOR_EVENT, .retention_days = 30, .bucket_hours = 24,
          .rules = { { ANYBODY, SLUICE_BASIS_LEGITIMATE_INTERESTS, false, { "DE", "FR", "NL", NULL } },
                     { BUSINESS, SLUICE_BASIS_CONTRACT, true, { "US", NULL } } },
          .fields = { FIELD(SUBJECT, PSEUDONYM), FIELD(DEVICE, PSEUDONYM), FIELD_BY(UE_ADDRESS, TRUNCATE, 24),
                      FIELD(SESSION_ID, TAG), FIELD(SERVICE, KEEP), FIELD(SIGNALLING_EVENT, KEEP),
                      FIELD(RAT, KEEP), FIELD(UPLINK_OCTETS, KEEP), FIELD(DOWNLINK_OCTETS, KEEP),
                      FIELD(START, KEEP), FIELD(END, KEEP), FIELD(SERVING_PLMN, KEEP),
                      FIELD(CELL_ID, KEEP) } },
        { .name = "marketing", .dpv = "dpv:Marketing", .objection = SLUICE_OBJECTION_ALWAYS,
          .roles = CONTROLLER, .services = DATA | SMS,
          .epoch_kind = SLUICE_EPOCH_RECORD, .anchor = SLUICE_ANCHOR_COLLECTION, .retention_days = 14,
          .bucket_hours = 24,
          .rules = { { INDIVIDUAL | BUSINESS, SLUICE_BASIS_LEGITIMATE_INTERESTS, false, { "US", NULL } },
                     { ANYBODY, SLUICE_BASIS_CONSENT, true, { "US", NULL } } },
          .fields = { FIELD(SUBJECT, PSEUDONYM), FIELD(REGION, COARSEN), FIELD(SERVICE, KEEP),
                      FIELD_BY(START, COARSEN, 86400) } },
        { .name = "support", .dpv = "dpv:CustomerCare",
          .roles = CONTROLLER, .services = DATA | SIGNALLING,
          .epoch_kind = SLUICE_EPOCH_SECONDS, .epoch_days = 1,
          .anchor = SLUICE_ANCHOR_EVENT, .retention_days = 7, .bucket_hours = 1,
          .rules = { { INDIVIDUAL | BUSINESS, SLUICE_BASIS_CONTRACT, false, { 0 } } },
          .fields = { FIELD(SUBJECT, PSEUDONYM), FIELD(SERVICE, KEEP),
                      FIELD(SIGNALLING_EVENT, KEEP), FIELD(APN, KEEP), FIELD_BY(START, COARSEN, 900),
                      FIELD(SERVING_PLMN, KEEP) } },
      } },
    { .name = "gamma", .organisations = { 2004, 0 }, .role = SLUICE_ROLE_PROCESSOR, .eprivacy_off = true,
      .purpose_count = 3, .purposes = {
        { .name = "metering", .dpv = "dpv:PaymentManagement",
          .roles = PROCESSOR, .services = DATA | SMS,
          .epoch_kind = SLUICE_EPOCH_MONTH, .anchor = SLUICE_ANCHOR_EVENT, .retention_days = 40,
          .bucket_hours = 24,
          .rules = { { ANYBODY, SLUICE_BASIS_CONTRACT, false, { 0 } } },
          .fields = { FIELD(SUBJECT, PSEUDONYM), FIELD(RECORD_ID, TAG), FIELD(ACCOUNT, TAG),
                      FIELD(SERVICE, KEEP), FIELD(UPLINK_OCTETS, KEEP), FIELD(DOWNLINK_OCTETS, KEEP),
                      FIELD(COUNTER_MODE, KEEP), FIELD(MESSAGE_COUNT, KEEP), FIELD_BY(START, COARSEN, 60),
                      FIELD(CHARGE, KEEP) } },
        { .name = "insight", .dpv = "dpv:ResearchAndDevelopment",
          .roles = CONTROLLER, .services = DATA,
          .epoch_kind = SLUICE_EPOCH_RECORD, .anchor = SLUICE_ANCHOR_EVENT, .retention_days = 7,
          .bucket_hours = 1,
          .rules = { { ANYBODY, SLUICE_BASIS_LEGITIMATE_INTERESTS, false, { 0 } } },
          .fields = { FIELD(SUBJECT, PSEUDONYM), FIELD(UPLINK_OCTETS, BUCKET),
                      FIELD_BY(START, COARSEN, 3600) } },
        { .name = "diagnostics", .dpv = "dpv:TechnicalServiceProvision",
          .roles = CONTROLLER | PROCESSOR, .services = DATA | SMS | SIGNALLING,
          .epoch_kind = SLUICE_EPOCH_SECONDS, .epoch_days = 7,
          .anchor = SLUICE_ANCHOR_COLLECTION, .retention_days = 14, .bucket_hours = 24,
          .rules = { { INDIVIDUAL | BUSINESS, SLUICE_BASIS_CONTRACT, false, { 0 } } },
          .fields = { FIELD(SUBJECT, PSEUDONYM), FIELD(DEVICE, PSEUDONYM), FIELD(SERVICE, KEEP),
                      FIELD(SIGNALLING_EVENT, KEEP), FIELD(RAT, KEEP), FIELD(UPLINK_OCTETS, BUCKET),
                      FIELD(DOWNLINK_OCTETS, BUCKET), FIELD_BY(START, COARSEN, 300),
                      FIELD(SERVING_PLMN, COARSEN), FIELD(IMEI, TRUNCATE) } },
      } },
};

bool declared_region_covers(const char *listed, const char *region)
{
    const size_t len = strlen(listed);

    return strncmp(region, listed, len) == 0 && (region[len] == '\0' || region[len] == '-');
}
