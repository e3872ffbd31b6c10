/* Writes to a disk and knows what must be there: blocks are filled from their number and a generation, with many requests
 * in flight, until a file appears. Every block that is read is compared, and at the end all of them are.
 *
 * verify DEVICE FIRST BLOCKS STOP
 * Ends with "verify: well, …" and status 0; with the first error or difference in a line, and status 1. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { BLOCK = 4096, DEPTH = 32, WORDS = BLOCK / 8 };

struct work {
    int file;
    uint64_t first, blocks, state;
    uint32_t *generation; /* of each block; 0 = whatever was there */
    aio_context_t queue;
    uint8_t *buffer; /* DEPTH blocks */
    uint64_t writes, reads, flushes;
};

static void fail(const char *what, uint64_t block)
{
    printf("verify: %s at block %llu: %s\n", what, (unsigned long long)block, strerror(errno));
    fflush(stdout);
    exit(1);
}

static uint64_t draw(struct work *work)
{
    work->state = work->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return work->state >> 33;
}

static uint64_t word_of(uint64_t block, uint32_t generation, uint32_t at)
{
    return (block * UINT64_C(0x9e3779b97f4a7c15) ^ (uint64_t)generation << 32 ^ at) *
           UINT64_C(0xff51afd7ed558ccd);
}

static void fill(uint8_t *to, uint64_t block, uint32_t generation)
{
    for (uint32_t i = 0; i < WORDS; i++) {
        uint64_t word = word_of(block, generation, i);
        memcpy(to + 8 * i, &word, 8);
    }
}

static bool is(const uint8_t *from, uint64_t block, uint32_t generation)
{
    for (uint32_t i = 0; i < WORDS; i++) {
        uint64_t word = word_of(block, generation, i);
        if (memcmp(from + 8 * i, &word, 8) != 0)
            return false;
    }
    return true;
}

/* Half of a round are writes, half are reads, each of a block that no other of the round touches. */
static void round_of_requests(struct work *work)
{
    struct iocb request[DEPTH], *list[DEPTH];
    struct io_event event[DEPTH];
    uint64_t block[DEPTH], start = draw(work) % work->blocks, step = work->blocks / DEPTH;
    memset(request, 0, sizeof request);
    for (uint32_t i = 0; i < DEPTH; i++) {
        bool write = draw(work) % 2 == 0;
        block[i] = (start + i * step) % work->blocks;
        if (write)
            fill(work->buffer + (size_t)i * BLOCK, block[i], ++work->generation[block[i]]);
        work->writes += write;
        work->reads += !write;
        list[i] = &request[i];
        request[i].aio_lio_opcode = write ? IOCB_CMD_PWRITE : IOCB_CMD_PREAD;
        request[i].aio_fildes = (uint32_t)work->file;
        request[i].aio_buf = (uint64_t)(uintptr_t)(work->buffer + (size_t)i * BLOCK);
        request[i].aio_nbytes = BLOCK;
        request[i].aio_offset = (int64_t)((work->first + block[i]) * BLOCK);
        request[i].aio_data = i;
    }
    if (syscall(SYS_io_submit, work->queue, DEPTH, list) != DEPTH)
        fail("io_submit", 0);
    for (long done = 0; done < DEPTH;) {
        long got = syscall(SYS_io_getevents, work->queue, 1, DEPTH, event, NULL);
        if (got <= 0)
            fail("io_getevents", 0);
        for (long e = 0; e < got; e++) {
            uint64_t i = event[e].data;
            if (event[e].res != BLOCK) {
                errno = (int)-event[e].res;
                fail("an I/O error", block[i]);
            }
            if (request[i].aio_lio_opcode == IOCB_CMD_PREAD && work->generation[block[i]] != 0 &&
                !is(work->buffer + i * BLOCK, block[i], work->generation[block[i]]))
                fail("other bytes than were written", block[i]);
        }
        done += got;
    }
}

static void flush(struct work *work)
{
    if (fdatasync(work->file) != 0)
        fail("a flush", 0);
    work->flushes++;
}

static void verify_all(struct work *work)
{
    for (uint64_t block = 0; block < work->blocks; block++) {
        if (work->generation[block] == 0)
            continue;
        if (pread(work->file, work->buffer, BLOCK, (off_t)((work->first + block) * BLOCK)) != BLOCK)
            fail("an I/O error", block);
        if (!is(work->buffer, block, work->generation[block]))
            fail("other bytes than were written and flushed", block);
    }
}

int main(int count, char **arguments)
{
    if (count != 5)
        return 2;
    struct work work = {.file = open(arguments[1], O_RDWR | O_DIRECT),
                        .first = strtoull(arguments[2], NULL, 10),
                        .blocks = strtoull(arguments[3], NULL, 10),
                        .state = 1};
    work.generation = calloc(work.blocks, sizeof *work.generation);
    work.buffer = aligned_alloc(BLOCK, DEPTH * BLOCK);
    if (work.file < 0 || work.generation == NULL || work.buffer == NULL || work.blocks < DEPTH ||
        syscall(SYS_io_setup, DEPTH, &work.queue) != 0)
        fail("the beginning", 0);
    while (access(arguments[4], F_OK) != 0) {
        round_of_requests(&work);
        if (draw(&work) % 8 == 0)
            flush(&work);
    }
    flush(&work);
    verify_all(&work);
    printf("verify: well, %llu writes, %llu reads, %llu flushes\n", (unsigned long long)work.writes,
           (unsigned long long)work.reads, (unsigned long long)work.flushes);
    return 0;
}
