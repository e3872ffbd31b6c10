#include "cryptdisk_format.h"

#include <string.h>

#include <mbedtls/chachapoly.h>

#define GROUP_MAGIC UINT32_C(0x47434842)         /* "BHCG" */
#define BLOCK_LABEL UINT64_C(0x3130415441444842) /* "BHDATA01" */

enum { BLOCK_SECTORS = CRYPT_BLOCK_BYTES / 512, SEAL_BYTES = sizeof(struct crypt_seal) };

/* What a data block's tag covers beside the block. */
struct block_context {
    uint64_t label;
    uint64_t block;
};

static struct block_context context_of(uint64_t block)
{
    return (struct block_context){BLOCK_LABEL, block};
}

bool crypt_keys_init(struct crypt_keys *keys, const uint8_t key[CRYPT_KEY_BYTES], crypt_random random)
{
    memcpy(keys->key, key, CRYPT_KEY_BYTES);
    keys->random = random;
    keys->counter = 0;
    return random(&keys->session);
}

uint64_t crypt_groups(uint64_t sectors)
{
    return sectors / (CRYPT_GROUP_BLOCKS * BLOCK_SECTORS);
}

uint64_t crypt_data_sectors(uint64_t sectors)
{
    return crypt_groups(sectors) * CRYPT_GROUP_DATA * BLOCK_SECTORS;
}

uint64_t crypt_group_sector(uint64_t group)
{
    return group * CRYPT_GROUP_BLOCKS * BLOCK_SECTORS;
}

uint64_t crypt_block_sector(uint64_t block)
{
    return crypt_group_sector(block / CRYPT_GROUP_DATA) + (1 + block % CRYPT_GROUP_DATA) * BLOCK_SECTORS;
}

bool crypt_seal_empty(const struct crypt_seal *seal)
{
    uint8_t any = 0;
    for (size_t i = 0; i < CRYPT_NONCE_BYTES; i++) {
        any |= seal->nonce[i];
    }
    return any == 0;
}

static bool next_nonce(struct crypt_keys *keys, uint8_t nonce[CRYPT_NONCE_BYTES])
{
    if (keys->counter == UINT32_MAX) {
        if (!keys->random(&keys->session)) {
            return false;
        }
        keys->counter = 0;
    }
    keys->counter++; /* never zero: an empty seal is known by its nonce */
    memcpy(nonce, &keys->session, sizeof keys->session);
    memcpy(nonce + sizeof keys->session, &keys->counter, sizeof keys->counter);
    return true;
}

/* The library answers an error for a bad length or state only, which no caller here can cause. */
static bool encrypt(const struct crypt_keys *keys, const void *context, size_t context_bytes,
                    const uint8_t *plain, uint8_t *cipher, size_t len_bytes, struct crypt_seal *seal)
{
    mbedtls_chachapoly_context chachapoly;
    mbedtls_chachapoly_init(&chachapoly);
    int error = mbedtls_chachapoly_setkey(&chachapoly, keys->key);
    error |= mbedtls_chachapoly_encrypt_and_tag(&chachapoly, len_bytes, seal->nonce, context, context_bytes,
                                                plain, cipher, seal->tag);
    mbedtls_chachapoly_free(&chachapoly);
    return error == 0;
}

/* The library compares the tags in constant time and wipes what it decrypted where they differ. */
static bool decrypt(const struct crypt_keys *keys, const void *context, size_t context_bytes,
                    const uint8_t *cipher, uint8_t *plain, size_t len_bytes, const struct crypt_seal *seal)
{
    mbedtls_chachapoly_context chachapoly;
    mbedtls_chachapoly_init(&chachapoly);
    int error = mbedtls_chachapoly_setkey(&chachapoly, keys->key);
    if (error == 0) {
        error = mbedtls_chachapoly_auth_decrypt(&chachapoly, len_bytes, seal->nonce, context, context_bytes,
                                                seal->tag, cipher, plain);
    }
    mbedtls_chachapoly_free(&chachapoly);
    return error == 0;
}

bool crypt_block_seal(struct crypt_keys *keys, uint64_t block, const uint8_t *plain, uint8_t *cipher,
                      struct crypt_seal *seal)
{
    const struct block_context context = context_of(block);
    return next_nonce(keys, seal->nonce) &&
           encrypt(keys, &context, sizeof context, plain, cipher, CRYPT_BLOCK_BYTES, seal);
}

bool crypt_block_open(const struct crypt_keys *keys, uint64_t block, const struct crypt_seal *seal,
                      const uint8_t *cipher, uint8_t *plain)
{
    const struct block_context context = context_of(block);
    return decrypt(keys, &context, sizeof context, cipher, plain, CRYPT_BLOCK_BYTES, seal);
}

bool crypt_group_seal(struct crypt_keys *keys, struct crypt_group *group, uint64_t number,
                      uint64_t generation)
{
    group->magic = GROUP_MAGIC;
    group->number = number;
    group->generation = generation;
    memset(group->reserved, 0, sizeof group->reserved);
    return next_nonce(keys, group->seal.nonce) &&
           encrypt(keys, (const uint8_t *)group + SEAL_BYTES, sizeof *group - SEAL_BYTES, NULL, NULL, 0,
                   &group->seal);
}

bool crypt_group_valid(const struct crypt_keys *keys, const struct crypt_group *group, uint64_t number)
{
    return group->magic == GROUP_MAGIC && group->number == number &&
           decrypt(keys, (const uint8_t *)group + SEAL_BYTES, sizeof *group - SEAL_BYTES, NULL, NULL, 0,
                   &group->seal);
}

bool crypt_group_blank(const struct crypt_group *group)
{
    uint64_t any = 0;
    for (size_t i = 0; i < sizeof *group; i += sizeof any) {
        uint64_t word;
        memcpy(&word, (const uint8_t *)group + i, sizeof word);
        any |= word;
    }
    return any == 0;
}
