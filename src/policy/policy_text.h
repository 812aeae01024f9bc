/* Writing a policy out for people: small texts, aligned tables. */
#ifndef POLICY_POLICY_TEXT_H
#define POLICY_POLICY_TEXT_H

#include "policy/policy_words.h"
#include "sluice/buffer.h"
#include "sluice/policy.h"

#define POLICY_TEXT_SIZE 48

/** "180d": the largest unit that divides the period. */
void policy_period_text(char text[static POLICY_TEXT_SIZE], int64_t seconds);
/** "coarsen 15m"; "drop" where projection is NULL. */
void policy_form_text(char text[static POLICY_TEXT_SIZE], const struct sluice_projection *projection);
/** "2026-10-01", or with its time where that is not midnight. */
void policy_instant_text(char text[static POLICY_TEXT_SIZE], int64_t time_us);
/** "month", "record" or a period. */
void policy_epoch_text(char text[static POLICY_TEXT_SIZE], const struct sluice_purpose *purpose);
/** "2026-10 (0123456789abcdef)": the version's id and hash. */
void policy_version_text(struct sluice_buffer *out, const struct sluice_policy *policy);

/** "contract for individual; consent for business, none outside US" */
void policy_basis_text(struct sluice_buffer *out, const struct sluice_purpose *purpose);
/** "data, sms-mo", or "all" where every bit of names is set. */
void policy_bits_text(struct sluice_buffer *out, unsigned bits, const char *const names[], size_t name_count);
/** "by-basis", "always" or "no: GROUND". */
void policy_objection_text(struct sluice_buffer *out, const struct sluice_purpose *purpose,
                           const struct policy_purpose_words *words);
/** "processor-eu (processor, DE)", separated by commas; "none" without any. */
void policy_recipients_text(struct sluice_buffer *out, const struct sluice_policy *policy,
                            const struct policy_purpose_words *words);
/** Ids of a sequence or a single scalar, separated by commas; nothing for NULL. */
void policy_ids_text(struct sluice_buffer *out, const struct yaml_node *ids);

const struct policy_purpose_words *policy_words_of(const struct sluice_policy *policy,
                                                   const struct sluice_purpose *purpose);
/** NULL where the purpose drops the field. */
const struct sluice_projection *policy_projection_of(const struct sluice_purpose *purpose, enum sluice_field field);

/* A JSON member: a comma where one came before, the key, a colon. */
void policy_json_key(struct sluice_buffer *out, const char *key);
void policy_json_text(struct sluice_buffer *out, const char *key, const char *text);   /* null for NULL */
void policy_json_number(struct sluice_buffer *out, const char *key, int64_t number);
void policy_json_yes_no(struct sluice_buffer *out, const char *key, bool yes);
void policy_json_ids(struct sluice_buffer *out, const char *key, const struct yaml_node *ids);   /* an array */
/** A comma unless what was written last opens an object, an array or a member. */
void policy_json_separate(struct sluice_buffer *out);

/** explain as one JSON document. */
void policy_explain_json(const struct sluice_policy *policy, struct sluice_buffer *out);

/* What going from one form of a field to another does; NULL is dropped. */
enum policy_effect { POLICY_SAME, POLICY_OPENS, POLICY_CLOSES, POLICY_CHANGES };
enum policy_effect policy_form_effect(const struct sluice_projection *from, const struct sluice_projection *to);

/* A table of texts whose columns are as wide as their widest cell. */
struct policy_table {
    size_t columns;
    struct sluice_buffer cells;   /* each ended by a NUL */
};
void policy_table_init(struct policy_table *table, size_t columns);
void policy_table_deinit(struct policy_table *table);
__attribute__((format(printf, 2, 3)))
void policy_table_add(struct policy_table *table, const char *format, ...);
void policy_table_print(const struct policy_table *table, struct sluice_buffer *out);

#endif
