#include "sluice/name.h"

#include <stdio.h>
#include <string.h>

#include "sluice/policy.h"

#define NEAREST_TEXT_MAX (SLUICE_NEAREST_SIZE - 1) /* longer words are compared by their start */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool sluice_name_valid(const char *text)
{
    unsigned digits = 0;
    size_t len = 0;

    if (text[0] < 'a' || text[0] > 'z')
        return false;
    for (; text[len]; len++) {
        const char c = text[len];

        digits = is_digit(c) ? digits + 1 : 0;
        if (digits == 3 || len == SLUICE_NAME_MAX)
            return false;
        if (!is_digit(c) && !(c >= 'a' && c <= 'z') && c != '_' && c != '-')
            return false;
    }
    return true;
}

bool sluice_name_reserved(const char *text)
{
    static const char *const reserved[] = { "quarantine", "park", "suspended", "unassigned" };

    for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++)
        if (strcmp(text, reserved[i]) == 0)
            return true;
    return false;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Levenshtein's distance with one row of the table. */
static size_t distance(const char *a, const char *b)
{
    const size_t a_len = strnlen(a, NEAREST_TEXT_MAX);
    const size_t b_len = strnlen(b, NEAREST_TEXT_MAX);
    size_t row[NEAREST_TEXT_MAX + 1];

    for (size_t j = 0; j <= b_len; j++)
        row[j] = j;
    for (size_t i = 1; i <= a_len; i++) {
        size_t diagonal = row[0];

        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            const size_t above = row[j];
            const size_t replaced = diagonal + (a[i - 1] != b[j - 1]);

            row[j] = least(replaced, 1 + least(above, row[j - 1]));
            diagonal = above;
        }
    }
    return row[b_len];
}

void sluice_nearest_init(struct sluice_nearest *nearest, const char *text)
{
    *nearest = (struct sluice_nearest){ .text = text, .distance = 1 + least(3, 1 + strlen(text) / 3) };
}

void sluice_nearest_offer(struct sluice_nearest *nearest, const char *candidate)
{
    const size_t found = distance(nearest->text, candidate);

    if (found < nearest->distance) {
        nearest->distance = found;
        snprintf(nearest->best, sizeof nearest->best, "%s", candidate);
    }
}
