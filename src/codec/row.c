#include "codec/codec.h"

#include <assert.h>
#include <string.h>

#include "sluice/v1/purpose.pb-c.h"

/* The worst 64 KiB, all of two-byte unknown fields, stay below it. */
#define ARENA_SIZE_MAX (16 << 20)
#define BLOCK_HEAD     16

/* What the wire type does not tell: 0 ends the lists. */
struct reading {
    const ProtobufCMessageDescriptor *descriptor;
    uint32_t seconds[8];     /* sfixed64 that count seconds; all others are microseconds */
    uint32_t addresses[8];
};

static const struct reading purpose_reading = {
    &sluice__v1__purpose_record__descriptor, .seconds = { 5, 46, 48, 50 }, .addresses = { 56, 57, 61 }
};
static const struct reading raw_reading = { &sluice__v1__raw_record__descriptor, .addresses = { 14, 38 } };

static bool is_listed(const uint32_t list[static 8], uint32_t number)
{
    for (size_t i = 0; i < 8 && list[i]; i++)
        if (list[i] == number)
            return true;
    return false;
}

struct memory {
    struct sluice_arena *arena;
    bool failed;
};

/* protobuf-c keeps no length with a string, so the block does: a NUL inside a
 * text does not end it. */
static void *take_memory(void *self, size_t size)
{
    struct memory *memory = self;
    uint8_t *block = sluice_arena_alloc(memory->arena, BLOCK_HEAD + size);

    if (!block) {
        memory->failed = true;
        return NULL;
    }
    memcpy(block, &size, sizeof size);
    return block + BLOCK_HEAD;
}

static void keep_memory(void *self, void *block)
{
    (void)self;
    (void)block;
}

static struct sluice_str text_of(const char *text)
{
    size_t size;

    memcpy(&size, text - BLOCK_HEAD, sizeof size);
    return (struct sluice_str){ text, size - 1 };
}

/* Length of LAWFUL_BASIS_ for LawfulBasis: an underscore ends each word. */
static size_t prefix_length(const char *type_name)
{
    size_t len = 0;

    for (const char *at = type_name; *at; at++)
        len += *at >= 'A' && *at <= 'Z' ? 2 : 1;
    return len;
}

/* LAWFUL_BASIS_CONTRACT as "contract". */
static struct sluice_str word_of(const ProtobufCEnumDescriptor *type, int number, struct sluice_arena *arena)
{
    const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(type, number);
    const size_t prefix = prefix_length(type->short_name);

    if (!value)
        return (struct sluice_str){ NULL, 0 };
    assert(strlen(value->name) > prefix);

    const size_t len = strlen(value->name) - prefix;
    char *word = sluice_arena_alloc(arena, len);
    for (size_t i = 0; word && i < len; i++) {
        const char letter = value->name[prefix + i];
        word[i] = (char)(letter >= 'A' && letter <= 'Z' ? letter - 'A' + 'a' : letter);
    }
    return (struct sluice_str){ word, word ? len : 0 };
}

static void set_value(struct codec_value *value, const struct reading *reading, const ProtobufCFieldDescriptor *field,
                      const void *member, struct sluice_arena *arena)
{
    const ProtobufCBinaryData *data = member;

    *value = (struct codec_value){ .number = field->id, .name = field->name };
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
        value->kind = CODEC_TEXT;
        value->bytes = text_of(*(char *const *)member);
        return;
    case PROTOBUF_C_TYPE_BYTES:
        value->kind = is_listed(reading->addresses, field->id) ? CODEC_ADDRESS : CODEC_BYTES;
        value->bytes = (struct sluice_str){ (const char *)data->data, data->len };
        return;
    case PROTOBUF_C_TYPE_UINT32:
        value->kind = CODEC_UNSIGNED;
        value->u64 = *(const uint32_t *)member;
        return;
    case PROTOBUF_C_TYPE_UINT64:
        value->kind = CODEC_UNSIGNED;
        value->u64 = *(const uint64_t *)member;
        return;
    case PROTOBUF_C_TYPE_SINT32:
        value->kind = CODEC_SIGNED;
        value->i64 = *(const int32_t *)member;
        return;
    case PROTOBUF_C_TYPE_SINT64:
        value->kind = CODEC_SIGNED;
        value->i64 = *(const int64_t *)member;
        return;
    case PROTOBUF_C_TYPE_SFIXED64:
        value->kind = is_listed(reading->seconds, field->id) ? CODEC_TIME_S : CODEC_TIME_US;
        value->i64 = *(const int64_t *)member;
        return;
    case PROTOBUF_C_TYPE_BOOL:
        value->kind = CODEC_BOOL;
        value->u64 = *(const protobuf_c_boolean *)member != 0;
        return;
    default:
        assert(field->type == PROTOBUF_C_TYPE_ENUM);
        value->kind = CODEC_ENUM;
        value->i64 = *(const int *)member;
        value->bytes = word_of(field->descriptor, (int)value->i64, arena);
    }
}

static bool is_present(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    const char *base = (const char *)message;

    if (field->quantifier_offset)
        return *(const protobuf_c_boolean *)(base + field->quantifier_offset);
    return *(char *const *)(base + field->offset) != NULL;
}

static enum sluice_err read_row(struct codec_row *row, const struct reading *reading, const uint8_t *bytes, size_t len)
{
    struct memory memory = { &row->arena, false };
    ProtobufCAllocator allocator = { take_memory, keep_memory, &memory };

    row->count = 0;
    row->unknown = 0;
    if (len > CODEC_ROW_SIZE_MAX)
        return SLUICE_ERR_LIMIT;
    sluice_arena_reset(&row->arena);

    const ProtobufCMessage *message = protobuf_c_message_unpack(reading->descriptor, &allocator, len, bytes);
    if (!message)
        return memory.failed ? SLUICE_ERR_MEMORY : SLUICE_ERR_DAMAGED;
    row->unknown = message->n_unknown_fields;
    for (unsigned i = 0; i < reading->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &reading->descriptor->fields[i];

        if (!is_present(message, field))
            continue;
        assert(row->count < CODEC_FIELD_COUNT_MAX);
        set_value(&row->values[row->count++], reading, field, (const char *)message + field->offset, &row->arena);
    }
    return SLUICE_OK;
}

void codec_row_init(struct codec_row *row)
{
    row->count = 0;
    row->unknown = 0;
    sluice_arena_init(&row->arena, ARENA_SIZE_MAX);
}

void codec_row_deinit(struct codec_row *row)
{
    sluice_arena_deinit(&row->arena);
    row->count = 0;
}

enum sluice_err codec_row_read_purpose(struct codec_row *row, const uint8_t *bytes, size_t len)
{
    return read_row(row, &purpose_reading, bytes, len);
}

enum sluice_err codec_row_read_raw(struct codec_row *row, const uint8_t *bytes, size_t len)
{
    return read_row(row, &raw_reading, bytes, len);
}

const struct codec_value *codec_row_find(const struct codec_row *row, uint32_t number)
{
    for (size_t i = 0; i < row->count; i++)
        if (row->values[i].number == number)
            return &row->values[i];
    return NULL;
}
