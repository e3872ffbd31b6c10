/* A driver that breaks the rules of its rings, on a disk and, where there is one, on a network card: loops, lengths of 4 GiB, buffers
 * outside memory, tables in tables, indices that run away, rings that are nowhere. Each must stop this device until it is
 * reset, and nothing else. What was changed after it had been read, or was under way when the device is reset, changes nothing. */
#include <virtio.h>

enum { RANDOM_RINGS = 3000, RESETS = 40, REQUESTS = 5, DATA_BYTES = 4096, PATIENCE = 50000000 };

static uint8_t data[DATA_BYTES] __attribute__((aligned(4096)));
static uint8_t others[DATA_BYTES] __attribute__((aligned(4096))); /* where nothing may be written */
static struct virtio_descriptor table[VIRTIO_RING] __attribute__((aligned(16)));
static bool is_disk = true; /* what is driven at present */

static void put(uint32_t index, uint64_t address, uint32_t len, uint16_t flags, uint16_t next)
{
    disk_ring.descriptor[index].address = address;
    disk_ring.descriptor[index].len = len;
    disk_ring.descriptor[index].flags = flags;
    disk_ring.descriptor[index].next = next;
}

static void begin(void)
{
    expect_equal(disk_start(), VIRTIO_RUNS, "the device starts");
}

static void stopped(const char *claim)
{
    disk_offer(0);
    disk_notify();
    expect_equal(disk_status() & VIRTIO_NEEDS_RESET, VIRTIO_NEEDS_RESET, claim);
    disk_ask(1, DISK_READ, 0, data, 512);
    disk_notify();
    expect_equal(disk_ring.used.index, 0, "a device that needs a reset does nothing");
}

static void test_chains(void)
{
    static const struct {
        uint64_t address;
        uint32_t len;
    } outside[] = {{0x7fffff000, 4096}, {UINT64_MAX - 15, 16}, {0x100000, UINT32_MAX},
                   {0xfee00000, 4096},  {0xe0000000, 4096},    {0, UINT32_MAX}};
    begin();
    put(0, (uint64_t)data, 16, VIRTIO_NEXT, 0);
    stopped("a loop is refused");
    for (size_t i = 0; i < sizeof outside / sizeof outside[0]; i++) {
        begin();
        put(0, outside[i].address, outside[i].len, VIRTIO_WRITE, 0);
        stopped("a buffer outside memory is refused");
    }
    begin();
    put(0, (uint64_t)data, 0, 0, 0);
    stopped("a buffer of no length is refused");
    begin();
    put(0, (uint64_t)data, 16, VIRTIO_NEXT, VIRTIO_RING);
    stopped("a descriptor outside the table is refused");
    begin();
    put(0, (uint64_t)data, 16, VIRTIO_NEXT | VIRTIO_WRITE, 1);
    put(1, (uint64_t)data, 16, 0, 0);
    stopped("reading behind writing is refused");
    begin();
    put(0, (uint64_t)data, is_disk ? 16 : 4, 0, 0);
    stopped("a request without a status, or a frame without a header, is refused");
}

static void test_tables(void)
{
    begin();
    table[0] = (struct virtio_descriptor){(uint64_t)table, sizeof table, VIRTIO_INDIRECT, 0};
    put(0, (uint64_t)table, sizeof table, VIRTIO_INDIRECT, 0);
    stopped("a table in a table is refused");
    begin();
    table[0] = (struct virtio_descriptor){(uint64_t)data, 16, VIRTIO_NEXT, 0};
    put(0, (uint64_t)table, sizeof table, VIRTIO_INDIRECT, 0);
    stopped("a loop in a table is refused");
    begin();
    put(0, (uint64_t)table, UINT32_MAX, VIRTIO_INDIRECT, 0);
    stopped("a table of 4 GiB is refused");
    begin();
    put(0, 0x7fffff000, 16, VIRTIO_INDIRECT, 0);
    stopped("a table outside memory is refused");
}

static void test_indices(void)
{
    begin();
    disk_ring.available.index = VIRTIO_RING + 1;
    disk_notify();
    expect_equal(disk_status() & VIRTIO_NEEDS_RESET, VIRTIO_NEEDS_RESET, "an index that ran away is refused");
    begin();
    if (is_disk) {
        disk_ask(0, DISK_ID, 0, data, 20);
    } else {
        put(0, (uint64_t)data, 64, 0, 0);
        disk_offer(0);
    }
    disk_notify();
    expect(disk_wait(1), "a request is answered");
    disk_ring.available.index = 0;
    disk_notify();
    expect_equal(disk_status() & VIRTIO_NEEDS_RESET, VIRTIO_NEEDS_RESET,
                 "an index that runs backwards is refused");
}

static void test_rings(void)
{
    const uint64_t ring = (uint64_t)&disk_ring, nowhere = 0x7fffff000;
    expect(disk_start_at(nowhere, ring, ring, 16) & VIRTIO_NEEDS_RESET,
           "descriptors outside memory are refused");
    expect(disk_start_at(ring, nowhere, ring, 16) & VIRTIO_NEEDS_RESET,
           "an available ring outside memory is refused");
    expect(disk_start_at(ring, ring, nowhere, 16) & VIRTIO_NEEDS_RESET,
           "a used ring outside memory is refused");
    expect(disk_start_at(ring + 1, ring, ring, 16) & VIRTIO_NEEDS_RESET, "a crooked ring is refused");
    expect(disk_start_at(ring, ring, ring, 15) & VIRTIO_NEEDS_RESET, "a size of 15 is refused");
    expect(disk_start_at(ring, ring, ring, 32768) & VIRTIO_NEEDS_RESET, "a size of 32768 is refused");
}

/* Rings full of noise; the writable buffers stay inside @data, since the disk really writes there. */
static void test_noise(void)
{
    uint64_t seed = 4711;
    for (uint32_t round = 0; round < RANDOM_RINGS; round++) {
        begin();
        for (uint32_t i = 0; i < VIRTIO_RING; i++) {
            const uint64_t r = random_next(&seed), q = random_next(&seed);
            const uint64_t address = r % 16 == 0 ? q : (uint64_t)data + (q & 0x7ff);
            put(i, address, r % 32 == 1 ? (uint32_t)(q >> 32) : 1 + (uint32_t)(q >> 32) % 1024,
                (uint16_t)(r >> 8 & 7), (uint16_t)((r >> 16) % (VIRTIO_RING + 1)));
            disk_ring.available.ring[i] = (uint16_t)((r >> 24) % (VIRTIO_RING + 1));
        }
        disk_ring.available.index = (uint16_t)(random_next(&seed) % (VIRTIO_RING + 2));
        disk_notify();
    }
}

static void fill(uint8_t *at, uint8_t value)
{
    for (uint32_t i = 0; i < DATA_BYTES; i++)
        at[i] = value;
}

static bool holds(const uint8_t *at, uint8_t value)
{
    for (uint32_t i = 0; i < DATA_BYTES; i++) {
        if (((const volatile uint8_t *)at)[i] != value)
            return false;
    }
    return true;
}

/* Every address in the table and in the ring names another place once the device knows. */
static void test_changes(void)
{
    fill(data, 0x5a);
    begin();
    expect_equal(disk_do(DISK_WRITE, 64, data, DATA_BYTES), 0, "a page is written");
    for (unsigned i = 0; i < RESETS; i++) {
        fill(data, 0);
        fill(others, 0xc3);
        begin();
        disk_ask(0, DISK_READ, 64, data, DATA_BYTES);
        disk_notify();
        for (uint32_t d = 0; d < VIRTIO_RING; d++)
            put(d, (uint64_t)others, UINT32_MAX, VIRTIO_NEXT | VIRTIO_WRITE, 0);
        disk_ring.available.ring[0] = VIRTIO_RING;
        expect(disk_wait(1), "a request that was changed behind the device's back is answered");
        expect_equal(disk_answer(0), 0, "where it was to be answered");
        expect(holds(data, 0x5a) && holds(others, 0xc3), "and with its data there and nowhere else");
    }
}

/* Nothing comes after a reset, whatever was under way. */
static void test_resets(void)
{
    for (unsigned i = 0; i < RESETS; i++) {
        begin();
        for (uint32_t n = 0; n < REQUESTS; n++)
            disk_ask((uint16_t)n, DISK_READ, 64, others, DATA_BYTES);
        disk_notify();
        disk_reset();
        fill(others, 0xc3);
    }
    begin();
    expect_equal(disk_do(DISK_READ, 64, data, DATA_BYTES), 0, "after that the disk reads");
    expect(holds(others, 0xc3), "no answer comes after a reset");
}

/* Asks the gateway for its address, in the name of tenant a. */
static void send_question(void)
{
    static const uint8_t question[12 + 60] = {
        [12] = 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02, 0x42, 0x48, 0,    0,    1, 8, 6, /* Ethernet */
        0,           1,    8,    0,    6,    4,    0,    1,    0x02, 0x42, 0x48, 0, 0, 1,
        10,          0,    2,    77,   0,    0,    0,    0,    0,    0,    10,   0, 2, 2};
    network_send(question, sizeof question);
}

static void receives_badly(const char *claim, uint64_t address, uint32_t len, uint16_t flags)
{
    expect_equal(network_start_receiving(), VIRTIO_RUNS, "the card starts");
    for (uint32_t i = 0; i < PATIENCE && !network_link(); i++)
        ;
    put(0, address, len, flags, 0);
    for (uint32_t i = 0; i < VIRTIO_RING; i++)
        disk_offer(0);
    for (uint32_t i = 0; i < PATIENCE && (disk_status() & VIRTIO_NEEDS_RESET) == 0; i++) {
        if (i % 65536 == 0)
            send_question();
    }
    expect_equal(disk_status() & VIRTIO_NEEDS_RESET, VIRTIO_NEEDS_RESET, claim);
}

static void test_network(void)
{
    is_disk = false;
    test_chains();
    test_tables();
    test_indices();
    test_rings();
    test_noise();
    receives_badly("a place for a frame outside memory is refused", 0x7fffff000, 4096, VIRTIO_WRITE);
    receives_badly("a place for a frame of 4 GiB is refused", (uint64_t)data, UINT32_MAX, VIRTIO_WRITE);
    receives_badly("a loop of places for frames is refused", (uint64_t)data, 64, VIRTIO_WRITE | VIRTIO_NEXT);
    begin();
}

void test(void)
{
    expect(disk_find(), "there is a disk");
    test_chains();
    test_tables();
    test_indices();
    test_rings();
    test_noise();
    test_changes();
    test_resets();
    if (network_find())
        test_network();
    is_disk = true;
    expect(disk_find(), "the disk is where it was");
    begin();
    expect_equal(disk_do(DISK_READ, 0, data, DATA_BYTES), 0, "after all that the disk reads");
}
