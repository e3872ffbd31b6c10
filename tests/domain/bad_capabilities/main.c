/* Every call on every kind of wrong capability: empty, out of range, another type, without the right; as the target and as each
 * parameter that names a slot. Nothing may answer OK, nothing may change. */
#include "hostile.h"

enum { TABLE = 64 };

/* Slot numbers at every boundary; the own table has at least 4000 slots and at most 65536. */
static const uint64_t bad_slots[] = {0, 65536, 65537, 1u << 20, 0x7fffffff, 0x80000000, UINT32_MAX};

struct known {
    enum call call;
    enum object_type type;
    uint8_t right;
};
static const struct known calls[] = {
    {CALL_ENDPOINT_CALL, OBJECT_TYPE_ENDPOINT, RIGHT_CALL},
    {CALL_ENDPOINT_WAIT, OBJECT_TYPE_ENDPOINT, RIGHT_WAIT},
    {CALL_ENDPOINT_REPLY_WAIT, OBJECT_TYPE_ENDPOINT, RIGHT_WAIT},
    {CALL_ENDPOINT_DEFER, OBJECT_TYPE_ENDPOINT, RIGHT_WAIT},
    {CALL_ENDPOINT_RESUME, OBJECT_TYPE_ENDPOINT, RIGHT_WAIT},
    {CALL_NOTIF_SIGNAL, OBJECT_TYPE_NOTIF, RIGHT_SIGNAL},
    {CALL_NOTIF_WAIT, OBJECT_TYPE_NOTIF, RIGHT_WAIT},
    {CALL_VCPU_RUN, OBJECT_TYPE_VCPU, RIGHT_MANAGE},
    {CALL_UNTYPED_RETYPE, OBJECT_TYPE_UNTYPED, RIGHT_MANAGE},
    {CALL_UNTYPED_INFO, OBJECT_TYPE_UNTYPED, RIGHT_READ},
    {CALL_CAPTAB_COPY, OBJECT_TYPE_CAPTAB, RIGHT_MANAGE},
    {CALL_CAPTAB_DELETE, OBJECT_TYPE_CAPTAB, RIGHT_MANAGE},
    {CALL_CAPTAB_REVOKE, OBJECT_TYPE_CAPTAB, RIGHT_MANAGE},
    {CALL_CAPTAB_INSPECT, OBJECT_TYPE_CAPTAB, RIGHT_READ},
    {CALL_SPACE_MAP, OBJECT_TYPE_SPACE, RIGHT_MANAGE},
    {CALL_SPACE_UNMAP, OBJECT_TYPE_SPACE, RIGHT_MANAGE},
    {CALL_SPACE_INFO, OBJECT_TYPE_SPACE, RIGHT_READ},
    {CALL_THREAD_CONFIGURE, OBJECT_TYPE_THREAD, RIGHT_MANAGE},
    {CALL_THREAD_RESUME, OBJECT_TYPE_THREAD, RIGHT_MANAGE},
    {CALL_THREAD_SUSPEND, OBJECT_TYPE_THREAD, RIGHT_MANAGE},
    {CALL_THREAD_READ, OBJECT_TYPE_THREAD, RIGHT_READ},
    {CALL_THREAD_WRITE, OBJECT_TYPE_THREAD, RIGHT_WRITE},
    {CALL_SCHED_CONFIGURE, OBJECT_TYPE_SCHED, RIGHT_MANAGE},
    {CALL_SCHED_INFO, OBJECT_TYPE_SCHED, RIGHT_READ},
    {CALL_SCHED_YIELD, OBJECT_TYPE_SCHED, RIGHT_READ},
    {CALL_VCPU_CONFIGURE, OBJECT_TYPE_VCPU, RIGHT_MANAGE},
    {CALL_VCPU_READ, OBJECT_TYPE_VCPU, RIGHT_MANAGE},
    {CALL_IRQ_BIND, OBJECT_TYPE_IRQ, RIGHT_MANAGE},
    {CALL_IRQ_ACK, OBJECT_TYPE_IRQ, RIGHT_MANAGE},
    {CALL_IOPORT_IN, OBJECT_TYPE_IOPORT, RIGHT_READ},
    {CALL_IOPORT_OUT, OBJECT_TYPE_IOPORT, RIGHT_WRITE},
    {CALL_CONTROL_IOPORT, OBJECT_TYPE_CONTROL, RIGHT_MANAGE},
    {CALL_CONTROL_IRQ, OBJECT_TYPE_CONTROL, RIGHT_MANAGE},
};
enum { CALLS = sizeof calls / sizeof calls[0] };

/* One of each type; 0 where there is none to be had. */
static uint32_t one_of[14], weak_of[14];
/* All words zero, all ones, and a plausible pattern: none may matter before the capability. */
static const uint64_t words[3][10] = {{0},
                                      {~0ull, ~0ull, ~0ull, ~0ull, ~0ull, ~0ull, ~0ull, ~0ull, ~0ull, ~0ull},
                                      {1, 1, 1, 1, 1, 1, 1, 1, 1, 1}};

static void make_one(struct lab *lab, enum object_type type, uint64_t size)
{
    const uint32_t original = lab_make(lab, type, 0, size);

    one_of[type] = original;
    weak_of[type] = lab_copy(lab, 0, 0, original, 0, type == OBJECT_TYPE_ENDPOINT ? INTERFACE_ANY : 0, 0, 0);
}

static void make_all(struct lab *lab)
{
    one_of[OBJECT_TYPE_UNTYPED] = lab_make(lab, OBJECT_TYPE_UNTYPED, 0, 4096);
    make_one(lab, OBJECT_TYPE_CAPTAB, TABLE);
    make_one(lab, OBJECT_TYPE_FRAME, 4096);
    make_one(lab, OBJECT_TYPE_SPACE, 8);
    make_one(lab, OBJECT_TYPE_THREAD, 4096);
    make_one(lab, OBJECT_TYPE_SCHED, 256);
    make_one(lab, OBJECT_TYPE_ENDPOINT, 1024);
    make_one(lab, OBJECT_TYPE_NOTIF, 256);
    make_one(lab, OBJECT_TYPE_VCPU, 16384);
    one_of[OBJECT_TYPE_CONTROL] = lab->control;
    one_of[OBJECT_TYPE_IOPORT] = lab_slot(lab);
    EXPECT(control_ioport(lab->control, lab->captab, one_of[OBJECT_TYPE_IOPORT], 0x700, 0x707), OK);
    weak_of[OBJECT_TYPE_IOPORT] = lab_copy(lab, 0, 0, one_of[OBJECT_TYPE_IOPORT], 0, 0, 0, 0);
}

static void test_call(struct lab *lab, const struct known *known)
{
    for (size_t w = 0; w < 3; w++) {
        for (size_t i = 0; i < sizeof bad_slots / sizeof bad_slots[0]; i++)
            EXPECT(call_words((uint64_t)known->call << CALL_SHIFT | bad_slots[i], words[w]), ERR_SLOT);
        EXPECT(call_words(target(known->call, lab->end - 1), words[w]), ERR_SLOT); /* empty */
        for (uint32_t type = 1; type < 14; type++)
            if (one_of[type] && type != (uint32_t)known->type)
                EXPECT(call_words(target(known->call, one_of[type]), words[w]), ERR_TYPE);
        if (weak_of[known->type])
            EXPECT(call_words(target(known->call, weak_of[known->type]), words[w]), ERR_RIGHTS);
    }
}

/* Slots as parameters: like targets, but words are 64 bits wide. */
static void test_parameter(uint64_t rax, uint64_t *parameters, size_t index, enum object_type type)
{
    static const uint64_t wide[] = {1ull << 32, 1ull << 32 | 1, 1ull << 63, ~0ull};
    const uint64_t kept = parameters[index];

    for (size_t i = 1; i < sizeof bad_slots / sizeof bad_slots[0]; i++) {
        parameters[index] = bad_slots[i];
        EXPECT(call_words(rax, parameters), ERR_SLOT);
    }
    for (size_t i = 0; i < sizeof wide / sizeof wide[0]; i++) {
        parameters[index] = wide[i];
        EXPECT(call_words(rax, parameters), ERR_ARGUMENT);
    }
    for (uint32_t other = 1; other < 14; other++) {
        if (!one_of[other] || other == (uint32_t)type)
            continue;
        if (type == OBJECT_TYPE_FRAME && other == OBJECT_TYPE_VCPU)
            continue; /* its page may be mapped */
        parameters[index] = one_of[other];
        EXPECT(call_words(rax, parameters), ERR_TYPE);
    }
    parameters[index] = kept;
}

static void test_parameters(struct lab *lab)
{
    uint64_t retype[10] = {OBJECT_TYPE_NOTIF, 0, 256, lab->captab, lab->end - 1, 1};
    uint64_t copy[10] = {lab->end - 1, lab->captab, one_of[OBJECT_TYPE_FRAME], RIGHT_READ};
    uint64_t unmap[10] = {one_of[OBJECT_TYPE_FRAME]};
    uint64_t map[10] = {one_of[OBJECT_TYPE_FRAME], lab->window, MAP_READ};
    uint64_t configure[10] = {
        lab->space, lab->captab, 0, 0, one_of[OBJECT_TYPE_ENDPOINT], one_of[OBJECT_TYPE_NOTIF]};
    uint64_t admit[10] = {lab->control, 100000, 1000000, 5, 0};
    uint64_t ports[10] = {lab->captab, lab->end - 1, 0x700, 0x700}, irq[10] = {lab->captab, lab->end - 1, 5};

    test_parameter(target(CALL_UNTYPED_RETYPE, lab->untyped), retype, 3, OBJECT_TYPE_CAPTAB);
    test_parameter(target(CALL_CAPTAB_COPY, lab->captab), copy, 1, OBJECT_TYPE_CAPTAB);
    test_parameter(target(CALL_SPACE_MAP, lab->space), map, 0, OBJECT_TYPE_FRAME);
    test_parameter(target(CALL_SPACE_UNMAP, lab->space), unmap, 0, OBJECT_TYPE_FRAME);
    test_parameter(target(CALL_THREAD_CONFIGURE, one_of[OBJECT_TYPE_THREAD]), configure, 0,
                   OBJECT_TYPE_SPACE);
    test_parameter(target(CALL_THREAD_CONFIGURE, one_of[OBJECT_TYPE_THREAD]), configure, 1,
                   OBJECT_TYPE_CAPTAB);
    test_parameter(target(CALL_THREAD_CONFIGURE, one_of[OBJECT_TYPE_THREAD]), configure, 2,
                   OBJECT_TYPE_SCHED);
    test_parameter(target(CALL_THREAD_CONFIGURE, one_of[OBJECT_TYPE_THREAD]), configure, 3,
                   OBJECT_TYPE_SCHED);
    test_parameter(target(CALL_THREAD_CONFIGURE, one_of[OBJECT_TYPE_THREAD]), configure, 4,
                   OBJECT_TYPE_ENDPOINT);
    test_parameter(target(CALL_THREAD_CONFIGURE, one_of[OBJECT_TYPE_THREAD]), configure, 5,
                   OBJECT_TYPE_NOTIF);
    test_parameter(target(CALL_SCHED_CONFIGURE, one_of[OBJECT_TYPE_SCHED]), admit, 0, OBJECT_TYPE_CONTROL);
    test_parameter(target(CALL_CONTROL_IOPORT, lab->control), ports, 0, OBJECT_TYPE_CAPTAB);
    test_parameter(target(CALL_CONTROL_IRQ, lab->control), irq, 0, OBJECT_TYPE_CAPTAB);
}

void test(struct lab *lab)
{
    uint64_t base, bytes, used, after;
    uint8_t flags;

    make_all(lab);
    EXPECT(untyped_info(lab->untyped, &base, &bytes, &used, &flags), OK);
    for (size_t i = 0; i < CALLS; i++)
        test_call(lab, &calls[i]);
    test_parameters(lab);
    EXPECT(untyped_info(lab->untyped, &base, &bytes, &after, &flags), OK);
    EXPECT_VALUE(after, used);
}
