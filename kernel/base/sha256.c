#include "sha256.h"

enum { BLOCK_BYTES = 64, LENGTH_AT = 56 };

/* [FIPS-180-4] 4.2.2 */
static const uint32_t round_constant[64] = {0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4,
    0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1,
    0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8,
    0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354,
    0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585,
    0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3, 0x748f82ee,
    0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

/*@ requires 0 < by < 32;
    assigns \nothing;
    ensures \result == (uint32_t)(word >> by | (uint32_t)(word << (32 - by)));
 */
static uint32_t rotate(uint32_t word, uint32_t by) { return word >> by | word << (32 - by); }

/*@ requires \valid(w + (0 .. 63)) && \valid_read(block + (0 .. BLOCK_BYTES - 1));
    requires \separated(w + (0 .. 63), block + (0 .. BLOCK_BYTES - 1));
    assigns w[0 .. 63];
 */
static void schedule(uint32_t w[static 64], const uint8_t block[static BLOCK_BYTES])
{
    /*@ loop invariant 0 <= i <= 16;
        loop assigns i, w[0 .. 15];
        loop variant 16 - i;
     */
    for (uint32_t i = 0; i < 16; i++)
        w[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 | (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
    /*@ loop invariant 16 <= i <= 64;
        loop assigns i, w[16 .. 63];
        loop variant 64 - i;
     */
    for (uint32_t i = 16; i < 64; i++) {
        const uint32_t s0 = rotate(w[i - 15], 7) ^ rotate(w[i - 15], 18) ^ w[i - 15] >> 3;
        const uint32_t s1 = rotate(w[i - 2], 17) ^ rotate(w[i - 2], 19) ^ w[i - 2] >> 10;
        w[i] = w[i - 16] + s0 + w[i - 7] + s1;
    }
}

/* [FIPS-180-4] 6.2.2; v holds a to h. */
/*@ requires \valid(hash + (0 .. 7)) && \valid_read(block + (0 .. BLOCK_BYTES - 1));
    requires \separated(hash + (0 .. 7), block + (0 .. BLOCK_BYTES - 1));
    assigns hash[0 .. 7];
 */
static void compress(uint32_t hash[static 8], const uint8_t block[static BLOCK_BYTES])
{
    uint32_t w[64], v[8];
    schedule(w, block);
    /*@ loop invariant 0 <= i <= 8;
        loop assigns i, v[0 .. 7];
        loop variant 8 - i;
     */
    for (uint32_t i = 0; i < 8; i++) v[i] = hash[i];
    /*@ loop invariant 0 <= i <= 64;
        loop assigns i, v[0 .. 7];
        loop variant 64 - i;
     */
    for (uint32_t i = 0; i < 64; i++) {
        const uint32_t s1 = rotate(v[4], 6) ^ rotate(v[4], 11) ^ rotate(v[4], 25);
        const uint32_t choice = (v[4] & v[5]) ^ (~v[4] & v[6]);
        const uint32_t t1 = v[7] + s1 + choice + round_constant[i] + w[i];
        const uint32_t s0 = rotate(v[0], 2) ^ rotate(v[0], 13) ^ rotate(v[0], 22);
        const uint32_t majority = (v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]);
        /*@ loop invariant 0 <= j <= 7;
            loop assigns j, v[1 .. 7];
            loop variant j;
         */
        for (uint32_t j = 7; j > 0; j--) v[j] = v[j - 1];
        v[4] += t1;
        v[0] = t1 + s0 + majority;
    }
    /*@ loop invariant 0 <= i <= 8;
        loop assigns i, hash[0 .. 7];
        loop variant 8 - i;
     */
    for (uint32_t i = 0; i < 8; i++) hash[i] += v[i];
}

/* The last block or two: rest of the data, a one bit, zeros, length in bits: [FIPS-180-4] 5.1.1. */
/*@ requires \valid(hash + (0 .. 7)) && \valid_read(rest + (0 .. len_bytes % BLOCK_BYTES - 1));
    requires \separated(hash + (0 .. 7), rest + (0 .. len_bytes % BLOCK_BYTES - 1));
    assigns hash[0 .. 7];
 */
static void finish(uint32_t hash[static 8], const uint8_t *rest, uint64_t len_bytes)
{
    uint8_t block[2 * BLOCK_BYTES] = {0};
    const uint64_t count = len_bytes % BLOCK_BYTES;
    const uint64_t blocks = count < LENGTH_AT ? 1 : 2;
    /*@ loop invariant 0 <= i <= count;
        loop invariant \forall integer j; 0 <= j < i ==> block[j] == rest[j];
        loop invariant \forall integer j; i <= j < 2 * BLOCK_BYTES ==> block[j] == 0;
        loop assigns i, block[0 .. count - 1];
        loop variant count - i;
     */
    for (uint64_t i = 0; i < count; i++) block[i] = rest[i];
    block[count] = 0x80;
    /*@ loop invariant 0 <= i <= 8;
        loop invariant \forall integer j; 0 <= j < i ==>
            block[blocks * BLOCK_BYTES - 1 - j] == (uint8_t)((uint64_t)(len_bytes * 8) >> (8 * j));
        loop invariant \forall integer j; 0 <= j < count ==> block[j] == rest[j];
        loop invariant block[count] == 0x80;
        loop invariant \forall integer j; count < j < blocks * BLOCK_BYTES - 8 ==> block[j] == 0;
        loop assigns i, block[blocks * BLOCK_BYTES - 8 .. blocks * BLOCK_BYTES - 1];
        loop variant 8 - i;
     */
    for (uint64_t i = 0; i < 8; i++) block[blocks * BLOCK_BYTES - 1 - i] = (uint8_t)((len_bytes * 8) >> (8 * i));
    /*@ assert padded: count + 9 <= blocks * BLOCK_BYTES < count + 9 + BLOCK_BYTES &&
            (\forall integer j; 0 <= j < count ==> block[j] == rest[j]) && block[count] == 0x80 &&
            (\forall integer j; count < j < blocks * BLOCK_BYTES - 8 ==> block[j] == 0) &&
            \forall integer j; 0 <= j < 8 ==>
                block[blocks * BLOCK_BYTES - 1 - j] == (uint8_t)((uint64_t)(len_bytes * 8) >> (8 * j)); */
    /*@ loop invariant 0 <= i <= blocks;
        loop assigns i, hash[0 .. 7];
        loop variant blocks - i;
     */
    for (uint64_t i = 0; i < blocks; i++) compress(hash, block + i * BLOCK_BYTES);
}

void sha256(const uint8_t *data, uint64_t len_bytes, uint8_t digest[static 32])
{
    uint32_t hash[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    const uint64_t whole = len_bytes - len_bytes % BLOCK_BYTES;
    /*@ loop invariant 0 <= at <= whole && at % BLOCK_BYTES == 0;
        loop assigns at, hash[0 .. 7];
        loop variant whole - at;
     */
    for (uint64_t at = 0; at < whole; at += BLOCK_BYTES) compress(hash, data + at);
    finish(hash, data + whole, len_bytes);
    /*@ loop invariant 0 <= i <= 32;
        loop invariant \forall integer j; 0 <= j < i ==> digest[j] == (uint8_t)(hash[j / 4] >> (24 - 8 * (j % 4)));
        loop assigns i, digest[0 .. 31];
        loop variant 32 - i;
     */
    for (uint32_t i = 0; i < 32; i++) digest[i] = (uint8_t)(hash[i / 4] >> (24 - 8 * (i % 4)));
}
