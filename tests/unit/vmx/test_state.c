/* hw/vmx_state.c: what a hostile VMM writes is confined, what it reads is true, events reach the guest once and when it can take them. */
#include "machine.h"

#define HAS_ERROR (1ull << 11)
#define VALID (1ull << 31)
#define RFLAGS_ON 0x202
#define EVERY_GROUP 0x1ffu
#define PE 1ull
#define PG (1ull << 31)

static uint64_t at(uint64_t field)
{
    return vmcs.value[field];
}

static enum error apply(uint32_t dirty)
{
    return hvm_apply(&hvm, dirty);
}

static uint64_t inject(uint64_t type, uint64_t vector, bool has_error)
{
    return VALID | type << 8 | vector | (has_error ? HAS_ERROR : 0);
}

static uint64_t event_of(uint64_t wanted, uint64_t error)
{
    uint64_t event = 0;
    return vmx_event(wanted, error, &event) ? event : 0;
}

static bool has_code(uint64_t vector)
{
    static const uint8_t coded[] = {8, 10, 11, 12, 13, 14, 17}; /* Vol 3C 27.2.1.3, without CET */
    for (size_t i = 0; i < sizeof coded; i++) {
        if (coded[i] == vector)
            return true;
    }
    return false;
}

static void test_vmx_event__accepts_exactly_what_exists(void)
{
    for (uint64_t type = 0; type < 8; type++) {
        for (uint64_t vector = 0; vector < 256; vector++) {
            bool exception = type == 3 && vector < 32 && vector != 2, nmi = type == 2 && vector == 2;
            uint64_t whole = inject(type, vector, true) | 5ull << 32;
            uint64_t plain = exception && has_code(vector) ? whole
                             : exception || nmi            ? inject(type, vector, false)
                                                           : 0;
            CHECK_EQ(event_of(inject(type, vector, false), 5), plain);
            CHECK_EQ(event_of(inject(type, vector, true), 5), exception && has_code(vector) ? whole : 0);
        }
    }
}

static void test_vmx_event__drops_reserved_bits(void)
{
    CHECK_EQ(event_of(~0ull << 32 | inject(3, 13, true) | 0x7ffff000, ~0ull),
             inject(3, 13, true) | 0xffffffffull << 32);
    CHECK_EQ(event_of(0x7ffff000 | inject(3, 6, false), 9), inject(3, 6, false));
}

static void test_hvm_apply__refuses_bad_injection_and_keeps_it(void)
{
    fresh();
    page.inject = inject(3, 77, false);
    page.cr3 = 0x5000;
    CHECK_EQ(apply(EVERY_GROUP), ERR_ARGUMENT);
    CHECK_EQ(hvm.event, 0);
    CHECK_EQ(page.inject, inject(3, 77, false));
    CHECK_EQ(at(GUEST_CR3), 0);
    page.inject = inject(3, 13, true);
    page.inject_error = 0x10;
    CHECK_EQ(apply(0), OK);
    CHECK_EQ(hvm.event, inject(3, 13, true) | 0x10ull << 32);
    CHECK_EQ(page.inject, 0);
    CHECK(hvm.delivering);
    fresh();
    page.inject = inject(3, 13, true) & ~VALID;
    CHECK_EQ(apply(0), OK);
    CHECK(hvm.event == 0 && !hvm.delivering);
}

/* What travels at every entry is of no group: test_prepare__registers_of_every_entry. */
static void test_hvm_apply__touches_only_dirty_groups(void)
{
    static uint64_t before[FIELDS];
    fresh();
    memset(&page, 0xff, sizeof page);
    page.inject = page.irq_vector = 0;
    memcpy(before, vmcs.value, sizeof before);
    struct vmx was = *vmx_of(&hvm);
    CHECK_EQ(apply(0), OK);
    CHECK(memcmp(before, vmcs.value, sizeof before) == 0);
    CHECK(memcmp(&was, vmx_of(&hvm), sizeof was) == 0);
    CHECK(tpr == 0 && hvm.xcr0 == 1 && hvm.tsc_offset == 0);
}

static void check_group(uint32_t group, const uint64_t *fields, size_t count)
{
    static uint64_t before[FIELDS];
    fresh();
    memset(&page, 0x3f, sizeof page);
    page.inject = page.irq_vector = page.shadow = 0;
    memcpy(before, vmcs.value, sizeof before);
    CHECK_EQ(apply(group), OK);
    for (size_t i = 0; i < count; i++)
        before[fields[i]] = at(fields[i]);
    CHECK(memcmp(before, vmcs.value, sizeof before) == 0);
}

static void test_hvm_apply__each_group_moves_its_own_fields(void)
{
    static const uint64_t control[] = {GUEST_CR0,          GUEST_CR3,          GUEST_CR4,
                                       CONTROL_CR0_SHADOW, CONTROL_CR4_SHADOW, GUEST_PDPTE,
                                       GUEST_PDPTE + 2,    GUEST_PDPTE + 4,    GUEST_PDPTE + 6};
    static const uint64_t table[] = {GUEST_GDTR_BASE, GUEST_GDTR_LIMIT, GUEST_IDTR_BASE, GUEST_IDTR_LIMIT};
    static const uint64_t msr_fields[] = {GUEST_SYSENTER_CS, GUEST_SYSENTER_ESP, GUEST_SYSENTER_EIP,
                                          GUEST_PAT};
    static const uint64_t efer[] = {GUEST_EFER}, debug[] = {GUEST_DR7}, tsc[] = {CONTROL_TSC_OFFSET};
    uint64_t segment[32];

    for (uint64_t i = 0; i < 8; i++) {
        segment[4 * i] = 0x800 + 2 * i;
        segment[4 * i + 1] = 0x4800 + 2 * i;
        segment[4 * i + 2] = 0x4814 + 2 * i;
        segment[4 * i + 3] = 0x6806 + 2 * i;
    }
    check_group(VCPU_GROUP_CONTROL, control, 9);
    check_group(VCPU_GROUP_SEGMENT, segment, 32);
    check_group(VCPU_GROUP_TABLE, table, 4);
    check_group(VCPU_GROUP_MSR, msr_fields, 4);
    check_group(VCPU_GROUP_DEBUG, debug, 1);
    check_group(VCPU_GROUP_TSC, tsc, 1);
    CHECK_EQ(hvm.tsc_offset, 0x3f3f3f3f3f3f3f3f);
    check_group(VCPU_GROUP_EFER, efer, 1);
}

static void test_hvm_apply__confines_every_field(void)
{
    static const uint64_t owned[] = {CONTROL_PIN,           CONTROL_PRIMARY,    CONTROL_SECONDARY,
                                     CONTROL_EXCEPTIONS,    CONTROL_EXIT,       CONTROL_EXIT_MSR_STORE,
                                     CONTROL_EXIT_MSR_LOAD, CONTROL_MSR_BITMAP, CONTROL_IO_BITMAP_A,
                                     CONTROL_IO_BITMAP_B,   CONTROL_CR0_MASK,   CONTROL_CR4_MASK,
                                     GUEST_LINK_POINTER,    GUEST_DEBUGCTL,     GUEST_ACTIVITY,
                                     CONTROL_VIRTUAL_APIC,  HOST_RIP,           HOST_CR4};
    uint64_t before[sizeof owned / sizeof owned[0]];

    fresh();
    for (size_t i = 0; i < sizeof owned / sizeof owned[0]; i++)
        before[i] = at(owned[i]);
    const uint64_t entry = at(CONTROL_ENTRY);
    memset(&page, 0xff, sizeof page);
    page.inject = page.irq_vector = 0;
    CHECK_EQ(apply(UINT32_MAX), OK);
    CHECK_EQ(at(GUEST_CR0), 0x8005003f);
    CHECK_EQ(at(CONTROL_CR0_SHADOW), 0xe005003f);
    CHECK_EQ(at(GUEST_CR3), 0x000fffffffffffff);
    CHECK_EQ(at(GUEST_CR4), 0x3767ff & (0x370fff | 0x2040));
    CHECK_EQ(at(CONTROL_CR4_SHADOW), 0x370fff);
    CHECK_EQ(at(GUEST_EFER), 0xd01);
    CHECK_EQ(at(CONTROL_ENTRY), entry | 1 << 9);
    CHECK_EQ(at(GUEST_DR7), 0xffff27ff);
    CHECK_EQ(at(GUEST_SYSENTER_CS), 0xffff);
    CHECK(at(GUEST_GDTR_LIMIT) == 0xffff && at(GUEST_IDTR_LIMIT) == 0xffff);
    for (uint64_t i = 0; i < 4; i++)
        CHECK_EQ(at(GUEST_PDPTE + 2 * i), 0x000ffffffffff019);
    CHECK_EQ(at(GUEST_PAT), 0x0007040600070406); /* type 0xff does not exist: the old value stays */
    CHECK_EQ(vmx_of(&hvm)->dr6, 0xffffefff);
    CHECK_EQ(vmx_of(&hvm)->msr[3].value, 0xffffffff);
    CHECK(hvm.xcr0 == 7 && tpr == 0xf0);
    CHECK_EQ(at(GUEST_ACCESS + 2), 0xf0ff);
    CHECK_EQ(at(GUEST_ACCESS + 14), 0xf0eb);
    for (size_t i = 0; i < sizeof owned / sizeof owned[0]; i++)
        CHECK_EQ(at(owned[i]), before[i]);
    for (size_t i = 0; i < sizeof pages[2]; i++)
        CHECK_EQ(pages[2][i], i == 0x80 ? 0xf0 : 0);
}

/* NE always, caching never, paging not without protection: 24.8, 27.3.1.1. */
static void test_control__what_stands_in_cr0(void)
{
    for (uint32_t bit = 0; bit < 64; bit++) {
        fresh();
        page.cr0 = 1ull << bit;
        CHECK_EQ(apply(VCPU_GROUP_CONTROL), OK);
        CHECK_EQ(at(GUEST_CR0), 0x30 | ((1ull << bit) & 0x5003f));
        CHECK_EQ(at(CONTROL_CR0_SHADOW), 0x10 | ((1ull << bit) & 0x4005003f));
    }
    page.cr0 = 0x60000000;
    CHECK_EQ(apply(VCPU_GROUP_CONTROL), OK);
    CHECK(at(GUEST_CR0) == 0x30 && at(CONTROL_CR0_SHADOW) == 0x60000010);
    page.cr0 = PE | PG;
    CHECK_EQ(apply(VCPU_GROUP_CONTROL), OK);
    CHECK(at(GUEST_CR0) == 0x80000031 && at(CONTROL_CR0_SHADOW) == 0x80000011);
}

/* VMXE and MCE always, and only what the processor has. */
static void test_control__what_stands_in_cr4(void)
{
    for (uint32_t bit = 0; bit < 64; bit++) {
        fresh();
        page.cr4 = 1ull << bit;
        CHECK_EQ(apply(VCPU_GROUP_CONTROL), OK);
        CHECK_EQ(at(GUEST_CR4), 0x2040 | ((1ull << bit) & 0x370fff & 0x3767ff));
        CHECK_EQ(at(CONTROL_CR4_SHADOW), (1ull << bit) & 0x370fff);
    }
}

static void test_control__guests_read_what_they_wrote(void)
{
    fresh();
    page.cr0 = 0x60000033;
    page.cr4 = 0x6e0;
    CHECK_EQ(apply(VCPU_GROUP_CONTROL), OK);
    page.cr0 = page.cr4 = 0;
    hvm_read(&hvm, VCPU_GROUP_CONTROL);
    CHECK(page.cr0 == 0x60000033 && page.cr4 == 0x6e0);
    put(GUEST_CR0, 0x80000039); /* the guest set TS and paging by itself */
    put(GUEST_CR4, 0x2050);     /* and PSE in place of PAE */
    hvm_read(&hvm, VCPU_GROUP_CONTROL);
    CHECK_EQ(page.cr0, 0xe0000039);
    CHECK_EQ(page.cr4, 0x50);
    put(CONTROL_CR0_SHADOW, 0);
    put(CONTROL_CR4_SHADOW, 0);
    hvm_read(&hvm, VCPU_GROUP_CONTROL);
    CHECK(page.cr0 == 0x80000019 && page.cr4 == 0x10); /* NE, VMXE and MCE are the kernel's */
}

/* What the guest can set by itself is what a VMM may set and the processor may have; all else exits: 25.6.6. */
static void test_control__masks_own_what_guests_must_not_set(void)
{
    fresh();
    CHECK_EQ(at(CONTROL_CR0_MASK), 0x60000020);
    CHECK_EQ(at(CONTROL_CR4_MASK), ~0x370fbfull);
}

/* LMA follows from LME and paging, and the entry control from LMA: 27.3.1.1. */
static void test_efer__long_mode_follows_from_paging(void)
{
    for (unsigned i = 0; i < 8; i++) {
        const bool paging = (i & 1) != 0, enabled = (i & 2) != 0;
        const uint32_t groups[2] = {VCPU_GROUP_CONTROL, VCPU_GROUP_EFER};
        fresh();
        const uint64_t entry = at(CONTROL_ENTRY);
        put(CONTROL_ENTRY, entry | 1 << 9); /* as a guest's own change left them */
        put(GUEST_EFER, 0x400);
        page.cr0 = PE | (paging ? PG : 0);
        page.efer = (enabled ? 0x100 : 0) | 0x401;
        CHECK_EQ(apply(groups[i >> 2]), OK);
        CHECK_EQ(at(GUEST_EFER) & 0x400, 0); /* one of two is not enough */
        CHECK_EQ(apply(groups[i >> 2 ^ 1]), OK);
        CHECK_EQ(at(GUEST_EFER), 1 | (enabled ? 0x100 : 0) | (paging && enabled ? 0x400 : 0));
        CHECK_EQ(at(CONTROL_ENTRY), entry | (paging && enabled ? 1 << 9 : 0));
    }
    for (uint32_t bit = 0; bit < 64; bit++) {
        page.efer = 1ull << bit;
        CHECK_EQ(apply(VCPU_GROUP_EFER), OK);
        CHECK_EQ(at(GUEST_EFER) & ~0x400ull, (1ull << bit) & 0x901);
    }
}

static void test_hvm_apply__flushes_only_for_new_translations(void)
{
    fresh();
    hvm.flush = false;
    CHECK_EQ(apply(EVERY_GROUP & ~(unsigned)(VCPU_GROUP_CONTROL | VCPU_GROUP_EFER)), OK);
    CHECK(!hvm.flush);
    CHECK_EQ(apply(VCPU_GROUP_CONTROL), OK);
    CHECK(hvm.flush);
    hvm.flush = false;
    CHECK_EQ(apply(VCPU_GROUP_EFER), OK);
    CHECK(hvm.flush);
}

static void test_control__extended_state_and_priority(void)
{
    static const uint8_t wanted[8] = {1, 1, 3, 3, 7, 7, 7, 7};
    fresh();
    for (uint64_t xcr0 = 0; xcr0 < 8; xcr0++) {
        page.xcr0 = ~7ull | xcr0;
        page.cr8 = xcr0 + 8;
        page.cr2 = ~xcr0;
        CHECK_EQ(apply(VCPU_GROUP_CONTROL), OK);
        CHECK_EQ(hvm.xcr0, wanted[xcr0]);
        CHECK_EQ(tpr, (xcr0 + 8) << 4);
        CHECK_EQ(vmx_of(&hvm)->cr2, ~xcr0);
        page.xcr0 = page.cr8 = page.cr2 = 0;
        hvm_read(&hvm, VCPU_GROUP_CONTROL);
        CHECK(page.xcr0 == wanted[xcr0] && page.cr8 == xcr0 + 8 && page.cr2 == ~xcr0);
    }
}

static void test_hvm_apply__makes_bases_canonical(void)
{
    fresh();
    for (int i = 0; i < 8; i++)
        page.seg[i].base = 0x0000800000000000;
    page.lstar = page.cstar = page.kernel_gs_base = page.gdtr_base = page.idtr_base = 0x8000000000000000;
    page.sysenter_esp = page.sysenter_eip = 0x0001800000000000;
    page.star = page.sfmask = 0x8000000000000000;
    CHECK_EQ(apply(VCPU_GROUP_SEGMENT | VCPU_GROUP_MSR | VCPU_GROUP_TABLE), OK);
    for (uint64_t i = 0; i < 8; i++)
        CHECK_EQ(at(GUEST_SEGMENT_BASE + 2 * i), 0xffff800000000000);
    CHECK(at(GUEST_GDTR_BASE) == 0 && at(GUEST_IDTR_BASE) == 0);
    CHECK_EQ(at(GUEST_SYSENTER_ESP), 0xffff800000000000);
    CHECK_EQ(at(GUEST_SYSENTER_EIP), 0xffff800000000000);
    const struct msr_entry *list = vmx_of(&hvm)->msr;
    CHECK_EQ(list[0].value, 0x8000000000000000); /* STAR holds no address */
    CHECK(list[1].value == 0 && list[2].value == 0 && list[3].value == 0 && list[4].value == 0);
}

static void test_msrs__survive_the_round_trip(void)
{
    fresh();
    page.star = 0x0023001000000000;
    page.lstar = 0xffffffff81000000;
    page.cstar = 0xffffffff81000040;
    page.sfmask = 0x47700;
    page.kernel_gs_base = 0x7fff00000000;
    CHECK_EQ(apply(VCPU_GROUP_MSR), OK);
    const struct msr_entry *list = vmx_of(&hvm)->msr;
    CHECK(list[0].index == 0xc0000081 && list[0].value == 0x0023001000000000);
    CHECK(list[1].index == 0xc0000082 && list[1].value == 0xffffffff81000000);
    CHECK(list[2].index == 0xc0000083 && list[2].value == 0xffffffff81000040);
    CHECK(list[3].index == 0xc0000084 && list[3].value == 0x47700);
    CHECK(list[4].index == 0xc0000102 && list[4].value == 0x7fff00000000);
    struct vcpu_state wanted = page;
    page.star = page.lstar = page.cstar = page.sfmask = page.kernel_gs_base = page.pat = 1;
    hvm_read(&hvm, VCPU_GROUP_MSR);
    CHECK(memcmp(&wanted.star, &page.star, 9 * sizeof page.star) == 0);
}

static void test_hvm_apply__pat_takes_real_types_only(void)
{
    fresh();
    for (uint64_t type = 0; type < 256; type++) {
        for (unsigned place = 0; place < 64; place += 8) {
            const bool real = type == 0 || type == 1 || (type >= 4 && type <= 7);
            put(GUEST_PAT, 0x0606060606060606);
            page.pat = (0x0706050401000000 & ~(0xffull << place)) | type << place;
            CHECK_EQ(apply(VCPU_GROUP_MSR), OK);
            CHECK_EQ(at(GUEST_PAT), real ? page.pat : 0x0606060606060606);
        }
    }
}

static void test_segments__survive_the_round_trip(void)
{
    fresh();
    for (uint16_t i = 0; i < 8; i++)
        page.seg[i] = (struct segment){(uint16_t)(8 * i), 0xa09b, 0xfffff000u + i, 0x1000u * i};
    page.seg[2].access = 0xc0f3;
    page.seg[3].access = 0xc013; /* not present: unusable */
    page.seg[6].access = 0x0082;
    page.seg[7].access = 0x008b;
    struct vcpu_state wanted = page;
    CHECK_EQ(apply(VCPU_GROUP_SEGMENT), OK);
    CHECK(at(GUEST_SELECTOR + 2) == 8 && at(GUEST_SEGMENT_LIMIT + 4) == 0xfffff002);
    CHECK(at(GUEST_CS_ACCESS) == 0xa09b && at(GUEST_SS_ACCESS) == 0xc0f3);
    CHECK_EQ(at(GUEST_ACCESS + 6), 0x1c013);
    memset(page.seg, 0, sizeof page.seg);
    hvm_read(&hvm, VCPU_GROUP_SEGMENT);
    CHECK(memcmp(wanted.seg, page.seg, sizeof page.seg) == 0);
    put(GUEST_ACCESS + 12, 0x10082); /* an LDTR that the guest made null */
    hvm_read(&hvm, VCPU_GROUP_SEGMENT);
    CHECK_EQ(page.seg[6].access, 2);
}

/* Present, of the system, a busy TSS of 16 or 32/64 bits, never unusable: 27.3.1.2. */
static void test_segments__tr_is_a_busy_tss(void)
{
    fresh();
    for (uint32_t access = 0; access < 0x20000; access++) {
        page.seg[7].access = (uint16_t)access;
        CHECK_EQ(apply(VCPU_GROUP_SEGMENT), OK);
        const uint64_t now = at(GUEST_ACCESS + 14);
        CHECK_EQ(now & 0x1ff97, 0x83 | (access & 0xf000));
    }
}

static void test_segments__reserved_access_bits_are_clear(void)
{
    fresh();
    for (uint32_t access = 0; access < 0x10000; access++) {
        page.seg[0].access = (uint16_t)access;
        CHECK_EQ(apply(VCPU_GROUP_SEGMENT), OK);
        CHECK_EQ(at(GUEST_ACCESS), (access & 0xf0ff) | ((access & 0x80) == 0 ? 0x10000 : 0));
    }
}

static void test_debug__registers_follow_their_owner(void)
{
    fresh();
    cpu_block[0].debug_owner = &hvm;
    page.dr[2] = 0x1234;
    page.dr6 = 0x1;
    CHECK_EQ(apply(VCPU_GROUP_DEBUG), OK);
    CHECK(hvm.dr[2] == 0x1234 && vmx_of(&hvm)->dr6 == 0xffff0ff1 && cpu_block[0].debug_owner == NULL);
    cpu_block[0].debug_owner = &hvm;
    fake.dr[2] = 0x5678;
    fake.dr6 = 0xffff4ff0;
    hvm_read(&hvm, VCPU_GROUP_DEBUG);
    CHECK(page.dr[2] == 0x5678 && page.dr6 == 0xffff4ff0);
    cpu_block[0].debug_owner = NULL;
    page.dr[2] = 0x9;
    page.dr6 = 0x2;
    CHECK_EQ(apply(VCPU_GROUP_DEBUG), OK);
    CHECK(fake.dr[2] == 0x5678 && fake.dr6 == 0xffff4ff0);
    CHECK(hvm.dr[2] == 0x9 && vmx_of(&hvm)->dr6 == 0xffff0ff2);
    page.dr[2] = page.dr6 = 0;
    hvm_read(&hvm, VCPU_GROUP_DEBUG);
    CHECK(page.dr[2] == 0x9 && page.dr6 == 0xffff0ff2);
}

static void test_debug__reserved_bits_are_as_hardware_has_them(void)
{
    fresh();
    for (uint32_t bit = 0; bit < 64; bit++) {
        page.dr6 = page.dr7 = 1ull << bit;
        CHECK_EQ(apply(VCPU_GROUP_DEBUG), OK);
        CHECK_EQ(vmx_of(&hvm)->dr6, 0xffff0ff0 | ((1ull << bit) & 0xe00f));
        CHECK_EQ(at(GUEST_DR7), 0x400 | ((1ull << bit) & 0xffff23ff));
    }
}

static void test_hvm_read__touches_only_asked_groups(void)
{
    fresh();
    put(GUEST_CR3, 0x1000);
    put(GUEST_SEGMENT_BASE, 0x10);
    put(GUEST_GDTR_BASE, 0x2000);
    put(GUEST_SYSENTER_EIP, 0x3000);
    put(GUEST_EFER, 0x500);
    put(CONTROL_TSC_OFFSET, 7);
    for (uint32_t group = 2; group < 9; group++) {
        memset(&page, 0, sizeof page);
        hvm_read(&hvm, 0);
        for (size_t i = 0; i < sizeof pages[1]; i++)
            CHECK_EQ(pages[1][i], 0);
        hvm_read(&hvm, 1u << group);
        CHECK_EQ(page.valid, 1u << group);
        CHECK_EQ(page.cr3 != 0, group == 2);
        CHECK_EQ(page.seg[0].base != 0, group == 3);
        CHECK_EQ(page.gdtr_base != 0, group == 4);
        CHECK_EQ(page.sysenter_eip != 0, group == 5);
        CHECK_EQ(page.dr6 != 0, group == 6);
        CHECK_EQ(page.tsc_offset != 0, group == 7);
        CHECK_EQ(page.efer != 0, group == 8);
    }
}

/* 27.3.1.4: STI's only with IF; MOV SS's stays what it is. 27.3.1.5: a step in a shadow is pending, with what MOV SS holds back. */
static void test_shadow__kind_and_pending_step_are_consistent(void)
{
    static const struct {
        uint64_t before, asked, rflags, after;
    } cases[] = {{0, 0, 0x202, 0}, {0, 1, 0x202, 1},   {0, 1, 0x2, 2}, {1, 1, 0x202, 1}, {1, 1, 0x2, 2},
                 {2, 1, 0x202, 2}, {2, 1, 0x2, 2},     {1, 0, 0x2, 0}, {2, 0, 0x202, 0}, {8, 1, 0x202, 9},
                 {9, 0, 0x202, 8}, {10, 1, 0x202, 10}, {9, 1, 0x2, 10}};
    for (size_t i = 0; i < 4 * sizeof cases / sizeof cases[0]; i++) {
        const uint64_t step = i & 1 ? 0x100 : 0, left = i & 2 ? 0x5001 : 0x1001;
        fresh();
        put(GUEST_INTERRUPTIBILITY, cases[i / 4].before);
        put(GUEST_PENDING_DEBUG, left);
        vmx_of(&hvm)->blocked = cases[i / 4].before & 3;
        vmx_apply_shadow(vmx_of(&hvm), cases[i / 4].asked != 0, cases[i / 4].rflags | step);
        CHECK_EQ(at(GUEST_INTERRUPTIBILITY), cases[i / 4].after);
        CHECK_EQ(vmx_of(&hvm)->blocked, cases[i / 4].after & 3);
        CHECK_EQ(at(GUEST_PENDING_DEBUG), cases[i / 4].asked == 0 ? left : step ? 0x5001 : 0x1001);
    }
}

static void test_irq__asked_for_and_withdrawn(void)
{
    fresh();
    page.irq_vector = ~0xffull | 0x51;
    CHECK_EQ(apply(0), OK);
    CHECK(hvm.delivering && vmx_of(&hvm)->irq == 0x151);
    page.irq_vector = 0x51;
    CHECK_EQ(apply(0), OK);
    CHECK(!hvm.delivering && vmx_of(&hvm)->irq == 0);
}

/* What waits, what blocks it, and what stands in the controls then. */
static void test_start__puts_in_what_can_be_taken_and_opens_windows(void)
{
    enum { IRQ = 1 << 2, NMI = 1 << 22, GP = 0xd };
    static const uint64_t none = 0, irq = 1ull << 31 | 0x51, nmi = 1ull << 31 | 0x202,
                          gp = 1ull << 31 | 0xb0d;
    const struct {
        uint64_t irq, event;
        bool nmi;
        uint64_t rflags, blocked;
        uint8_t task;
        uint64_t injected;
        uint32_t windows;
        uint64_t threshold;
    } cases[] = {
        {0x151, 0, false, RFLAGS_ON, 0, 0, irq, 0, 0},
        {0x151, 0, false, 2, 0, 0, none, IRQ, 0},
        {0x151, 0, false, RFLAGS_ON, 1, 0, none, IRQ, 0},
        {0x151, 0, false, RFLAGS_ON, 2, 0, none, IRQ, 0},
        {0x151, 0, false, RFLAGS_ON, 8, 0, irq, 0, 0}, /* an NMI handler takes interrupts */
        {0x151, gp, false, RFLAGS_ON, 0, 0, gp, IRQ, 0},
        {0x151, 0, false, RFLAGS_ON, 0, 0x40, irq, 0, 0},
        {0x151, 0, false, RFLAGS_ON, 0, 0x4f, irq, 0, 0},
        {0x151, 0, false, RFLAGS_ON, 0, 0x50, none, 0, 5},
        {0x151, 0, false, 2, 0, 0xf0, none, 0, 5},
        {0x1ff, 0, false, RFLAGS_ON, 0, 0xf0, none, 0, 15},
        {0x108, 0, false, RFLAGS_ON, 0, 0xf0, 1ull << 31 | 8, 0, 0}, /* the 8259 knows no TPR */
        {0x11f, 0, false, RFLAGS_ON, 0, 0xf0, 1ull << 31 | 0x1f, 0, 0},
        {0x120, 0, false, RFLAGS_ON, 0, 0x20, none, 0, 2},
        {0, 0, true, 2, 0, 0, nmi, 0, 0},
        {0, 0, true, 2, 8, 0, none, NMI, 0},
        {0, 0, true, 2, 2, 0, none, NMI, 0},
        {0, 0, true, RFLAGS_ON, 1, 0, none, IRQ,
         0}, /* 26.2: the NMI window may open in STI's shadow at once */
        {0, gp, true, RFLAGS_ON, 0, 0, gp, NMI, 0},
        {0, gp, true, RFLAGS_ON, 1, 0, gp, NMI, 0},
        {0x151, 0, true, RFLAGS_ON, 0, 0, nmi, IRQ, 0},
        {0x151, 0, true, RFLAGS_ON, 8, 0, irq, NMI, 0},
        {0, gp, false, 2, 2, 0, gp, 0, 0},
        {0, 0, false, RFLAGS_ON, 0, 0, none, 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        fresh();
        struct vmx *vmx = vmx_of(&hvm);
        put(GUEST_CR0, 0x31);
        put(CONTROL_PRIMARY, 0xb6206dfe | PRIMARY_IRQ_WINDOW | PRIMARY_NMI_WINDOW);
        put(GUEST_INTERRUPTIBILITY, cases[i].blocked);
        tpr = cases[i].task;
        vmx->irq = cases[i].irq;
        vmx->nmi = cases[i].nmi;
        hvm.event = cases[i].event | (cases[i].event != 0 ? 0x18ull << 32 : 0);
        vmx_start_event(&hvm, cases[i].rflags);
        CHECK_EQ(at(CONTROL_EVENT), cases[i].injected);
        CHECK_EQ(at(CONTROL_PRIMARY),
                 (0xb6206dfe & ~(uint64_t)(PRIMARY_IRQ_WINDOW | PRIMARY_NMI_WINDOW)) | cases[i].windows);
        CHECK_EQ(at(CONTROL_TPR_THRESHOLD), cases[i].threshold);
        CHECK(cases[i].threshold <= cases[i].task >> 4);
        CHECK_EQ(at(CONTROL_EVENT_ERROR), cases[i].event != 0 ? 0x18 : 0);
        CHECK_EQ(vmx->irq, cases[i].injected == (1ull << 31 | (cases[i].irq & 0xff)) ? 0 : cases[i].irq);
        CHECK_EQ(vmx->nmi, cases[i].nmi && cases[i].injected != nmi);
    }
}

static void test_start__real_mode_has_no_error_codes(void)
{
    fresh();
    hvm.event = inject(3, 13, true) | 0x18ull << 32;
    put(GUEST_CR0, 0x30);
    vmx_start_event(&hvm, 2);
    CHECK_EQ(at(CONTROL_EVENT), inject(3, 13, false));
    put(GUEST_CR0, 0x31);
    vmx_start_event(&hvm, 2);
    CHECK_EQ(at(CONTROL_EVENT), inject(3, 13, true));
}

static void test_settle__delivered_is_forgotten(void)
{
    fresh();
    page.irq_vector = 0x151;
    hvm.event = inject(3, 13, true);
    hvm.delivering = true;
    put(CONTROL_TPR_THRESHOLD, 5);
    vmx_settle_events(&hvm, inject(3, 14, true) & ~VALID);
    CHECK(page.irq_vector == 0 && hvm.event == 0 && !hvm.delivering);
    CHECK_EQ(at(CONTROL_TPR_THRESHOLD), 0);
}

static void test_settle__waiting_stays(void)
{
    fresh();
    page.irq_vector = 0x151;
    vmx_of(&hvm)->irq = 0x151;
    vmx_settle_events(&hvm, 0);
    CHECK(page.irq_vector == 0x151 && hvm.delivering && vmx_of(&hvm)->irq == 0x151);
    fresh();
    vmx_of(&hvm)->nmi = true;
    vmx_settle_events(&hvm, 0);
    CHECK(hvm.delivering && vmx_of(&hvm)->nmi);
}

/* Every type of IDT-vectoring information: table 25-20. */
static void test_settle__cut_short_comes_again(void)
{
    fresh();
    page.irq_vector = 0x151;
    vmx_settle_events(&hvm, inject(0, 0x51, false));
    CHECK(page.irq_vector == 0x151 && vmx_of(&hvm)->irq == 0x151 && hvm.event == 0 && hvm.delivering);

    fresh();
    put(GUEST_INTERRUPTIBILITY, 0xb);
    vmx_settle_events(&hvm, inject(2, 2, false));
    CHECK(vmx_of(&hvm)->nmi && hvm.event == 0 && hvm.delivering);
    CHECK_EQ(at(GUEST_INTERRUPTIBILITY), 3);

    fresh();
    put(EXIT_VECTORING_ERROR, 6);
    vmx_settle_events(&hvm, inject(3, 14, true) | 1 << 12 | 1ull << 40);
    CHECK_EQ(hvm.event, inject(3, 14, true) | 6ull << 32);
    CHECK(hvm.delivering);
    vmx_settle_events(&hvm, inject(3, 6, false)); /* no code: the field is not read */
    CHECK_EQ(hvm.event, inject(3, 6, false));
}

static void test_settle__instructions_repeat_by_themselves(void)
{
    static const uint64_t types[] = {4, 5, 6, 1, 7};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        fresh();
        hvm.event = inject(3, 13, true);
        vmx_settle_events(&hvm, inject(types[i], 3, false));
        CHECK(hvm.event == 0 && !hvm.delivering && vmx_of(&hvm)->irq == 0 && !vmx_of(&hvm)->nmi);
    }
}

/* What a VMM asks for reaches the entry's controls, and nothing twice. */
static void test_inject__nmi_waits_for_the_last_one_to_end(void)
{
    fresh();
    page.inject = inject(2, 2, false);
    CHECK_EQ(apply(0), OK);
    CHECK(page.inject == 0 && vmx_of(&hvm)->nmi && hvm.event == 0 && hvm.delivering);
    put(GUEST_INTERRUPTIBILITY, 8);
    vmx_start_event(&hvm, 2);
    CHECK_EQ(at(CONTROL_EVENT), 0);
    vmx_settle_events(&hvm, 0);
    put(GUEST_INTERRUPTIBILITY, 0);
    vmx_start_event(&hvm, 2);
    CHECK_EQ(at(CONTROL_EVENT), inject(2, 2, false));
    vmx_settle_events(&hvm, 0);
    CHECK(!hvm.delivering);
}

int main(void)
{
    RUN(test_vmx_event__accepts_exactly_what_exists);
    RUN(test_vmx_event__drops_reserved_bits);
    RUN(test_hvm_apply__refuses_bad_injection_and_keeps_it);
    RUN(test_hvm_apply__touches_only_dirty_groups);
    RUN(test_hvm_apply__each_group_moves_its_own_fields);
    RUN(test_hvm_apply__confines_every_field);
    RUN(test_control__what_stands_in_cr0);
    RUN(test_control__what_stands_in_cr4);
    RUN(test_control__guests_read_what_they_wrote);
    RUN(test_control__masks_own_what_guests_must_not_set);
    RUN(test_efer__long_mode_follows_from_paging);
    RUN(test_hvm_apply__flushes_only_for_new_translations);
    RUN(test_control__extended_state_and_priority);
    RUN(test_hvm_apply__makes_bases_canonical);
    RUN(test_msrs__survive_the_round_trip);
    RUN(test_hvm_apply__pat_takes_real_types_only);
    RUN(test_segments__survive_the_round_trip);
    RUN(test_segments__tr_is_a_busy_tss);
    RUN(test_segments__reserved_access_bits_are_clear);
    RUN(test_debug__registers_follow_their_owner);
    RUN(test_debug__reserved_bits_are_as_hardware_has_them);
    RUN(test_hvm_read__touches_only_asked_groups);
    RUN(test_shadow__kind_and_pending_step_are_consistent);
    RUN(test_irq__asked_for_and_withdrawn);
    RUN(test_start__puts_in_what_can_be_taken_and_opens_windows);
    RUN(test_start__real_mode_has_no_error_codes);
    RUN(test_settle__delivered_is_forgotten);
    RUN(test_settle__waiting_stays);
    RUN(test_settle__cut_short_comes_again);
    RUN(test_settle__instructions_repeat_by_themselves);
    RUN(test_inject__nmi_waits_for_the_last_one_to_end);
    return UNIT_RESULT();
}
