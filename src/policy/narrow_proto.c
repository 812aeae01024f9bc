/* purpose.proto cut down to what one purpose's consumers can ever see: the
 * lines of the fields that leave, and the enums that these name. The proto
 * files are ours, one field a line, so a line is all that needs reading. */
#include <stdlib.h>
#include <string.h>

#include "policy/policy_proto.h"
#include "policy/policy_text.h"

#define ON_EVERY_ROW 10 /* smaller numbers are on every row */
#define CHARGE_LAST 66  /* charge leaves as 64 to 66: units, scale, currency */

struct span {
    const char *at;
    const char *end;
};

/* The lines between `KIND NAME {` and its closing brace; at NULL where there is none. */
static struct span find_block(const char *text, const char *kind, struct sluice_str name)
{
    struct span block = { NULL, NULL };
    const size_t kind_len = strlen(kind);

    for (const char *at = text; (at = strstr(at, kind)) != NULL; at += kind_len) {
        const char *after = at + kind_len;

        if ((at != text && at[-1] != '\n') || strncmp(after, name.bytes, name.len) != 0 ||
            strncmp(after + name.len, " {\n", 3) != 0)
            continue;
        block.at = after + name.len + 3;
        block.end = strstr(block.at, "\n}") + 1;
        break;
    }
    return block;
}

static struct sluice_str next_line(struct span *block)
{
    const char *newline = memchr(block->at, '\n', (size_t)(block->end - block->at));
    const struct sluice_str line = { block->at, (size_t)(newline + 1 - block->at) };

    block->at = newline + 1;
    return line;
}

/* The number in "  optional TYPE NAME = NUMBER;", 0 in any other line. */
static unsigned field_number(struct sluice_str line)
{
    static const char prefix[] = "  optional ";
    const char *equals;

    if (line.len < sizeof prefix || memcmp(line.bytes, prefix, sizeof prefix - 1) != 0)
        return 0;
    equals = memchr(line.bytes, '=', line.len);
    return equals ? (unsigned)strtoul(equals + 1, NULL, 10) : 0;
}

static struct sluice_str field_type(struct sluice_str line)
{
    const char *type = line.bytes + strlen("  optional ");

    return (struct sluice_str){ type, strcspn(type, " ") };
}

static bool leaves(const struct sluice_purpose *purpose, unsigned number)
{
    if (number < ON_EVERY_ROW)
        return true;
    for (size_t i = 0; i < purpose->projection_count; i++) {
        const struct sluice_projection *projection = &purpose->projections[i];
        const unsigned last = projection->field == SLUICE_FIELD_CHARGE ? CHARGE_LAST : projection->number;

        if (number >= projection->number && number <= last)
            return true;
    }
    return false;
}

static void append_fields(struct sluice_buffer *out, const struct sluice_purpose *purpose, struct span block)
{
    struct sluice_str heading = { NULL, 0 }; /* of the section, until a field of it leaves */

    while (block.at < block.end) {
        const struct sluice_str line = next_line(&block);
        const unsigned number = field_number(line);

        if (number == 0) {
            heading = line.len > 1 ? line : (struct sluice_str){ NULL, 0 };
        } else if (leaves(purpose, number)) {
            if (heading.len)
                sluice_buffer_append_str(out, heading);
            sluice_buffer_append_str(out, line);
            heading.len = 0;
        }
    }
}

/* The enum that a field names; nothing for a scalar type. No two fields name one. */
static void append_enum(struct sluice_buffer *out, struct sluice_str type)
{
    struct span block = find_block(policy_proto_purpose, "enum ", type);

    if (!block.at)
        block = find_block(policy_proto_raw, "enum ", type);
    if (!block.at)
        return;
    sluice_buffer_printf(out, "\nenum %.*s {\n", (int)type.len, type.bytes);
    sluice_buffer_append(out, block.at, (size_t)(block.end - block.at));
    sluice_buffer_append_text(out, "}\n");
}

enum sluice_err sluice_policy_proto(const struct sluice_policy *policy, const char *name,
                                    struct sluice_buffer *out)
{
    const struct sluice_purpose *purpose = sluice_policy_purpose(policy, name);
    const struct span fields = find_block(policy_proto_purpose, "message ", SLUICE_STR("PurposeRecord"));

    if (!purpose || purpose->anonymous)
        return SLUICE_ERR_MISSING;
    sluice_buffer_printf(out, "// The rows of %s of %s, version ", name, policy->tenant);
    policy_version_text(out, policy);
    sluice_buffer_append_text(out,
                              ": the part of\n// sluice/v1/purpose.proto that this purpose's consumers can "
                              "ever see.\nsyntax = \"proto2\";\n\npackage sluice.v1;\n\n"
                              "message PurposeBatch {\n  repeated PurposeRecord records = 1;\n}\n\n"
                              "message PurposeRecord {\n");
    append_fields(out, purpose, fields);
    sluice_buffer_append_text(out, "}\n");
    for (struct span rest = fields; rest.at < rest.end;) {
        const struct sluice_str line = next_line(&rest);
        const unsigned number = field_number(line);

        if (number && leaves(purpose, number))
            append_enum(out, field_type(line));
    }
    return sluice_buffer_err(out);
}
