/* A hypercall may name any slot of the guest's terminal table, and nothing else. Every boundary of the slot field, of
 * the reserved bits and of the whole register is tried; each is refused with its own error and nothing else happens.
 * docs/architecture.md, 1: RAX bits 0-31 slot, 32-62 zero, 63 set; the core takes all 63 bits for the slot. */
#include <call.h>

static void refused(uint64_t rax, enum error wanted, const char *claim)
{
    struct message message = {.label = label_make(INTERFACE_TENANT, TENANT_VERSION, 0)};
    print_value("rax", rax);
    expect_equal(call_patient(rax, DEADLINE_NEVER, &message), wanted, claim);
}

static void test_slot_boundaries(void)
{
    static const uint32_t slots[] = {0,           TABLE_SLOTS - 1,
                                     TABLE_SLOTS, TABLE_SLOTS + 1,
                                     127,         128,
                                     255,         256,
                                     4095,        4096,
                                     0xffff,      0x10000,
                                     1u << 26,    (1u << 26) + 1,
                                     0x7fffffff,  0x80000000,
                                     0x80000001,  0xfffffffe,
                                     0xffffffff};
    for (size_t index = 0; index < sizeof(slots) / sizeof(slots[0]); index++)
        refused(HYPERCALL_BIT | slots[index], ERR_SLOT, "a slot that is empty or out of range");
}

/* Every reserved bit alone over a good slot, and all of them. */
static void test_reserved_bits(void)
{
    for (unsigned bit = 32; bit < 63; bit++)
        refused(HYPERCALL_BIT | 1ull << bit | SLOT_TENANT, ERR_SLOT, "a reserved bit is set");
    refused(UINT64_MAX, ERR_SLOT, "all bits are set");
    refused(UINT64_MAX - 1, ERR_SLOT, "all bits but one are set");
    refused(0xffffffff00000000ull | SLOT_TENANT, ERR_SLOT, "all reserved bits are set");
}

void test(void)
{
    call_expect_alive();
    test_slot_boundaries();
    test_reserved_bits();
    call_expect_alive();
}
