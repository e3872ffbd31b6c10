/* An encrypted disk: between the guest's block device (a disk channel inside this domain, with a pool of plain
 * text that nobody else maps) and the disk that blkvirt offers (whose pool a device reads and writes at any
 * moment). It runs in a thread of its own; nothing here enters the kernel.
 *
 * What the device gets is ciphertext, copied there when finished; what it gives is copied away before it is
 * looked at. What does not verify ends as an I/O error, never as data.
 *
 * A write: records first (forced to the medium, with the old seals kept beside the new ones), then the data.
 * A read takes what verifies under either, and remembers under which: from then on, and from each finished
 * write on, the other one is stale for as long as this VMM lives. A group's records must have the generation
 * that was last written. Neither survives the VMM: docs/threat-model.md. */
#ifndef VMM_CRYPTDISK_H
#define VMM_CRYPTDISK_H

#include <blockring.h>

#include "cryptdisk_format.h"

enum {
    CRYPT_OPS = 48,   /* requests at a time: slots of the disk's pool */
    CRYPT_LINES = 16, /* groups whose records are at hand: the slots behind those */
};

/* What this VMM knows of a group, whether its records are at hand or not. */
struct crypt_state {
    uint64_t seen;      /* generation + 1 of its records; 0 = not looked at yet */
    uint64_t attempted; /* the same of a write that ended with an error: it may be there or not; 0 = none */
    uint64_t highest;   /* ever used: none is used twice */
    uint64_t current_only; /* bit n: of record n only the current content counts */
    uint64_t previous_only;
};

enum crypt_line_state { CRYPT_LINE_EMPTY, CRYPT_LINE_LOADING, CRYPT_LINE_READY, CRYPT_LINE_REFUSED };

struct crypt_line {
    enum crypt_line_state state;
    uint64_t group;
    uint32_t readers;
    bool writer;
    uint64_t used; /* when, in wake-ups */
    struct crypt_group records;
};

enum crypt_phase {
    CRYPT_FREE,
    CRYPT_LINE,    /* waits for its group's records, or for its turn with them */
    CRYPT_READ,    /* data is being read */
    CRYPT_RESOLVE, /* a write finds out first what stands there */
    CRYPT_RECORDS, /* records are being written */
    CRYPT_WRITE,   /* data is being written */
    CRYPT_FLUSH,
};

struct crypt_op {
    enum crypt_phase phase;
    struct block_request request; /* the guest's */
    uint64_t block, left;         /* of it: what is to do, in blocks of data */
    uint32_t done;                /* blocks behind that */
    uint32_t part;                /* blocks of the present part: all in one group */
    struct crypt_line *line;
};

struct cryptdisk {
    struct crypt_keys keys;
    struct block_server front;
    struct block_client back;
    uint8_t *front_pool, *back_pool;
    struct crypt_state *state; /* one for each group that there is room for */
    uint64_t groups_max, groups;
    bool offered;
    bool lost; /* the disk began again and was not asked again yet */
    uint64_t wakes;
    uint64_t refused; /* contents that did not verify, or were stale */
    struct crypt_op op[CRYPT_OPS];
    struct crypt_line line[CRYPT_LINES];
    uint8_t posted[BLOCK_LIMITS_SLOTS]; /* requests out at the disk, by slot */
    struct block_request out[BLOCK_LIMITS_SLOTS];
    uint8_t scratch[CRYPT_BLOCK_BYTES];
};

struct cryptdisk_parts {
    struct block_channel *front, *back;
    uint8_t *front_pool, *back_pool; /* BLOCK_LIMITS_POOL_BYTES each */
    struct crypt_state *state;       /* zeroed */
    uint64_t groups_max;
    const uint8_t *key; /* CRYPT_KEY_BYTES */
    crypt_random random;
};

/* False: no random numbers. */
bool cryptdisk_open(struct cryptdisk *disk, const struct cryptdisk_parts *parts);

enum cryptdisk_signal { CRYPTDISK_SIGNAL_FRONT = 1, CRYPTDISK_SIGNAL_BACK = 2 };

/* Does all there is to do; answers whom to signal. Afterwards sleep, unless cryptdisk_sleep answers false. */
unsigned cryptdisk_wake(struct cryptdisk *disk);
bool cryptdisk_sleep(struct cryptdisk *disk);

#endif
