/* A device reaches what its iospace maps, as it maps it, and nothing else: not before it is attached, not after it is detached, not what was
 * unmapped or revoked. What it is refused is told once, with source, address and reason, until the record is taken. */
#include "edu.h"
#include "kind.h"

#include <string.h>

enum { PAGE = 4096, COPY = 2048, LARGE = 2 << 20, TABLES = 8, FAULT = 4, REASON_WRITE = 5, REASON_READ = 6 };
#define IOVA 0x800000ull
#define IOVA_LARGE 0x2000000ull

struct memory {
    uint32_t frame, dma; /* the frame's capability, and a copy for the device */
    uint8_t *bytes;
};

static struct memory page(struct lab *lab)
{
    struct memory memory;
    void *at;

    memory.frame = lab_page(lab, &at);
    memory.dma = lab_copy(lab, 0, 0, memory.frame, RIGHT_READ | RIGHT_WRITE, 0, 0, 0);
    memory.bytes = at;
    return memory;
}

static bool all(const uint8_t *bytes, uint8_t value)
{
    for (size_t i = 0; i < COPY; i++)
        if (((const volatile uint8_t *)bytes)[i] != value)
            return false;
    return true;
}

/* The device was refused @address; the record says so, and is gone when it was read. */
static void fault_at(int line, struct lab *lab, uint32_t io, uint32_t notif, uint32_t reason,
                     uint64_t address)
{
    uint32_t bits, count, why;
    uint16_t source;
    uint64_t where;

    if (!FAULTS_TOLD)
        return;
    if (notif_wait(notif, after_us(lab, 10000), &bits) != OK || bits != FAULT)
        fail(line, "no fault is reported");
    EXPECT(iospace_fault(io, &count, &why, &where, &source), OK);
    EXPECT_VALUE(count, 1);
    EXPECT_VALUE(why, reason);
    EXPECT_VALUE(where, address);
    EXPECT_VALUE(source, EDU_SOURCE);
    EXPECT(iospace_fault(io, &count, &why, &where, &source), OK);
    EXPECT_VALUE(count, 0);
}

static void expect_silence(struct lab *lab, uint32_t notif)
{
    uint32_t bits;

    EXPECT(notif_wait(notif, after_us(lab, 10000), &bits), ERR_TIMEOUT);
}

static void refusals(struct lab *lab, uint32_t io, uint32_t frame)
{
    const uint32_t second = lab_make(lab, OBJECT_TYPE_IOSPACE, 0, TABLES),
                   reader = lab_copy(lab, 0, 0, frame, RIGHT_READ, 0, 0, 0);

    EXPECT(iospace_attach(io, lab->control, EDU_SOURCE + 1), ERR_STATE);
    EXPECT(iospace_attach(second, lab->control, EDU_SOURCE), ERR_BUSY);
    EXPECT(iospace_attach(second, lab->captab, 3), ERR_TYPE);
    EXPECT(iospace_map(second, reader, IOVA, MAP_READ | MAP_WRITE), ERR_RIGHTS);
    EXPECT(iospace_map(second, reader, IOVA, MAP_READ | MAP_EXEC), ERR_ARGUMENT);
    EXPECT(iospace_map(second, reader, IOVA + 1, MAP_READ), ERR_ALIGN);
    EXPECT(iospace_map(second, reader, 0xfee01000, MAP_READ), ERR_RANGE);
    EXPECT(iospace_unmap(second, reader), ERR_STATE);
    EXPECT(captab_delete(lab->captab, second), OK);
    EXPECT(captab_delete(lab->captab, reader), OK);
}

static void mapped(struct lab *lab, struct edu *edu, uint32_t io, uint32_t notif)
{
    struct memory from = page(lab), to = page(lab);

    memset(from.bytes, 0x5a, PAGE);
    EXPECT(iospace_map(io, from.dma, IOVA, MAP_READ), OK);
    EXPECT(iospace_map(io, to.dma, IOVA + PAGE, MAP_READ | MAP_WRITE), OK);
    edu_write(edu, IOVA, COPY); /* mapped for reading; QEMU refuses in silence once it has read there */
    fault_at(__LINE__, lab, io, notif, REASON_WRITE, IOVA);
    CHECK(all(from.bytes, 0x5a));
    edu_read(edu, IOVA, COPY);
    edu_write(edu, IOVA + PAGE, COPY);
    CHECK(all(to.bytes, 0x5a));
    expect_silence(lab, notif);
    memset(to.bytes, 0, PAGE);
    EXPECT(iospace_unmap(io, to.dma), OK);
    edu_write(edu, IOVA + PAGE, COPY);
    fault_at(__LINE__, lab, io, notif, REASON_WRITE, IOVA + PAGE);
    CHECK(all(to.bytes, 0));
    EXPECT(captab_delete(lab->captab, from.frame), OK); /* and with it the copy that is mapped */
    edu_read(edu, IOVA, COPY);
    fault_at(__LINE__, lab, io, notif, REASON_READ, IOVA);
}

static void large(struct lab *lab, struct edu *edu, uint32_t io)
{
    const uint32_t frame = lab_make(lab, OBJECT_TYPE_FRAME, 0, LARGE),
                   dma = lab_copy(lab, 0, 0, frame, RIGHT_READ | RIGHT_WRITE, 0, 0, 0);
    uint8_t *bytes = (uint8_t *)((lab->window + LARGE - 1) / LARGE * LARGE);

    EXPECT(space_map(lab->space, frame, (uint64_t)bytes, MAP_READ | MAP_WRITE), OK);
    lab->window = (uint64_t)bytes + LARGE;
    memset(bytes, 0x77, PAGE);
    EXPECT(iospace_map(io, dma, IOVA_LARGE, MAP_READ | MAP_WRITE), OK);
    edu_read(edu, IOVA_LARGE, COPY);
    edu_write(edu, IOVA_LARGE + LARGE - PAGE, COPY);
    CHECK(all(bytes + LARGE - PAGE, 0x77));
}

void test(struct lab *lab)
{
    const uint32_t io = lab_make(lab, OBJECT_TYPE_IOSPACE, 0, TABLES),
                   notif = lab_make(lab, OBJECT_TYPE_NOTIF, 0, 256);
    struct memory kept = page(lab);
    struct edu edu;

    edu_open(lab, &edu);
    EXPECT(iospace_watch(io, notif, FAULT), OK);
    EXPECT(iospace_map(io, kept.dma, 2 * IOVA, MAP_READ | MAP_WRITE), OK);
    memset(kept.bytes, 0x11, PAGE);

    edu_write(&edu, 2 * IOVA, COPY); /* attached to nothing: silence */
    edu_write(&edu, 0x100000, COPY); /* the kernel, if addresses were not translated */
    expect_silence(lab, notif);
    CHECK(all(kept.bytes, 0x11));

    EXPECT(iospace_attach(io, lab->control, EDU_SOURCE), OK);
    refusals(lab, io, kept.frame);
    edu_read(&edu, IOVA, COPY);
    fault_at(__LINE__, lab, io, notif, REASON_READ, IOVA);
    edu_write(&edu, 0x100000, COPY);
    fault_at(__LINE__, lab, io, notif, REASON_WRITE, 0x100000);

    edu_read(&edu, IOVA, COPY);
    edu_read(&edu, IOVA + PAGE, COPY); /* the second is not reported, nor counted */
    fault_at(__LINE__, lab, io, notif, REASON_READ, IOVA);
    expect_silence(lab, notif);

    mapped(lab, &edu, io, notif);
    large(lab, &edu, io);

    EXPECT(iospace_detach(io), OK);
    EXPECT(iospace_detach(io), OK);
    edu_write(&edu, 2 * IOVA, COPY);
    expect_silence(lab, notif);
    CHECK(all(kept.bytes, 0x11));
    EXPECT(iospace_attach(io, lab->control, EDU_SOURCE), OK);
    edu_write(&edu, 2 * IOVA, COPY);
    CHECK(!all(kept.bytes, 0x11));
    memset(kept.bytes, 0x11, PAGE);
    EXPECT(captab_delete(lab->captab, io), OK);
    edu_write(&edu, 2 * IOVA, COPY);
    CHECK(all(kept.bytes, 0x11));
    expect_silence(lab, notif);
}
