/* What people take for pseudonymisation, written small: digests of one short
 * text. Correct for texts of at most 55 bytes, as identifiers are. */
#ifndef ATTACKS_DIGEST_H
#define ATTACKS_DIGEST_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define DIGEST_TEXT_MAX 55

static inline uint32_t rotate_left(uint32_t value, unsigned by)
{
    return value << by | value >> (32 - by);
}

/* The one block of MD5 (low bytes first) and SHA (high bytes first) as words. */
static inline void one_block(uint32_t words[static 16], const uint8_t *text, size_t len, int big_endian)
{
    uint8_t block[64] = { 0 };

    memcpy(block, text, len);
    block[len] = 0x80;
    for (unsigned i = 0; i < 8; i++)
        block[big_endian ? 63 - i : 56 + i] = (uint8_t)((uint64_t)len * 8 >> (8 * i));
    for (unsigned i = 0; i < 16; i++) {
        const uint8_t *at = block + 4 * i;
        words[i] = big_endian ? (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3]
                              : (uint32_t)at[3] << 24 | (uint32_t)at[2] << 16 | (uint32_t)at[1] << 8 | at[0];
    }
}

/* The first 8 bytes of a digest as they stand in memory, from its first two words. */
static inline uint64_t head(uint32_t first, uint32_t second, int big_endian)
{
    if (big_endian) {
        first = __builtin_bswap32(first);
        second = __builtin_bswap32(second);
    }
    return (uint64_t)second << 32 | first;
}

/* RFC 1321 */
static inline uint64_t md5_head(const uint8_t *text, size_t len)
{
    static const uint8_t turns[4][4] = { { 7, 12, 17, 22 }, { 5, 9, 14, 20 }, { 4, 11, 16, 23 }, { 6, 10, 15, 21 } };
    static const uint32_t sines[64] = {
        0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
        0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
        0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
        0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
        0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
        0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
        0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
        0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391,
    };
    uint32_t words[16], a = 0x67452301, b = 0xefcdab89, c = 0x98badcfe, d = 0x10325476;

    one_block(words, text, len, 0);
    for (unsigned i = 0; i < 64; i++) {
        uint32_t mixed;
        unsigned word;

        switch (i / 16) {
        case 0: mixed = (b & c) | (~b & d); word = i; break;
        case 1: mixed = (d & b) | (~d & c); word = (5 * i + 1) % 16; break;
        case 2: mixed = b ^ c ^ d; word = (3 * i + 5) % 16; break;
        default: mixed = c ^ (b | ~d); word = 7 * i % 16; break;
        }
        mixed += a + sines[i] + words[word];
        a = d;
        d = c;
        c = b;
        b += rotate_left(mixed, turns[i / 16][i % 4]);
    }
    return head(a + 0x67452301, b + 0xefcdab89, 0);
}

/* FIPS 180-4, 6.1 */
static inline uint64_t sha1_head(const uint8_t *text, size_t len)
{
    uint32_t w[80], a = 0x67452301, b = 0xefcdab89, c = 0x98badcfe, d = 0x10325476, e = 0xc3d2e1f0;

    one_block(w, text, len, 1);
    for (unsigned i = 16; i < 80; i++)
        w[i] = rotate_left(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
    for (unsigned i = 0; i < 80; i++) {
        const uint32_t mixed = i < 20   ? ((b & c) | (~b & d)) + 0x5a827999
                               : i < 40 ? (b ^ c ^ d) + 0x6ed9eba1
                               : i < 60 ? ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc
                                        : (b ^ c ^ d) + 0xca62c1d6;
        const uint32_t next = rotate_left(a, 5) + mixed + e + w[i];

        e = d;
        d = c;
        c = rotate_left(b, 30);
        b = a;
        a = next;
    }
    return head(a + 0x67452301, b + 0xefcdab89, 1);
}

/* FIPS 180-4, 6.2 */
static inline uint64_t sha256_head(const uint8_t *text, size_t len)
{
    static const uint32_t k[64] = {
        0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
        0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
        0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
        0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
        0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
        0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
        0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
        0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
    };
    uint32_t w[64], s[8] = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 };

    one_block(w, text, len, 1);
#define R(value, by) rotate_left(value, 32 - (by))
    for (unsigned i = 16; i < 64; i++)
        w[i] = w[i - 16] + (R(w[i - 15], 7) ^ R(w[i - 15], 18) ^ w[i - 15] >> 3) + w[i - 7] +
               (R(w[i - 2], 17) ^ R(w[i - 2], 19) ^ w[i - 2] >> 10);
    for (unsigned i = 0; i < 64; i++) {
        const uint32_t one = s[7] + (R(s[4], 6) ^ R(s[4], 11) ^ R(s[4], 25)) + ((s[4] & s[5]) ^ (~s[4] & s[6])) + k[i] + w[i];
        const uint32_t two = (R(s[0], 2) ^ R(s[0], 13) ^ R(s[0], 22)) + ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));

        memmove(s + 1, s, 7 * sizeof *s);
        s[4] += one;
        s[0] = one + two;
    }
#undef R
    return head(s[0] + 0x6a09e667, s[1] + 0xbb67ae85, 1);
}

/* MurmurHash64A, seed 0 */
static inline uint64_t murmur_head(const uint8_t *text, size_t len)
{
    const uint64_t m = UINT64_C(0xc6a4a7935bd1e995);
    uint64_t hash = len * m, last = 0;

    for (; len >= 8; text += 8, len -= 8) {
        uint64_t word;

        memcpy(&word, text, 8);
        word *= m;
        word = (word ^ word >> 47) * m;
        hash = (hash ^ word) * m;
    }
    memcpy(&last, text, len);
    if (len)
        hash = (hash ^ last) * m;
    hash = (hash ^ hash >> 47) * m;
    return hash ^ hash >> 47;
}

#endif
