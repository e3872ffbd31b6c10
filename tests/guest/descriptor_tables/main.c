/* SGDT, SIDT, STR and SLDT show the guest's own tables, in ring 0 and (without UMIP) in ring 3: never the core's. */
#include <guest.h>

struct pointer {
    uint16_t limit;
    uint64_t base;
} __attribute__((packed));

static struct pointer gdt, idt;
static uint16_t task, local;

static void store_all(void *context)
{
    __asm__ volatile("sgdt %0; sidt %1; str %2; sldt %3" : "=m"(gdt), "=m"(idt), "=m"(task), "=m"(local));
    if (context != NULL)
        user_done(0);
}

static void expect_own(const char *claim)
{
    print_value("gdt", gdt.base);
    print_value("idt", idt.base);
    expect(gdt.base >= 0x100000 && gdt.base < (uint64_t)guest_end, claim);
    expect(idt.base >= 0x100000 && idt.base < (uint64_t)guest_end, claim);
    expect_equal(task, 0x38, claim);
    expect_equal(local, 0, claim);
}

void test(void)
{
    const struct trap ring0 = trap_try(store_all, NULL);
    expect(!ring0.trapped, "they work in ring 0");
    expect_own("ring 0 sees its own tables");
    gdt = idt = (struct pointer){0, 0};
    const struct trap ring3 = trap_try_user(store_all, &gdt);
    if (ring3.vector == VECTOR_USER)
        expect_own("ring 3 sees the guest's tables");
    else
        expect_equal(ring3.vector, VECTOR_GP, "or UMIP refuses");
}
