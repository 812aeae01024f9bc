#include "gen/text.h"

#include <arpa/inet.h>

#include "sluice/clock.h"

void text_instant(struct text *text, int64_t time_us)
{
    const int64_t seconds = time_us / SLUICE_SECOND_US;
    const uint32_t of_day = (uint32_t)(seconds % SLUICE_DAY_S);
    const uint32_t millisecond = (uint32_t)(time_us % SLUICE_SECOND_US / 1000);
    unsigned month, day;
    int year;

    sluice_civil_from_days(seconds / SLUICE_DAY_S, &year, &month, &day);
    text_padded(text, (uint64_t)year, 4);
    text_char(text, '-');
    text_padded(text, month, 2);
    text_char(text, '-');
    text_padded(text, day, 2);
    text_char(text, 'T');
    text_padded(text, of_day / 3600, 2);
    text_char(text, ':');
    text_padded(text, of_day / 60 % 60, 2);
    text_char(text, ':');
    text_padded(text, of_day % 60, 2);
    if (millisecond) {
        text_char(text, '.');
        text_padded(text, millisecond, 3);
    }
}

void text_session(struct text *text, const uint64_t session[static 2])
{
    static const int groups[] = { 8, 4, 4, 4, 12 };
    static const int shifts[] = { 32, 16, 0, 48, 0 };

    for (int i = 0; i < 5; i++) {
        if (i)
            text_char(text, '-');
        /* A letter first in each, so that no run of digits looks like a card's number. */
        text_char(text, (char)('a' + (session[i > 2] >> (shifts[i] + 8)) % 6));
        text_hex(text, session[i > 2] >> shifts[i], groups[i] - 1);
    }
}

void text_address(struct text *text, const uint8_t *bytes, uint8_t len)
{
    if (len == 4) {
        for (int i = 0; i < 4; i++) {
            if (i)
                text_char(text, '.');
            text_number(text, bytes[i]);
        }
        return;
    }
    char written[INET6_ADDRSTRLEN];
    inet_ntop(AF_INET6, bytes, written, sizeof written);
    text_word(text, written);
}

void text_decimal(struct text *text, uint64_t units, uint32_t scale, int keep_zeros)
{
    uint64_t one = 1;

    for (uint32_t i = 0; i < scale; i++)
        one *= 10;
    text_number(text, units / one);
    if (!keep_zeros && units % one == 0)
        return;
    text_char(text, '.');
    text_padded(text, units % one, (int)scale);
    while (!keep_zeros && text->at[-1] == '0')
        text->at--;
}
