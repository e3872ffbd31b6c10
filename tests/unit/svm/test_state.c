/* hw/svm_state.c: what a hostile VMM writes is confined, what it reads is true. */
#include "machine.h"

static uint64_t event_of(uint64_t inject, uint64_t error)
{
    uint64_t event = 0;
    return svm_event(inject, error, &event) ? event : 0;
}

static uint64_t inject(uint64_t type, uint64_t vector, bool has_error)
{
    return 1ull << 31 | type << 8 | vector | (has_error ? 1ull << 11 : 0);
}

static void test_svm_event__accepts_exactly_what_exists(void)
{
    static const uint8_t with_error[] = {8, 10, 11, 12, 13, 14, 17, 21, 29, 30};
    for (uint64_t type = 0; type < 8; type++) {
        for (uint64_t vector = 0; vector < 256; vector++) {
            bool known = false;
            for (size_t i = 0; i < sizeof with_error; i++)
                known = known || with_error[i] == vector;
            bool plain = (type == 3 && vector < 32 && vector != 2) || (type == 2 && vector == 2);
            CHECK_EQ(event_of(inject(type, vector, false), 5), plain ? inject(type, vector, false) : 0);
            bool coded = type == 3 && known;
            CHECK_EQ(event_of(inject(type, vector, true), 5),
                     coded ? inject(type, vector, true) | 5ull << 32 : 0);
        }
    }
}

static void test_svm_event__drops_reserved_bits(void)
{
    CHECK_EQ(event_of(~0ull << 32 | inject(3, 13, true) | 0x7ffff000, ~0ull),
             inject(3, 13, true) | 0xffffffffull << 32);
}

static void test_hvm_apply__refuses_bad_injection_and_keeps_it(void)
{
    fresh();
    page.inject = inject(3, 77, false);
    CHECK_EQ(hvm_apply(&hvm, 0), ERR_ARGUMENT);
    CHECK_EQ(hvm.event, 0);
    CHECK_EQ(page.inject, inject(3, 77, false));
    page.inject = inject(3, 13, true);
    page.inject_error = 0x10;
    CHECK_EQ(hvm_apply(&hvm, 0), OK);
    CHECK_EQ(hvm.event, inject(3, 13, true) | 0x10ull << 32);
    CHECK_EQ(page.inject, 0);
    CHECK(hvm.delivering);
}

static void test_hvm_apply__touches_only_dirty_groups(void)
{
    fresh();
    memset(&page, 0xff, sizeof page);
    page.inject = page.irq_vector = 0;
    struct vmcb before = vmcb;
    CHECK_EQ(hvm_apply(&hvm, 0), OK);
    CHECK_EQ(vmcb.rip, ~0ull);
    before.rip = vmcb.rip;
    before.rflags = vmcb.rflags;
    before.interrupt_shadow = 1;
    CHECK(memcmp(&before, &vmcb, sizeof vmcb) == 0);
}

static void test_hvm_apply__confines_every_field(void)
{
    fresh();
    memset(&page, 0xff, sizeof page);
    page.inject = page.irq_vector = 0;
    struct vmcb before = vmcb;
    CHECK_EQ(hvm_apply(&hvm, UINT32_MAX), OK);
    CHECK_EQ(vmcb.rflags, 0x3f7fd7);
    CHECK_EQ(vmcb.cr0, 0xe005003f);
    CHECK_EQ(vmcb.cr3, 0x000fffffffffffff);
    CHECK_EQ(vmcb.cr4, 0x370fff);
    CHECK_EQ(vmcb.efer, 0x5d01); /* with SVME, and LMA from LME and PG */
    CHECK_EQ(vmcb.interrupt_control, V_INTR_MASKING | 0xf);
    CHECK_EQ(vmcb.dr6, 0xffffefff);
    CHECK_EQ(vmcb.dr7, 0xffff27ff);
    CHECK_EQ(vmcb.pat, 0); /* type 0xff does not exist: the old value stays */
    CHECK_EQ(hvm.xcr0, 7);
    CHECK_EQ(vmcb.segment[VMCB_GDTR].limit, 0xffff);
    CHECK_EQ(vmcb.segment[VMCB_CS].attributes, 0xfff);
    CHECK_EQ(vmcb.segment[VMCB_TR].attributes, 0xfe9);
    CHECK_EQ(vmcb.cpl, 3);
    /* The control area belongs to the kernel: interrupt requests, shadow and TSC offset apart, not a byte moves. */
    before.interrupt_control = vmcb.interrupt_control;
    before.interrupt_shadow = vmcb.interrupt_shadow;
    before.tsc_offset = vmcb.tsc_offset;
    CHECK(memcmp(&before, &vmcb, offsetof(struct vmcb, segment)) == 0);
}

static void test_hvm_apply__never_drops_svme(void)
{
    fresh();
    for (uint32_t bit = 0; bit < 64; bit++) {
        page.efer = 1ull << bit;
        CHECK_EQ(hvm_apply(&hvm, VCPU_GROUP_EFER), OK);
        CHECK(vmcb.efer & EFER_SVME);
        hvm_read(&hvm, VCPU_GROUP_EFER);
        CHECK_EQ(page.efer & EFER_SVME, 0);
    }
}

static void test_hvm_apply__makes_bases_canonical(void)
{
    fresh();
    for (int i = 0; i < 8; i++)
        page.seg[i].base = 0x0000800000000000;
    page.lstar = page.kernel_gs_base = page.gdtr_base = 0x8000000000000000;
    page.star = page.sfmask = 0x8000000000000000;
    CHECK_EQ(hvm_apply(&hvm, VCPU_GROUP_SEGMENT | VCPU_GROUP_MSR | VCPU_GROUP_TABLE), OK);
    CHECK_EQ(vmcb.segment[VMCB_FS].base, 0xffff800000000000);
    CHECK_EQ(vmcb.segment[VMCB_LDTR].base, 0xffff800000000000);
    CHECK_EQ(vmcb.segment[VMCB_GDTR].base, 0);
    CHECK_EQ(vmcb.lstar, 0);
    CHECK_EQ(vmcb.kernel_gs_base, 0);
    CHECK_EQ(vmcb.star, 0x8000000000000000); /* STAR holds no address */
}

static void test_hvm_apply__confines_paging_and_cache_bits(void)
{
    fresh();
    page.cr0 = 1ull << 31 | 1ull << 29;
    CHECK_EQ(hvm_apply(&hvm, VCPU_GROUP_CONTROL), OK);
    CHECK_EQ(vmcb.cr0, 0); /* no paging without protection, no NW without CD */
    page.xcr0 = 4;
    CHECK_EQ(hvm_apply(&hvm, VCPU_GROUP_CONTROL), OK);
    CHECK_EQ(hvm.xcr0, 7);
}

static void test_hvm_apply__flushes_only_for_new_translations(void)
{
    fresh();
    CHECK_EQ(hvm_apply(&hvm, VCPU_GROUP_CONTROL | VCPU_GROUP_EFER), OK);
    CHECK(!hvm.flush);
    page.cr3 = 0x1000;
    CHECK_EQ(hvm_apply(&hvm, VCPU_GROUP_CONTROL), OK);
    CHECK(hvm.flush);
}

static void test_hvm_apply__pat_takes_real_types_only(void)
{
    fresh();
    for (uint64_t type = 0; type < 256; type++) {
        vmcb.pat = 0x0606060606060606;
        page.pat = 0x0706050401000000 | type;
        CHECK_EQ(hvm_apply(&hvm, VCPU_GROUP_MSR), OK);
        bool real = type == 0 || type == 1 || (type >= 4 && type <= 7);
        CHECK_EQ(vmcb.pat, real ? page.pat : 0x0606060606060606);
    }
}

static void test_segments__survive_the_round_trip(void)
{
    fresh();
    for (uint16_t i = 0; i < 8; i++)
        page.seg[i] = (struct segment){(uint16_t)(8 * i), 0xa09b, 0xfffff000u + i, 0x1000u * i};
    page.seg[2].access = 0xc0f3;
    page.seg[6].access = 0x0082;
    page.seg[7].access = 0x008b;
    struct vcpu_state wanted = page;
    CHECK_EQ(hvm_apply(&hvm, VCPU_GROUP_SEGMENT), OK);
    CHECK_EQ(vmcb.segment[VMCB_CS].attributes, 0xa9b);
    CHECK_EQ(vmcb.cpl, 3);
    memset(page.seg, 0, sizeof page.seg);
    hvm_read(&hvm, VCPU_GROUP_SEGMENT);
    CHECK(memcmp(wanted.seg, page.seg, sizeof page.seg) == 0);
    CHECK_EQ(page.valid, VCPU_GROUP_SEGMENT);
    vmcb.cpl = 0; /* as after SYSRET's quirk: the CPL wins */
    hvm_read(&hvm, VCPU_GROUP_SEGMENT);
    CHECK_EQ(page.seg[2].access, 0xc093);
}

static void test_hvm_read__touches_only_asked_groups(void)
{
    for (uint32_t group = 2; group < 9; group++) {
        fresh();
        struct vcpu_state before = page;
        memset(&vmcb, 0x5a, sizeof vmcb);
        hvm_read(&hvm, 0);
        CHECK(memcmp(&before, &page, sizeof page) == 0);
        hvm_read(&hvm, 1u << group);
        CHECK_EQ(page.valid, 1u << group);
        CHECK_EQ(page.cr3 != 0, group == 2);
        CHECK_EQ(page.seg[0].base != 0, group == 3);
        CHECK_EQ(page.gdtr_base != 0, group == 4);
        CHECK_EQ(page.sysenter_eip != 0, group == 5);
        CHECK_EQ(page.dr6 != 0, group == 6);
        CHECK_EQ(page.efer != 0, group == 8);
    }
}

static void test_debug__registers_follow_their_owner(void)
{
    fresh();
    fake_resident = true;
    page.dr[2] = 0x1234;
    CHECK_EQ(hvm_apply(&hvm, VCPU_GROUP_DEBUG), OK);
    CHECK_EQ(fake_dr[2], 0x1234);
    fake_dr[2] = 0x5678;
    hvm_read(&hvm, VCPU_GROUP_DEBUG);
    CHECK_EQ(page.dr[2], 0x5678);
    fake_resident = false;
    page.dr[2] = 0x9;
    CHECK_EQ(hvm_apply(&hvm, VCPU_GROUP_DEBUG), OK);
    CHECK_EQ(fake_dr[2], 0x5678);
    CHECK_EQ(hvm.dr[2], 0x9);
}

static void test_irq__asked_for_and_withdrawn(void)
{
    fresh();
    page.irq_vector = 0x100 | 0x51;
    CHECK_EQ(hvm_apply(&hvm, 0), OK);
    CHECK_EQ(vmcb.interrupt_control, V_INTR_MASKING | V_IRQ | 5u << 16);
    CHECK_EQ(vmcb.interrupt_vector, 0x51);
    page.irq_vector = 0x100 | 0x08;
    CHECK_EQ(hvm_apply(&hvm, 0), OK);
    CHECK_EQ(vmcb.interrupt_control, V_INTR_MASKING | V_IRQ | V_IGNORE_TPR);
    page.irq_vector = 0x51;
    CHECK_EQ(hvm_apply(&hvm, 0), OK);
    CHECK_EQ(vmcb.interrupt_control, V_INTR_MASKING);
}

static void test_settle__delivered_is_forgotten(void)
{
    fresh();
    page.irq_vector = 0x151;
    hvm.event = inject(3, 13, true);
    svm_settle_events(&hvm);
    CHECK_EQ(page.irq_vector, 0);
    CHECK_EQ(hvm.event, 0);
    CHECK(!hvm.delivering);
}

static void test_settle__waiting_stays(void)
{
    fresh();
    page.irq_vector = 0x151;
    svm_request_irq(&hvm, 0x151);
    svm_settle_events(&hvm);
    CHECK_EQ(page.irq_vector, 0x151);
    CHECK(hvm.delivering);
}

static void test_settle__cut_short_comes_again(void)
{
    fresh();
    page.irq_vector = 0x151;
    vmcb.exit_event = inject(0, 0x51, false); /* hardware's form */
    svm_settle_events(&hvm);
    CHECK_EQ(page.irq_vector, 0x151);
    CHECK(vmcb.interrupt_control & V_IRQ);
    CHECK_EQ(hvm.event, 0);

    fresh();
    page.irq_vector = 0x151;
    vmcb.exit_event = inject(3, 0x51, false); /* QEMU's */
    svm_settle_events(&hvm);
    CHECK(vmcb.interrupt_control & V_IRQ);

    fresh();
    vmcb.exit_event = inject(3, 14, true) | 6ull << 32;
    svm_settle_events(&hvm);
    CHECK_EQ(hvm.event, inject(3, 14, true) | 6ull << 32);
    CHECK(hvm.delivering);
}

static void test_settle__refused_is_forgotten(void)
{
    fresh();
    hvm.event = vmcb.exit_event = inject(3, 31, false);
    vmcb.exit_code = ~0ull;
    hvm.delivering = true;
    svm_settle_events(&hvm);
    CHECK_EQ(hvm.event, 0);
    CHECK(!hvm.delivering);
}

static void test_settle__instructions_repeat_by_themselves(void)
{
    fresh();
    vmcb.exit_event = inject(4, 0x80, false);
    svm_settle_events(&hvm);
    CHECK_EQ(hvm.event, 0);
    hvm.event = inject(3, 13, true); /* delivered earlier in this run */
    vmcb.exit_event = inject(3, 3, false);
    svm_settle_events(&hvm);
    CHECK_EQ(hvm.event, 0);
    hvm.event = inject(3, 3, false); /* put in by the VMM */
    svm_settle_events(&hvm);
    CHECK_EQ(hvm.event, inject(3, 3, false));
}

int main(void)
{
    RUN(test_svm_event__accepts_exactly_what_exists);
    RUN(test_svm_event__drops_reserved_bits);
    RUN(test_hvm_apply__refuses_bad_injection_and_keeps_it);
    RUN(test_hvm_apply__touches_only_dirty_groups);
    RUN(test_hvm_apply__confines_every_field);
    RUN(test_hvm_apply__never_drops_svme);
    RUN(test_hvm_apply__makes_bases_canonical);
    RUN(test_hvm_apply__confines_paging_and_cache_bits);
    RUN(test_hvm_apply__flushes_only_for_new_translations);
    RUN(test_hvm_apply__pat_takes_real_types_only);
    RUN(test_segments__survive_the_round_trip);
    RUN(test_hvm_read__touches_only_asked_groups);
    RUN(test_debug__registers_follow_their_owner);
    RUN(test_irq__asked_for_and_withdrawn);
    RUN(test_settle__delivered_is_forgotten);
    RUN(test_settle__waiting_stays);
    RUN(test_settle__cut_short_comes_again);
    RUN(test_settle__refused_is_forgotten);
    RUN(test_settle__instructions_repeat_by_themselves);
    return UNIT_RESULT();
}
