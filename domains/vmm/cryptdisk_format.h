/* How an encrypted window lies on its disk, and the cipher over it: ChaCha20-Poly1305 [RFC-8439] by Mbed TLS.
 *
 * A window is cut into groups of 64 blocks of 4 KiB: one block of records, then 63 blocks of data. A record
 * has the nonce and the tag of what its block holds, and of what it held before: the record is written, and
 * stays, before the data, so whichever of the two a crash leaves behind is still known. Records are not
 * secret; the whole block of them is authenticated with its group's number and a generation that rises with
 * every write. A block of zeroes is a group that was never written: all of it reads as zeroes.
 *
 * A block's tag covers its number in the window, so no block passes for another. */
#ifndef VMM_CRYPTDISK_FORMAT_H
#define VMM_CRYPTDISK_FORMAT_H

#include "common.h"

enum {
    CRYPT_BLOCK_BYTES = 4096,
    CRYPT_GROUP_BLOCKS = 64,
    CRYPT_GROUP_DATA = 63,
    CRYPT_KEY_BYTES = 32,
    CRYPT_NONCE_BYTES = 12,
    CRYPT_TAG_BYTES = 16,
};

/* Nonce and tag of one content; a nonce of zeroes: there is none. */
struct crypt_seal {
    uint8_t nonce[CRYPT_NONCE_BYTES];
    uint8_t tag[CRYPT_TAG_BYTES];
};

struct crypt_record {
    struct crypt_seal current;
    struct crypt_seal previous;
    uint8_t reserved[8];
};

struct crypt_group {
    struct crypt_seal seal; /* of all that follows */
    uint32_t magic;
    uint64_t generation;
    uint64_t number;
    uint8_t reserved[16];
    struct crypt_record record[CRYPT_GROUP_DATA];
};
_Static_assert(sizeof(struct crypt_record) == 64, "a record is 64 bytes on disk");
_Static_assert(sizeof(struct crypt_group) == CRYPT_BLOCK_BYTES, "a group's records fill one block");

/* Random numbers, 64 bits at a time; false: there are none now. */
typedef bool (*crypt_random)(uint64_t *value);

/* No nonce is used twice under a key: each begins with a random number of 64 bits, drawn when the VMM starts and
 * again before the counter of 32 bits behind it would wrap. */
struct crypt_keys {
    uint8_t key[CRYPT_KEY_BYTES];
    uint64_t session;
    uint32_t counter;
    crypt_random random;
};

/* False: no random numbers. */
bool crypt_keys_init(struct crypt_keys *keys, const uint8_t key[CRYPT_KEY_BYTES], crypt_random random);

/* Of a window of @sectors (512 bytes): whole groups, and the sectors of data in them. */
uint64_t crypt_groups(uint64_t sectors);
uint64_t crypt_data_sectors(uint64_t sectors);

/* The first sector, in the window, of a group's records and of data block @block. */
uint64_t crypt_group_sector(uint64_t group);
uint64_t crypt_block_sector(uint64_t block);

/* Is there anything behind it? */
bool crypt_seal_empty(const struct crypt_seal *seal);

/* Encrypts data block @block from @plain to @cipher (4 KiB each, not overlapping). False: no random numbers. */
bool crypt_block_seal(struct crypt_keys *keys, uint64_t block, const uint8_t *plain, uint8_t *cipher,
                      struct crypt_seal *seal);
/* The other way. False: this is not what @seal was made for; @plain is then unspecified. */
bool crypt_block_open(const struct crypt_keys *keys, uint64_t block, const struct crypt_seal *seal,
                      const uint8_t *cipher, uint8_t *plain);

/* Number, generation and seal of a group about to be written. False: no random numbers. */
bool crypt_group_seal(struct crypt_keys *keys, struct crypt_group *group, uint64_t number,
                      uint64_t generation);
/* Was the group @number with all its records written by us? A group of zeroes was not, and is blank. */
bool crypt_group_valid(const struct crypt_keys *keys, const struct crypt_group *group, uint64_t number);
bool crypt_group_blank(const struct crypt_group *group);

#endif
