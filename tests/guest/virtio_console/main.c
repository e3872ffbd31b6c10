/* The virtio console: what is sent comes to the operator and what he types comes back, a page with one notification; and a
 * driver that breaks the rules of either ring (loops, lengths of 4 GiB, buffers outside memory or of the wrong direction, tables
 * in tables, indices that run away or backwards, rings that are nowhere) stops this device until it is reset, and nothing else. */
#include <virtio.h>

enum {
    CONSOLE = 3,
    RECEIVE = 0,
    TRANSMIT = 1,
    PAGE = 4096,
    RANDOM_RINGS = 1000,
    PATIENCE = 3000000,
    LINE_STATUS = 0x3fd
};

/* What test.toml has typed first, but for its first byte, which shows that it has arrived; the rest is for the noise. */
static const char typed[] = "yped by the operator";
enum { TYPED = sizeof typed - 1 };

static volatile struct virtio_ring rings[2] __attribute__((aligned(4096)));
static uint8_t data[PAGE] __attribute__((aligned(4096)));
static struct virtio_descriptor table[VIRTIO_RING] __attribute__((aligned(16)));

static void set_up(uint16_t queue)
{
    volatile struct virtio_ring *const ring = &rings[queue];
    virtio_clear(ring);
    virtio_queue(queue, (uint64_t)&ring->descriptor, (uint64_t)&ring->available, (uint64_t)&ring->used,
                 VIRTIO_RING);
}

static void begin(void)
{
    virtio_begin();
    set_up(RECEIVE);
    set_up(TRANSMIT);
    expect_equal(virtio_run(), VIRTIO_RUNS, "the device starts");
}

static void wait_used(uint16_t queue, uint16_t count, const char *claim)
{
    for (uint32_t n = 0; n < PATIENCE; n++) {
        if (rings[queue].used.index == count)
            return;
        (void)in8(LINE_STATUS);
    }
    verdict(false, claim);
}

static void send(const void *bytes, uint32_t len)
{
    const uint16_t before = rings[TRANSMIT].used.index;
    virtio_put(&rings[TRANSMIT], 0, (uint64_t)bytes, len, 0, 0);
    virtio_offer(&rings[TRANSMIT], 0);
    virtio_notify(TRANSMIT);
    wait_used(TRANSMIT, (uint16_t)(before + 1), "what is sent is taken");
}

static void receive(uint32_t len)
{
    virtio_put(&rings[RECEIVE], 0, (uint64_t)data, len, VIRTIO_WRITE, 0);
    virtio_offer(&rings[RECEIVE], 0);
    virtio_notify(RECEIVE);
}

/* The chain at 0 must stop the device; on the queue to receive it is looked at because something has been typed. */
static void stopped(uint16_t queue, const char *claim)
{
    const uint16_t other = queue == RECEIVE ? TRANSMIT : RECEIVE;
    virtio_offer(&rings[queue], 0);
    virtio_notify(queue);
    expect_equal(disk_status() & VIRTIO_NEEDS_RESET, VIRTIO_NEEDS_RESET, claim);
    virtio_put(&rings[other], 0, (uint64_t)data, 1, other == RECEIVE ? VIRTIO_WRITE : 0, 0);
    virtio_offer(&rings[other], 0);
    virtio_notify(other);
    expect(rings[0].used.index == 0 && rings[1].used.index == 0, "a device that needs a reset does nothing");
}

static void put(uint16_t queue, uint64_t address, uint32_t len, uint16_t flags, uint16_t next)
{
    begin();
    virtio_put(&rings[queue], 0, address, len, (uint16_t)(flags | (queue == RECEIVE ? VIRTIO_WRITE : 0)),
               next);
}

static void test_chains(uint16_t queue)
{
    static const struct {
        uint64_t address;
        uint32_t len;
    } outside[] = {{0x7fffff000, 4096}, {UINT64_MAX - 15, 16}, {0x100000, UINT32_MAX},
                   {0xfee00000, 4096},  {0xe0000000, 4096},    {0, UINT32_MAX}};
    put(queue, (uint64_t)data, 16, VIRTIO_NEXT, 0);
    stopped(queue, "a loop is refused");
    for (size_t i = 0; i < sizeof outside / sizeof outside[0]; i++) {
        put(queue, outside[i].address, outside[i].len, 0, 0);
        stopped(queue, "a buffer outside memory is refused");
    }
    put(queue, (uint64_t)data, 0, 0, 0);
    stopped(queue, "a buffer of no length is refused");
    put(queue, (uint64_t)data, 16, VIRTIO_NEXT, VIRTIO_RING);
    stopped(queue, "a descriptor outside the table is refused");
    put(queue, (uint64_t)data, 16, 0, 0);
    rings[queue].descriptor[0].flags ^= VIRTIO_WRITE;
    stopped(queue, "a buffer of the wrong direction is refused");
    put(queue, (uint64_t)table, sizeof table, VIRTIO_INDIRECT, 0);
    table[0] = (struct virtio_descriptor){(uint64_t)table, sizeof table, VIRTIO_INDIRECT, 0};
    stopped(queue, "a table in a table is refused");
    put(queue, (uint64_t)table, sizeof table, VIRTIO_INDIRECT, 0);
    table[0] = (struct virtio_descriptor){(uint64_t)data, 16, VIRTIO_NEXT, 0};
    stopped(queue, "a loop in a table is refused");
    put(queue, (uint64_t)table, UINT32_MAX, VIRTIO_INDIRECT, 0);
    stopped(queue, "a table of 4 GiB is refused");
}

static void test_indices(uint16_t queue)
{
    begin();
    rings[queue].available.index = VIRTIO_RING + 1;
    virtio_notify(queue);
    expect_equal(disk_status() & VIRTIO_NEEDS_RESET, VIRTIO_NEEDS_RESET, "an index that ran away is refused");
}

static void test_backwards(void)
{
    begin();
    send("", 1);
    rings[TRANSMIT].available.index = 0;
    virtio_notify(TRANSMIT);
    expect_equal(disk_status() & VIRTIO_NEEDS_RESET, VIRTIO_NEEDS_RESET,
                 "an index that runs backwards is refused");
}

static bool ring_refused(uint16_t queue, uint64_t descriptors, uint64_t available, uint64_t used,
                         uint16_t size)
{
    virtio_begin();
    virtio_queue(queue, descriptors, available, used, size);
    return (virtio_run() & VIRTIO_NEEDS_RESET) != 0;
}

static void test_rings(uint16_t queue)
{
    const uint64_t ring = (uint64_t)&rings[queue], nowhere = 0x7fffff000;
    expect(ring_refused(queue, nowhere, ring, ring, 16), "descriptors outside memory are refused");
    expect(ring_refused(queue, ring, nowhere, ring, 16), "an available ring outside memory is refused");
    expect(ring_refused(queue, ring, ring, nowhere, 16), "a used ring outside memory is refused");
    expect(ring_refused(queue, ring + 1, ring, ring, 16), "a crooked ring is refused");
    expect(ring_refused(queue, ring, ring, ring, 15), "a size of 15 is refused");
    expect(ring_refused(queue, ring, ring, ring, 32), "a size beyond the device's is refused");
}

static void test_queue(uint16_t queue)
{
    test_chains(queue);
    test_indices(queue);
    test_rings(queue);
}

static void fill_noise(uint16_t queue, uint64_t *seed)
{
    volatile struct virtio_ring *const ring = &rings[queue];
    for (uint32_t i = 0; i < VIRTIO_RING; i++) {
        const uint64_t r = random_next(seed), q = random_next(seed);
        const uint64_t address = r % 16 == 0 ? q : (uint64_t)data + (q & 0x7ff);
        virtio_put(ring, i, address, r % 32 == 1 ? (uint32_t)(q >> 32) : 1 + (uint32_t)(q >> 32) % 16,
                   (uint16_t)(r >> 8 & 7), (uint16_t)((r >> 16) % (VIRTIO_RING + 1)));
        ring->available.ring[i] = (uint16_t)((r >> 24) % (VIRTIO_RING + 1));
    }
    ring->available.index = (uint16_t)(random_next(seed) % (VIRTIO_RING + 2));
}

/* Rings full of noise, before buffers full of dots. */
static void test_noise(void)
{
    uint64_t seed = 1174;
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = '.';
    for (uint32_t round = 0; round < RANDOM_RINGS; round++) {
        begin();
        fill_noise(RECEIVE, &seed);
        fill_noise(TRANSMIT, &seed);
        virtio_notify(RECEIVE);
        virtio_notify(TRANSMIT);
    }
}

static void test_input(void)
{
    begin();
    receive(TYPED);
    wait_used(RECEIVE, 1, "what was typed arrives");
    expect_equal(rings[RECEIVE].used.ring[0].len, TYPED, "the buffer is filled");
    for (size_t i = 0; i < TYPED; i++)
        expect_equal(data[i], (uint8_t)typed[i], "as it was typed");
}

static void test_page(void)
{
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)('a' + i % 26);
    begin();
    send(data, sizeof data);
    expect_equal(rings[TRANSMIT].used.ring[0].len, 0, "nothing is written into what is sent");
}

void test(void)
{
    expect(virtio_find(CONSOLE), "there is a virtio console");
    begin();
    receive(1);
    wait_used(RECEIVE, 1, "somebody types");
    test_queue(RECEIVE);
    test_queue(TRANSMIT);
    test_backwards();
    test_page();
    test_input();
    test_noise();
    begin();
    static const char last[] = "after all that it speaks\r\n";
    send(last, sizeof last - 1);
}
