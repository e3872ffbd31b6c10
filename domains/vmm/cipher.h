/* The thread that encrypts this guest's disk (cryptdisk.h), and what it shares with the thread that runs the
 * guest: a disk channel and a pool of plain text in this domain's own heap. */
#ifndef VMM_CIPHER_H
#define VMM_CIPHER_H

#include <bulkhead/domain.h>

#include "virtio_block.h"

/* Called by the guest's thread before its disk is opened: puts the inner channel, pool and size into @options in place
 * of those of the disk. The thread begins when its bell rings after that. False: no disk, as the log says. */
bool cipher_open(const struct domain_info *info, struct virtio_block_options *options);

/* What did not verify since the last call. */
uint64_t cipher_refused(void);

/* The life of the other thread. */
_Noreturn void cipher_run(const struct domain_info *info);

#endif
