#include "feed/secret.h"

#include <string.h>

#include "sluice/identity.h"

#define NAME_MAX_LEN 32   /* what a policy may write: SLUICE_NAME_MAX */
#define CARD_DIGITS_MIN 13
#define CARD_DIGITS_MAX 19

static const struct {
    const char *name;
    enum secret secret;
} names[] = {
    { "password", SECRET_HELD },
    { "passwd", SECRET_HELD },
    { "passphrase", SECRET_HELD },
    { "pin", SECRET_HELD },
    { "puk", SECRET_HELD },
    { "adm", SECRET_HELD },                /* administrative code of a UICC */
    { "pan", SECRET_HELD },
    { "cardnumber", SECRET_HELD },
    { "cvv", SECRET_HELD },
    { "cvc", SECRET_HELD },
    { "ki", SECRET_HELD },                 /* keys of TS 35.205 and of GSM */
    { "opc", SECRET_HELD },
    { "k", SECRET_HELD },
    { "op", SECRET_HELD },
    { "secret", SECRET_HELD },
    { "clientsecret", SECRET_HELD },
    { "token", SECRET_HELD },
    { "accesstoken", SECRET_HELD },
    { "refreshtoken", SECRET_HELD },
    { "apikey", SECRET_HELD },
    { "privatekey", SECRET_HELD },
    { "health", SECRET_PROHIBITED },
    { "biometric", SECRET_PROHIBITED },
    { "ethnicity", SECRET_PROHIBITED },
    { "religion", SECRET_PROHIBITED },
    { "nationalid", SECRET_PROHIBITED },
    { "offence", SECRET_PROHIBITED },
    { "conviction", SECRET_PROHIBITED },
    { "genetic", SECRET_PROHIBITED },
    { "sexualorientation", SECRET_PROHIBITED },
    { "politicalopinion", SECRET_PROHIBITED },
    { "tradeunion", SECRET_PROHIBITED },
};

/* What policies prohibit beyond that, plain. */
static char prohibited[SECRET_PROHIBITED_MAX][NAME_MAX_LEN];
static size_t prohibited_len[SECRET_PROHIBITED_MAX];
static size_t prohibited_count;

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The name without case, '_', '-' and digits at its end; 0 when it is too long to be one of ours. */
static size_t make_plain(char plain[static NAME_MAX_LEN], struct sluice_str name)
{
    size_t len = 0, end = name.len;

    while (end > 1 && is_digit(name.bytes[end - 1]))
        end--;
    for (size_t i = 0; i < end; i++) {
        const char c = name.bytes[i];

        if (c == '_' || c == '-')
            continue;
        if (len == NAME_MAX_LEN)
            return 0;
        plain[len++] = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    }
    return len;
}

bool secret_prohibit(struct sluice_str name)
{
    char plain[NAME_MAX_LEN];
    const size_t len = make_plain(plain, name);

    if (len == 0 || secret_of_name(name) == SECRET_PROHIBITED)
        return len > 0;
    if (prohibited_count == SECRET_PROHIBITED_MAX)
        return false;
    memcpy(prohibited[prohibited_count], plain, len);
    prohibited_len[prohibited_count++] = len;
    return true;
}

enum secret secret_of_name(struct sluice_str name)
{
    char plain[NAME_MAX_LEN];
    const size_t len = make_plain(plain, name);

    for (size_t i = 0; i < prohibited_count; i++)
        if (prohibited_len[i] == len && memcmp(prohibited[i], plain, len) == 0)
            return SECRET_PROHIBITED;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strlen(names[i].name) == len && memcmp(names[i].name, plain, len) == 0)
            return names[i].secret;
    return SECRET_NONE;
}

/* The lengths in use, by the first digits of the issuer (ISO/IEC 7812-1): a
 * text about traffic is full of other numbers, IMSIs of 15 digits above all. */
static bool is_card_shaped(const char *digits, size_t count)
{
    switch (count) {
    case 13:
        return digits[0] == '4';
    case 14:
        return digits[0] == '3' && strchr("0689", digits[1]);
    case 15:
        return digits[0] == '3' && strchr("47", digits[1]);
    default:
        return count >= 16 && count <= CARD_DIGITS_MAX && digits[0] >= '2' && digits[0] <= '6';
    }
}

static bool is_card(const char *digits, size_t count, size_t count_min)
{
    return count >= count_min && is_card_shaped(digits, count) &&
           sluice_luhn_digit(digits, count - 1) == digits[count - 1];
}

/* A run of digits ends where two characters in a row are none. */
static bool card_in(struct sluice_str text, size_t count_min)
{
    char digits[CARD_DIGITS_MAX + 1];
    size_t count = 0, gap = 0;

    for (size_t i = 0; i < text.len; i++) {
        const char c = text.bytes[i];

        if (is_digit(c)) {
            if (count <= CARD_DIGITS_MAX)
                digits[count++] = c;
            gap = 0;
        } else if ((c != ' ' && c != '-') || ++gap > 1) {
            if (is_card(digits, count, count_min))
                return true;
            count = 0;
        }
    }
    return is_card(digits, count, count_min);
}

bool secret_card_in_text(struct sluice_str text)
{
    return text.len >= CARD_DIGITS_MIN && card_in(text, CARD_DIGITS_MIN);
}

/* Quotes may be lost in broken bytes, so each is tried as the one before a name. */
enum secret secret_in_bytes(struct sluice_str bytes)
{
    enum secret worst = card_in(bytes, 16) ? SECRET_HELD : SECRET_NONE;
    const char *end = bytes.bytes + bytes.len;
    const char *quote = bytes.len ? memchr(bytes.bytes, '"', bytes.len) : NULL;

    while (quote) {
        const char *name = quote + 1;
        const size_t left = (size_t)(end - name);
        const char *next = left ? memchr(name, '"', left) : NULL;

        if (next) {
            size_t len = (size_t)(next - name);

            if (len > 0 && name[len - 1] == '\\')   /* JSON within a JSON string */
                len--;
            const enum secret secret = secret_of_name((struct sluice_str){ name, len });
            if (secret > worst)
                worst = secret;
        }
        quote = next;
    }
    return worst;
}
