#include "test.h"

#include <stdio.h>

#include "gate/names.h"
#include "gate/slots.h"
#include "sluice/crypto.h"

static void tag_of(uint8_t tag[static SLUICE_TAG_SIZE], uint64_t number)
{
    static const uint8_t key[SLUICE_HASH_KEY_SIZE] = { 1 };

    sluice_hash(tag, &number, sizeof number, key);
}

static void every_subject_keeps_its_slot_while_the_table_grows(void **state)
{
    enum { COUNT = 300000 };
    struct slots slots;
    uint8_t tag[SLUICE_TAG_SIZE];

    slots_init(&slots, 3, 1);
    for (uint32_t i = 0; i < COUNT; i++) {
        tag_of(tag, i);
        assert_null(slots_find(&slots, tag, 5));
        struct slot *slot = slots_insert(&slots, tag, 0, SLUICE_ALWAYS_S);
        assert_non_null(slot);
        slot->account = i;
        slot_epochs(slot)[2] = i + 1;
        memset(slot_pseudonym(&slots, slot, 2), (int)(i & 0xff), SLUICE_PSEUDONYM_SIZE);
        memset(slot_token(&slots, slot, 0), (int)(i >> 8 & 0xff), SLUICE_TOKEN_SIZE);
    }
    assert_int_equal(slots.count, COUNT);
    for (uint32_t i = 0; i < COUNT; i++) {
        tag_of(tag, i);
        struct slot *slot = slots_find(&slots, tag, 5);
        assert_non_null(slot);
        assert_int_equal(slot->account, i);
        assert_int_equal(slot_epochs(slot)[2], i + 1);
        assert_int_equal(slot_pseudonym(&slots, slot, 2)[15], i & 0xff);
        assert_int_equal(slot_token(&slots, slot, 0)[26], i >> 8 & 0xff);
    }
    assert_true(slots_octets(&slots) < (uint64_t)COUNT * slots.slot_size * 4 / 3);
    slots_deinit(&slots);
}

static void a_holder_is_found_by_the_time_of_the_record(void **state)
{
    struct slots slots;
    uint8_t tag[SLUICE_TAG_SIZE], other[SLUICE_TAG_SIZE];

    tag_of(tag, 1);
    tag_of(other, 2);
    slots_init(&slots, 1, 0);
    slots_insert(&slots, tag, 100, 200)->account = 1;
    slots_insert(&slots, tag, 200, SLUICE_ALWAYS_S)->account = 2;
    slots_insert(&slots, other, 0, SLUICE_ALWAYS_S)->account = 3;
    assert_null(slots_find(&slots, tag, 99));
    assert_int_equal(slots_find(&slots, tag, 100)->account, 1);
    assert_int_equal(slots_find(&slots, tag, 199)->account, 1);
    assert_int_equal(slots_find(&slots, tag, 200)->account, 2);
    assert_int_equal(slots_find(&slots, other, 99)->account, 3);
    slots_deinit(&slots);
}

static void equal_texts_have_one_number(void **state)
{
    struct names names;
    char text[16];

    assert_int_equal(sluice_crypto_init(), SLUICE_OK);
    names_init(&names, 4);
    assert_int_equal(names_number(&names, SLUICE_STR("")), 0);
    for (int round = 0; round < 2; round++)
        for (uint32_t i = 0; i < 5000; i++) {
            snprintf(text, sizeof text, "acct-%u", i);
            assert_int_equal(names_number(&names, sluice_str_from(text)), i + 1);
            names_beside(&names, i + 1)[0] = (uint8_t)i;
        }
    assert_true(sluice_str_equal(names_text(&names, 5000), SLUICE_STR("acct-4999")));
    assert_int_equal(names_beside(&names, 1)[0], 0);
    assert_int_equal(names_beside(&names, 300)[0], 299 & 0xff);
    names_deinit(&names);
}

TEST_MAIN(cmocka_unit_test(every_subject_keeps_its_slot_while_the_table_grows),
          cmocka_unit_test(a_holder_is_found_by_the_time_of_the_record),
          cmocka_unit_test(equal_texts_have_one_number))
