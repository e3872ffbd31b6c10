/* The guest's side of the disk and network rows: runs one kind of operation N times, twice, with a marker before and
 * behind each window (tools/qemu-plugin/windows.c). Nothing but system calls is in a window.
 *
 * workload disk DEVICE [one] | workload net HOST PORT
 * One line for each window: "window NUMBER OPERATION COUNT". */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/fs.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

enum {
    BLOCK = 4096,
    DEPTH = 32,
    BATCH = 8,
    ROUNDS = 2000,
    RANDOM_ROUNDS = 10000,
    WARM = 500,
    FEW = 512,
    SMALL = 64,
    LARGE = 1472,
    BURST = 32
};

#define MARK(number)                                                                               \
    case number:                                                                                   \
        __asm__ volatile(".byte 0x0f, 0x1f, 0x84, 0x00, 'B', 'H', " #number ", 'M'" ::: "memory"); \
        break

static void mark(int number)
{
    switch (number) {
        MARK(1);
        MARK(2);
        MARK(3);
        MARK(4);
        MARK(5);
        MARK(6);
        MARK(7);
        MARK(8);
        MARK(9);
        MARK(10);
        MARK(11);
        MARK(12);
        MARK(13);
        MARK(14);
        MARK(15);
        MARK(16);
        MARK(17);
        MARK(18);
        MARK(19);
        MARK(20);
        MARK(21);
        MARK(22);
        MARK(23);
        MARK(24);
        MARK(25);
        MARK(26);
        MARK(27);
        MARK(28);
        MARK(29);
        MARK(30);
        MARK(31);
        MARK(32);
        MARK(33);
        MARK(34);
        MARK(35);
        MARK(36);
    default:
        abort();
    }
}

static void check(bool good, const char *what)
{
    if (!good) {
        printf("workload: %s: %s\n", what, strerror(errno));
        fflush(stdout);
        exit(1);
    }
}

static int window_number;

/* Between the markers 2n - 1 and 2n. */
static void window(const char *name, int count, void (*run)(void *, int), void *context)
{
    run(context, WARM);
    for (int i = 0; i < 2; i++) {
        window_number++;
        printf("window %d %s %d\n", window_number, name, count);
        mark(2 * window_number - 1);
        run(context, count);
        mark(2 * window_number);
    }
}

/* ------------------------------------------------------------------ disk */

struct disk {
    int file;
    uint64_t blocks;
    uint64_t state;
    bool write;
    aio_context_t queue;
    uint8_t *buffer;
    uint64_t least, sum, looks; /* requests in flight, as seen */
};

static uint64_t next_block(struct disk *disk)
{
    disk->state = disk->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (disk->state >> 33) % disk->blocks;
}

static void one_by_one(void *context, int count)
{
    struct disk *disk = context;
    for (int i = 0; i < count; i++) {
        off_t at = (off_t)(next_block(disk) * BLOCK);
        ssize_t done = disk->write ? pwrite(disk->file, disk->buffer, BLOCK, at)
                                   : pread(disk->file, disk->buffer, BLOCK, at);
        check(done == BLOCK, "an I/O");
    }
}

static void submit(struct disk *disk, struct iocb **blocks, long count)
{
    for (long i = 0; i < count; i++)
        blocks[i]->aio_offset = (int64_t)(next_block(disk) * BLOCK);
    check(syscall(SYS_io_submit, disk->queue, count, blocks) == count, "io_submit");
}

/* Always as many in flight as the queue is deep, less what is being gathered for the next call. */
static void many_at_once(void *context, int count)
{
    struct disk *disk = context;
    struct iocb block[DEPTH], *ready[DEPTH];
    struct io_event event[DEPTH];
    int submitted = 0, done = 0;
    memset(block, 0, sizeof block);
    for (int i = 0; i < DEPTH; i++) {
        block[i].aio_lio_opcode = disk->write ? IOCB_CMD_PWRITE : IOCB_CMD_PREAD;
        block[i].aio_fildes = (uint32_t)disk->file;
        block[i].aio_buf = (uint64_t)(uintptr_t)(disk->buffer + (size_t)i * BLOCK);
        block[i].aio_nbytes = BLOCK;
        block[i].aio_data = (uint64_t)i;
        ready[i] = &block[i];
    }
    submit(disk, ready, submitted = DEPTH);
    while (done < count) {
        long left = count - done, want = left < BATCH ? left : BATCH, more = 0;
        long got = syscall(SYS_io_getevents, disk->queue, want, DEPTH, event, NULL);
        check(got > 0, "io_getevents");
        disk->sum += (uint64_t)(submitted - done);
        disk->looks++;
        for (long i = 0; i < got; i++, done++) {
            check(event[i].res == BLOCK, "an I/O");
            if (submitted + more < count)
                ready[more++] = &block[event[i].data];
        }
        if (more != 0)
            submit(disk, ready, more);
        submitted += (int)more;
    }
}

/* Linux gives a disk of one queue, and on one processor every disk has one, the scheduler mq-deadline; one of several queues
 * gets none. So that both sides are measured with the same, and it is known which, the disk goes without. */
static void drop_scheduler(const char *device)
{
    static const char none[] = "none";
    char name[64], text[64] = "";
    const char *slash = strrchr(device, '/');
    check(slash != NULL, device);
    (void)snprintf(name, sizeof name, "/sys/block/%s/queue/scheduler", slash + 1);
    int file = open(name, O_RDWR);
    check(file >= 0, name);
    check(pwrite(file, none, sizeof none - 1, 0) == (ssize_t)sizeof none - 1, name);
    check(pread(file, text, sizeof text - 1, 0) > 0 && strstr(text, "[none]") != NULL, name);
    close(file);
}

static void run_disk(const char *device, bool one_at_a_time)
{
    drop_scheduler(device);
    struct disk disk = {.file = open(device, O_RDWR | O_DIRECT), .state = 1};
    uint64_t bytes;
    check(disk.file >= 0, device);
    check(ioctl(disk.file, BLKGETSIZE64, &bytes) == 0, "the disk's size");
    disk.blocks = bytes / BLOCK;
    disk.buffer = aligned_alloc(BLOCK, DEPTH * BLOCK);
    check(disk.buffer != NULL, "memory");
    memset(disk.buffer, 0x5a, DEPTH * BLOCK);
    check(syscall(SYS_io_setup, DEPTH, &disk.queue) == 0, "io_setup");
    for (int i = 0; one_at_a_time && i < FEW; i++) /* blocks that were never written cost less */
        check(pwrite(disk.file, disk.buffer, BLOCK, (off_t)i * BLOCK) == BLOCK, "an I/O");
    if (one_at_a_time)
        disk.blocks = FEW;
    window("blk.read.qd1", ROUNDS, one_by_one, &disk);
    if (one_at_a_time) {
        disk.write = true;
        window("blk.write.qd1", ROUNDS, one_by_one, &disk);
        return;
    }
    window("blk.read.qd32", ROUNDS, many_at_once, &disk);
    disk.write = true;
    window("blk.write.qd1", ROUNDS, one_by_one, &disk);
    window("blk.write.qd32", ROUNDS, many_at_once, &disk);
    disk.write = false;
    disk.sum = disk.looks = 0;
    window("blk.exits.qd32", RANDOM_ROUNDS, many_at_once, &disk);
    printf("occupancy %llu\n", (unsigned long long)(disk.sum / disk.looks));
}

/* ------------------------------------------------------------------ network */

struct net {
    int socket;
    size_t bytes;
    uint8_t frame[LARGE];
};

static void send_one(struct net *net, char what)
{
    net->frame[0] = (uint8_t)what;
    check(send(net->socket, net->frame, net->bytes, 0) == (ssize_t)net->bytes, "send");
}

static void transmit(void *context, int count)
{
    for (int i = 0; i < count; i++)
        send_one(context, 'x');
}

/* A lost packet is asked for again: what is counted is what arrived. */
static bool receive_one(struct net *net)
{
    uint8_t buffer[LARGE];
    return recv(net->socket, buffer, sizeof buffer, 0) == (ssize_t)net->bytes;
}

static void ping_pong(void *context, int count)
{
    struct net *net = context;
    for (int done = 0; done < count;) {
        send_one(net, 'e');
        done += receive_one(net);
    }
}

static void receive(void *context, int count)
{
    struct net *net = context;
    for (int done = 0; done < count;) {
        send_one(net, 'b'); /* as many as BURST of this length, please */
        for (int i = 0; i < BURST && done < count && receive_one(net); i++)
            done++;
    }
}

static void drain(struct net *net)
{
    while (receive_one(net)) {
    }
}

static void run_net(const char *host, const char *port)
{
    static const struct {
        const char *name;
        size_t bytes;
        void (*run)(void *, int);
    } kinds[] = {
        {"net.tx.64", SMALL, transmit},        {"net.tx.1472", LARGE, transmit},
        {"net.pingpong.64", SMALL, ping_pong}, {"net.pingpong.1472", LARGE, ping_pong},
        {"net.rx.64", SMALL, receive},         {"net.rx.1472", LARGE, receive},
    };
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
    const struct timeval patience = {.tv_usec = 200000};
    struct net net = {.socket = socket(AF_INET, SOCK_DGRAM, 0)};
    check(net.socket >= 0 && inet_pton(AF_INET, host, &to.sin_addr) == 1, "a socket");
    check(connect(net.socket, (struct sockaddr *)&to, sizeof to) == 0, "connect");
    check(setsockopt(net.socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) == 0, "a time-out");
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        net.bytes = kinds[i].bytes;
        window(kinds[i].name, ROUNDS, kinds[i].run, &net);
        drain(&net);
    }
}

int main(int count, char **arguments)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    if ((count == 3 || count == 4) && strcmp(arguments[1], "disk") == 0)
        run_disk(arguments[2], count == 4);
    else if (count == 4 && strcmp(arguments[1], "net") == 0)
        run_net(arguments[2], arguments[3]);
    else
        return 2;
    printf("workload: end\n");
    return 0;
}
