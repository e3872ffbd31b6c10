/* PIC, PIT, local APIC, IOAPIC, and how the platform wires them. */
#include <stdlib.h>

#include "platform.h"
#include "unit.h"

#define MS UINT64_C(1000000)

static void pic_setup(struct pic *pic)
{
    pic_init(pic);
    for (unsigned chip = 0; chip < 2; chip++) {
        pic_write(pic, chip == 1, 0, 0x11);
        pic_write(pic, chip == 1, 1, chip == 1 ? 0x28 : 0x20);
        pic_write(pic, chip == 1, 1, chip == 1 ? 2 : 4);
        pic_write(pic, chip == 1, 1, 1);
        pic_write(pic, chip == 1, 1, 0);
    }
}

static void test_pic__delivers_by_priority_and_waits_for_eoi(void)
{
    struct pic pic;
    pic_setup(&pic);
    pic_set_line(&pic, 4, true);
    pic_set_line(&pic, 1, true);
    CHECK_EQ(pic_peek(&pic), 0x21);
    CHECK_EQ(pic_acknowledge(&pic), 0x21);
    CHECK(!pic_pending(&pic));
    pic_write(&pic, false, 0, 0x20);
    CHECK(pic_pending(&pic));
    CHECK_EQ(pic_acknowledge(&pic), 0x24);
}

static void test_pic__second_chip_comes_through_line_2(void)
{
    struct pic pic;
    pic_setup(&pic);
    pic_set_line(&pic, 8, true);
    CHECK_EQ(pic_acknowledge(&pic), 0x28);
    CHECK_EQ(pic.chip[0].isr, 4);
    CHECK_EQ(pic.chip[1].isr, 1);
}

static void test_pic__masked_line_stays_silent_and_edge_is_kept(void)
{
    struct pic pic;
    pic_setup(&pic);
    pic_write(&pic, false, 1, 0x10);
    pic_set_line(&pic, 4, true);
    CHECK(!pic_pending(&pic));
    pic_write(&pic, false, 1, 0);
    CHECK(pic_pending(&pic));
}

static void test_pic__specific_eoi_and_automatic_eoi(void)
{
    struct pic pic;
    pic_setup(&pic);
    pic_set_line(&pic, 3, true);
    (void)pic_acknowledge(&pic);
    pic_write(&pic, false, 0, 0x63);
    CHECK_EQ(pic.chip[0].isr, 0);
    pic_write(&pic, false, 0, 0x11);
    pic_write(&pic, false, 1, 0x30);
    pic_write(&pic, false, 1, 4);
    pic_write(&pic, false, 1, 3);
    pic_write(&pic, false, 1, 0);
    pic_set_line(&pic, 5, true);
    CHECK_EQ(pic_acknowledge(&pic), 0x35);
    CHECK_EQ(pic.chip[0].isr, 0);
}

static void test_pit__periodic_channel_0_raises_edges(void)
{
    struct pit pit;
    pit_init(&pit, 0);
    CHECK_EQ(pit_deadline(&pit), TIME_NEVER);
    pit_write(&pit, 3, 0x34, 0);
    pit_write(&pit, 0, 0x9c, 0); /* 1180: 0.989 ms */
    pit_write(&pit, 0, 0x04, 0);
    CHECK(pit_deadline(&pit) > 980000 && pit_deadline(&pit) < 995000);
    pit_expire(&pit, MS);
    CHECK(pit_take_edge(&pit));
    CHECK(!pit_take_edge(&pit));
    CHECK(pit_deadline(&pit) > MS && pit_deadline(&pit) < 2 * MS);
    pit_expire(&pit, 50 * MS); /* what was missed is one */
    CHECK(pit_take_edge(&pit));
    CHECK(pit_deadline(&pit) > 50 * MS && pit_deadline(&pit) < 51 * MS);
}

/* Found by fuzz_devices: after 4.3 hours the product of ticks and nanoseconds passed 64 bits. */
static void test_pit__deadline_lies_ahead_after_years(void)
{
    struct pit pit;
    pit_init(&pit, 0);
    pit_write(&pit, 3, 0x34, 0);
    pit_write(&pit, 0, 1, 0);
    pit_write(&pit, 0, 0, 0);
    for (uint64_t now = MS; now < UINT64_C(1) << 60; now *= 3) {
        pit_expire(&pit, now);
        CHECK(pit_deadline(&pit) > now && pit_deadline(&pit) <= now + 1000);
    }
}

static void test_pit__channel_2_shows_its_end_in_port_61(void)
{
    struct pit pit;
    pit_init(&pit, 0);
    pit_write_61(&pit, 1, 0);
    pit_write(&pit, 3, 0xb0, 0);
    pit_write(&pit, 2, 0x9c, 0);
    pit_write(&pit, 2, 0x2e, 0); /* 11932: 10 ms */
    CHECK_EQ(pit_read_61(&pit, 9 * MS) & 0x20, 0);
    CHECK_EQ(pit_read_61(&pit, 11 * MS) & 0x20, 0x20);
}

static void test_pit__latched_count_is_read_once(void)
{
    struct pit pit;
    pit_init(&pit, 0);
    pit_write(&pit, 3, 0x34, 0);
    pit_write(&pit, 0, 0, 0);
    pit_write(&pit, 0, 0, 0);
    pit_write(&pit, 3, 0x00, MS);
    unsigned first = pit_read(&pit, 0, 2 * MS);
    first |= (unsigned)pit_read(&pit, 0, 3 * MS) << 8;
    CHECK(first > 65536 - 1200 && first < 65536 - 1190);
}

static struct lapic enabled_lapic(bool x2apic)
{
    struct lapic lapic;
    uint8_t vector;
    lapic_init(&lapic);
    if (x2apic) {
        CHECK(lapic_write_base(&lapic, lapic.base | 1u << 10));
    }
    (void)lapic_write(&lapic, LAPIC_SVR, 0x1ff, 0, &vector);
    return lapic;
}

static void test_lapic__is_silent_until_software_enables_it(void)
{
    struct lapic lapic;
    lapic_init(&lapic);
    lapic_accept(&lapic, 0x50, false);
    CHECK_EQ(lapic_pending(&lapic), -1);
}

static void test_lapic__disabled_by_software_keeps_what_it_has(void)
{
    struct lapic lapic = enabled_lapic(false);
    uint8_t vector;
    lapic_accept(&lapic, 0x51, false);
    (void)lapic_write(&lapic, LAPIC_SVR, 0xff, 0, &vector);
    CHECK_EQ(lapic_pending(&lapic), -1);
    (void)lapic_write(&lapic, LAPIC_SVR, 0x1ff, 0, &vector);
    CHECK_EQ(lapic_pending(&lapic), 0x51);
}

static void test_lapic__priority_decides(void)
{
    struct lapic lapic = enabled_lapic(false);
    uint8_t vector = 0;
    lapic_accept(&lapic, 0x51, false);
    lapic_accept(&lapic, 0x83, false);
    CHECK_EQ(lapic_pending(&lapic), 0x83);
    lapic_delivered(&lapic, 0x83);
    CHECK_EQ(lapic_pending(&lapic), -1);
    CHECK_EQ(lapic_write(&lapic, LAPIC_EOI, 0, 0, &vector), LAPIC_EFFECT_NONE);
    CHECK_EQ(lapic_pending(&lapic), 0x51);
    (void)lapic_write(&lapic, LAPIC_TPR, 0x50, 0, &vector);
    CHECK_EQ(lapic_pending(&lapic), -1);
    (void)lapic_write(&lapic, LAPIC_TPR, 0x4f, 0, &vector);
    CHECK_EQ(lapic_pending(&lapic), 0x51);
}

static void test_lapic__end_of_a_level_interrupt_reaches_the_ioapic(void)
{
    struct lapic lapic = enabled_lapic(false);
    uint8_t vector = 0;
    lapic_accept(&lapic, 0x61, true);
    lapic_delivered(&lapic, 0x61);
    CHECK_EQ(lapic_write(&lapic, LAPIC_EOI, 0, 0, &vector), LAPIC_EFFECT_EOI_LEVEL);
    CHECK_EQ(vector, 0x61);
}

static void test_lapic__tsc_deadline_fires_once(void)
{
    struct lapic lapic = enabled_lapic(true);
    uint8_t vector;
    lapic_write_tsc_deadline(&lapic, 1000);
    CHECK_EQ(lapic_read_tsc_deadline(&lapic), 0); /* not in that mode yet */
    (void)lapic_write(&lapic, LAPIC_LVT_TIMER, 0x400ec, 0, &vector);
    lapic_write_tsc_deadline(&lapic, 1000);
    lapic_expire(&lapic, 0, 999);
    CHECK_EQ(lapic_pending(&lapic), -1);
    lapic_expire(&lapic, 0, 1000);
    CHECK_EQ(lapic_pending(&lapic), 0xec);
    CHECK_EQ(lapic_read_tsc_deadline(&lapic), 0);
}

static void test_lapic__one_shot_and_periodic_timers(void)
{
    struct lapic lapic = enabled_lapic(false);
    uint8_t vector;
    (void)lapic_write(&lapic, LAPIC_DIVIDE, 0x3, 0, &vector); /* by 16 */
    (void)lapic_write(&lapic, LAPIC_LVT_TIMER, 0x40, 0, &vector);
    (void)lapic_write(&lapic, LAPIC_INITIAL, 1000, 0, &vector);
    CHECK_EQ(lapic.expiry_ns, 16000);
    CHECK_EQ(lapic_read(&lapic, LAPIC_CURRENT, 8000), 500);
    lapic_expire(&lapic, 16000, 0);
    CHECK_EQ(lapic_pending(&lapic), 0x40);
    CHECK_EQ(lapic.expiry_ns, TIME_NEVER);
    CHECK_EQ(lapic_read(&lapic, LAPIC_CURRENT, 20000), 0);
    (void)lapic_write(&lapic, LAPIC_LVT_TIMER, 0x20041, 0, &vector);
    (void)lapic_write(&lapic, LAPIC_INITIAL, 1000, 20000, &vector);
    lapic_expire(&lapic, 20000 + 16000 * 10 + 1, 0);
    CHECK_EQ(lapic.expiry_ns, 20000 + 16000 * 11);
}

static void test_lapic__base_register_follows_the_state_machine(void)
{
    struct lapic lapic = enabled_lapic(false);
    uint64_t base = lapic.base;
    CHECK(!lapic_write_base(&lapic, (base & ~UINT64_C(0x800)) | 0x400)); /* x2APIC without enable */
    CHECK(lapic_write_base(&lapic, base | 0x400));
    CHECK(!lapic_write_base(&lapic, base)); /* back to xAPIC */
    CHECK(lapic_write_base(&lapic, base & ~UINT64_C(0x800)));
    CHECK(!lapic_enabled(&lapic));
    CHECK(!lapic_write_base(&lapic, base | 0x400)); /* from disabled */
    CHECK(lapic_write_base(&lapic, base));
    CHECK(!lapic_write_base(&lapic, base | 1)); /* reserved */
}

static void test_lapic__x2apic_registers_fault_as_documented(void)
{
    struct lapic lapic = enabled_lapic(false);
    enum lapic_effect effect;
    uint64_t value;
    uint8_t vector;
    CHECK(!lapic_read_msr(&lapic, 0x802, 0, &value)); /* not in x2APIC mode */
    lapic = enabled_lapic(true);
    CHECK(lapic_read_msr(&lapic, 0x803, 0, &value));
    CHECK_EQ(value, 0x50014);
    CHECK(!lapic_read_msr(&lapic, 0x80b, 0, &value));                 /* EOI is write-only */
    CHECK(!lapic_write_msr(&lapic, 0x80b, 1, 0, &vector, &effect));   /* and takes zero only */
    CHECK(!lapic_write_msr(&lapic, 0x802, 0, 0, &vector, &effect));   /* ID is read-only */
    CHECK(!lapic_read_msr(&lapic, 0x80e, 0, &value));                 /* DFR is gone */
    CHECK(lapic_write_msr(&lapic, 0x83f, 0x77, 0, &vector, &effect)); /* self IPI */
    CHECK_EQ(lapic_pending(&lapic), 0x77);
    CHECK(lapic_write_msr(&lapic, 0x830, UINT64_C(0x100004500), 0, &vector, &effect)); /* INIT elsewhere */
}

static void test_lapic__self_interrupts(void)
{
    struct lapic lapic = enabled_lapic(false);
    uint8_t vector;
    (void)lapic_write(&lapic, LAPIC_ICR_LOW, 0x40000 | 0x99, 0, &vector);
    CHECK_EQ(lapic_pending(&lapic), 0x99);
    (void)lapic_write(&lapic, LAPIC_ICR_LOW, 0xc0000 | 0x9a, 0, &vector); /* all but self: nobody */
    CHECK_EQ(lapic_pending(&lapic), 0x99);
    (void)lapic_write(&lapic, LAPIC_ICR_LOW, 0x40400, 0, &vector);
    CHECK(lapic.nmi);
    (void)lapic_write(&lapic, LAPIC_ICR_LOW, 0x40003, 0, &vector); /* vector below 16 */
    (void)lapic_write(&lapic, LAPIC_ESR, 0, 0, &vector);
    CHECK_EQ(lapic_read(&lapic, LAPIC_ESR, 0), 0x20);
}

static void ioapic_program(struct ioapic *ioapic, unsigned pin, uint32_t low)
{
    ioapic_write(ioapic, 0, 0x11 + 2 * pin);
    ioapic_write(ioapic, 0x10, 0);
    ioapic_write(ioapic, 0, 0x10 + 2 * pin);
    ioapic_write(ioapic, 0x10, low);
}

/* An APIC that serves @vector, with the word lent. */
static void lend(struct lapic *lapic, uint32_t *word, uint8_t vector, bool level)
{
    uint8_t ended;
    lapic_init(lapic);
    lapic_write(lapic, LAPIC_SVR, 0x1ff, 0, &ended);
    lapic_set_eoi_word(lapic, word);
    lapic_accept(lapic, vector, level);
    CHECK_EQ(lapic_pending(lapic), vector);
    lapic_lend_eoi(lapic, vector);
    lapic_delivered(lapic, vector);
}

static void test_lapic__a_guest_ends_an_interrupt_in_its_memory(void)
{
    struct lapic lapic;
    uint32_t word = 0x100;
    lend(&lapic, &word, 0x50, false);
    CHECK_EQ(word, 0x101);
    CHECK_EQ(lapic_read(&lapic, LAPIC_PPR, 0), 0x50);
    word = 0x100; /* the guest is done */
    lapic_accept(&lapic, 0x40, false);
    CHECK_EQ(lapic_pending(&lapic), 0x40);
    CHECK_EQ(lapic_read(&lapic, LAPIC_PPR, 0), 0);
}

static void test_lapic__an_end_that_something_follows_from_is_not_lent(void)
{
    struct lapic lapic;
    uint32_t word = 0;
    uint8_t ended;
    lend(&lapic, &word, 0x50, false);
    lapic_accept(&lapic, 0x40, false); /* waits for the end: it must come by the register */
    CHECK_EQ(lapic_pending(&lapic), -1);
    CHECK_EQ(word, 0);
    lapic_write(&lapic, LAPIC_EOI, 0, 0, &ended);
    CHECK_EQ(lapic_pending(&lapic), 0x40);
    lend(&lapic, &word, 0x50, true); /* a level-triggered one concerns the IOAPIC */
    CHECK_EQ(word, 0);
    lend(&lapic, &word, 0x50, false);
    lapic_accept(&lapic, 0x60, false); /* nested */
    CHECK_EQ(lapic_pending(&lapic), 0x60);
    lapic_lend_eoi(&lapic, 0x60);
    CHECK_EQ(word, 0);
}

static void test_lapic__the_register_ends_what_was_lent_once(void)
{
    struct lapic lapic;
    uint32_t word = 0;
    uint8_t ended;
    lend(&lapic, &word, 0x50, false);
    lapic_write(&lapic, LAPIC_EOI, 0, 0, &ended);
    CHECK_EQ(word, 0);
    CHECK_EQ(lapic_read(&lapic, LAPIC_PPR, 0), 0);
    lend(&lapic, &word, 0x50, false);
    lapic_set_eoi_word(&lapic, NULL);
    CHECK_EQ(word, 0);
    CHECK_EQ(lapic_read(&lapic, LAPIC_PPR, 0), 0x50);
}

static void test_ioapic__edge_pin_sends_once_and_remembers_while_masked(void)
{
    struct lapic lapic = enabled_lapic(false);
    struct ioapic ioapic;
    ioapic_init(&ioapic);
    ioapic_set_line(&ioapic, 4, true);
    ioapic_deliver(&ioapic, &lapic);
    CHECK_EQ(lapic_pending(&lapic), -1);
    ioapic_program(&ioapic, 4, 0x34);
    ioapic_deliver(&ioapic, &lapic);
    CHECK_EQ(lapic_pending(&lapic), 0x34);
    lapic_delivered(&lapic, 0x34);
    ioapic_deliver(&ioapic, &lapic);
    CHECK_EQ(lapic.irr[1], 0);
}

static void test_ioapic__level_pin_waits_for_the_end(void)
{
    struct lapic lapic = enabled_lapic(false);
    struct ioapic ioapic;
    ioapic_init(&ioapic);
    ioapic_program(&ioapic, 9, 0x8039);
    ioapic_set_line(&ioapic, 9, true);
    ioapic_deliver(&ioapic, &lapic);
    lapic_delivered(&lapic, 0x39);
    ioapic_deliver(&ioapic, &lapic);
    CHECK_EQ(lapic.irr[1], 0);
    ioapic_end(&ioapic, 0x39);
    ioapic_deliver(&ioapic, &lapic);
    CHECK(lapic.irr[1] != 0);
    ioapic_set_line(&ioapic, 9, false);
}

static void test_ioapic__version_and_bounds(void)
{
    struct ioapic ioapic;
    ioapic_init(&ioapic);
    ioapic_write(&ioapic, 0, 1);
    CHECK_EQ(ioapic_read(&ioapic, 0x10), 0x170020);
    ioapic_write(&ioapic, 0, 0x10 + 48);
    ioapic_write(&ioapic, 0x10, 0);
    CHECK_EQ(ioapic_read(&ioapic, 0x10), UINT32_MAX);
    ioapic_set_line(&ioapic, 24, true);
    CHECK_EQ(ioapic.lines, 0);
}

static struct platform *new_platform(void)
{
    struct platform *platform = malloc(sizeof *platform);
    struct platform_options options = {.ram_below_4g = 64 << 20, .debug_exit_port = 0xf4};
    platform_init(platform, &options);
    return platform;
}

static void test_platform__pit_reaches_a_guest_without_an_apic(void)
{
    struct platform *platform = new_platform();
    uint8_t vector = 0;
    CHECK(lapic_write_base(&platform->lapic, LAPIC_PAGE | 0x100));
    static const uint8_t setup[][2] = {{0x20, 0x11}, {0x21, 0x20}, {0x21, 4},    {0x21, 1},
                                       {0x21, 0xfe}, {0x43, 0x34}, {0x40, 0x00}, {0x40, 0x10}};
    for (size_t i = 0; i < ARRAY_COUNT(setup); i++) {
        platform_out(platform, setup[i][0], 1, setup[i][1], 0);
    }
    CHECK_EQ(platform_interrupt(platform, &vector), OFFERED_NONE);
    platform_expire(platform, 5 * MS, 0);
    CHECK_EQ(platform_interrupt(platform, &vector), OFFERED_PIC);
    CHECK_EQ(vector, 0x20);
    platform_delivered(platform, OFFERED_PIC, vector);
    CHECK_EQ(platform_interrupt(platform, &vector), OFFERED_NONE);
    free(platform);
}

/* A guest that never looks at its APIC finds the wiring that firmware leaves. */
static void test_platform__starts_as_virtual_wire(void)
{
    struct platform *platform = new_platform();
    uint8_t vector = 0;
    pic_setup(&platform->pic);
    pic_set_line(&platform->pic, 1, true);
    CHECK_EQ(platform_interrupt(platform, &vector), OFFERED_PIC);
    CHECK_EQ(vector, 0x21);
    (void)lapic_write(&platform->lapic, LAPIC_LVT_LINT0, 0x10700, 0, &vector);
    CHECK_EQ(platform_interrupt(platform, &vector), OFFERED_NONE);
    free(platform);
}

static void test_platform__uart_reaches_both_controllers(void)
{
    struct platform *platform = new_platform();
    uint8_t vector = 0;
    uint8_t ignored;
    (void)lapic_write(&platform->lapic, LAPIC_SVR, 0x1ff, 0, &ignored);
    ioapic_program(&platform->ioapic, UART_IRQ, 0x34);
    platform_out(platform, 0x3fc, 1, 8, 0);
    platform_out(platform, 0x3f9, 1, 1, 0);
    uart_receive(&platform->uart, 'x');
    CHECK_EQ(platform_interrupt(platform, &vector), OFFERED_LAPIC);
    CHECK_EQ(vector, 0x34);
    CHECK_EQ(platform->pic.chip[0].irr, 0x10);
    free(platform);
}

int main(void)
{
    RUN(test_pic__delivers_by_priority_and_waits_for_eoi);
    RUN(test_pic__second_chip_comes_through_line_2);
    RUN(test_pic__masked_line_stays_silent_and_edge_is_kept);
    RUN(test_pic__specific_eoi_and_automatic_eoi);
    RUN(test_pit__periodic_channel_0_raises_edges);
    RUN(test_pit__deadline_lies_ahead_after_years);
    RUN(test_pit__channel_2_shows_its_end_in_port_61);
    RUN(test_pit__latched_count_is_read_once);
    RUN(test_lapic__is_silent_until_software_enables_it);
    RUN(test_lapic__disabled_by_software_keeps_what_it_has);
    RUN(test_lapic__priority_decides);
    RUN(test_lapic__end_of_a_level_interrupt_reaches_the_ioapic);
    RUN(test_lapic__tsc_deadline_fires_once);
    RUN(test_lapic__one_shot_and_periodic_timers);
    RUN(test_lapic__base_register_follows_the_state_machine);
    RUN(test_lapic__x2apic_registers_fault_as_documented);
    RUN(test_lapic__self_interrupts);
    RUN(test_lapic__a_guest_ends_an_interrupt_in_its_memory);
    RUN(test_lapic__an_end_that_something_follows_from_is_not_lent);
    RUN(test_lapic__the_register_ends_what_was_lent_once);
    RUN(test_ioapic__edge_pin_sends_once_and_remembers_while_masked);
    RUN(test_ioapic__level_pin_waits_for_the_end);
    RUN(test_ioapic__version_and_bounds);
    RUN(test_platform__pit_reaches_a_guest_without_an_apic);
    RUN(test_platform__starts_as_virtual_wire);
    RUN(test_platform__uart_reaches_both_controllers);
    return UNIT_RESULT();
}
