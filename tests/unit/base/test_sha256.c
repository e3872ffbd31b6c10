/* Vectors of [FIPS-180-4]'s example collection, and every length around the padding's edges. */
#include <stdlib.h>

#include "base/sha256.h"
#include "unit.h"

static const char *hex(const uint8_t digest[static 32])
{
    static char text[65];
    for (int i = 0; i < 32; i++)
        snprintf(text + 2 * i, 3, "%02x", digest[i]);
    return text;
}

static const char *hash_text(const char *data)
{
    uint8_t digest[32];
    sha256((const uint8_t *)data, strlen(data), digest);
    return hex(digest);
}

static void test_sha256__published_vectors(void)
{
    CHECK_TEXT(hash_text(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    CHECK_TEXT(hash_text("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK_TEXT(hash_text("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
               "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

static void test_sha256__a_million_bytes(void)
{
    uint8_t digest[32];
    uint8_t *data = malloc(1000000);
    memset(data, 'a', 1000000);
    sha256(data, 1000000, digest);
    free(data);
    CHECK_TEXT(hex(digest), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

/* The digests of 0..129 bytes of 'x', hashed in turn; the value is coreutils'. Exact buffers let ASan see a stray read. */
static void test_sha256__every_length_around_the_block_edges(void)
{
    uint8_t digests[130 * 32], digest[32];
    for (size_t length = 0; length < 130; length++) {
        uint8_t *data = malloc(length ? length : 1);
        memset(data, 'x', length);
        sha256(data, length, digests + 32 * length);
        free(data);
    }
    sha256(digests, sizeof digests, digest);
    CHECK_TEXT(hex(digest), "6d0989028287a2bd990515b95658bb810cf688b69517dfc49e4b3778e0b6d923");
}

int main(void)
{
    RUN(test_sha256__published_vectors);
    RUN(test_sha256__a_million_bytes);
    RUN(test_sha256__every_length_around_the_block_edges);
    return UNIT_RESULT();
}
