#include "guest.h"

#include <string.h>

#include "host.h"

#define CODE(name) extern const uint8_t name[], name##_end[]
CODE(guest_long);
CODE(guest_vmmcall);
CODE(guest_vmcall);
CODE(guest_protected);
CODE(guest_real);
CODE(guest_stub);

enum { CODE_LONG = 8, DATA = 16, CODE_32 = 24, TASK = 32, PRESENT_WRITE = 3, LEAF = 0x83, GATE = 0x8e00 };
enum { STUB_BYTES = 16 };

static void put(const struct guest *guest, uint32_t at, const uint8_t *from, const uint8_t *end)
{
    memcpy(guest->memory + at, from, (size_t)(end - from));
}
#define PUT(guest, at, name) put((guest), (at), name, name##_end)

static void put_word(const struct guest *guest, uint32_t at, uint64_t word)
{
    memcpy(guest->memory + at, &word, sizeof word);
}

static bool on_amd(void)
{
    uint32_t eax = 0, ebx, ecx = 0, edx;

    __asm__ volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
    return ebx == 0x68747541 || ebx == 0x6f677948; /* "Auth"enticAMD, "Hygo"nGenuine */
}

void guest_restore(const struct guest *guest)
{
    memset(guest->memory + GUEST_PML4, 0, GUEST_GDT - GUEST_PML4);
    put_word(guest, GUEST_PML4, GUEST_PDPT | PRESENT_WRITE);
    put_word(guest, GUEST_PDPT, GUEST_PD | PRESENT_WRITE);
    put_word(guest, GUEST_PD, LEAF);
}

static void fill(const struct guest *guest)
{
    static const uint64_t gdt[] = {0, 0x00af9b000000ffff, 0x00cf93000000ffff, 0x00cf9b000000ffff};

    PUT(guest, GUEST_LONG, guest_long);
    PUT(guest, GUEST_PROTECTED, guest_protected);
    PUT(guest, GUEST_REAL, guest_real);
    if (on_amd())
        PUT(guest, GUEST_HYPERCALL, guest_vmmcall);
    else
        PUT(guest, GUEST_HYPERCALL, guest_vmcall);
    guest_restore(guest);
    memcpy(guest->memory + GUEST_GDT, gdt, sizeof gdt);
    put_word(guest, GUEST_GDT + TASK, 0x0000890000000067 | (uint64_t)GUEST_TSS << 16);
    for (uint32_t vector = 0; vector < 256; vector++) {
        const uint32_t stub = GUEST_STUBS + STUB_BYTES * vector;

        PUT(guest, stub, guest_stub);
        memcpy(guest->memory + GUEST_VECTORS + 4 * vector, &stub, 4);
        put_word(guest, GUEST_IDT + 16 * vector, stub | CODE_LONG << 16 | (uint64_t)GATE << 32);
    }
}

void guest_open(struct lab *lab, struct guest *guest)
{
    const uint32_t space = lab_make(lab, OBJECT_TYPE_SPACE, SPACE_GUEST, 16),
                   captab = lab_make(lab, OBJECT_TYPE_CAPTAB, CAPTAB_TERMINAL, 64);
    void *page;

    for (uint32_t i = 0; i < GUEST_PAGES; i++) {
        const uint32_t at = 4096 * i, frame = lab_page(lab, &page),
                       copy = lab_copy(lab, 0, 0, frame, RIGHT_READ | RIGHT_WRITE | RIGHT_EXEC, 0, 0, 0);
        const bool written = (at >= GUEST_PML4 && at < GUEST_GDT) || at == GUEST_STACK - 4096;

        if (i == 0)
            guest->memory = page;
        EXPECT(space_map(space, copy, at, MAP_READ | MAP_EXEC | (written ? MAP_WRITE : 0)), OK);
    }
    fill(guest);
    guest->endpoint = lab_make(lab, OBJECT_TYPE_ENDPOINT, 0, 1024);
    EXPECT(captab_copy(captab, 1, lab->captab, guest->endpoint, RIGHT_CALL, COPY_SEALED, INTERFACE_ANY, 1, 1),
           OK);
    guest->vcpu = lab_make(lab, OBJECT_TYPE_VCPU, 0, 16384);
    EXPECT(vcpu_configure(guest->vcpu, space, captab), OK);
    EXPECT(space_map(lab->space, guest->vcpu, lab->window, MAP_READ | MAP_WRITE), OK);
    guest->page = (volatile struct vcpu_state *)lab->window;
    lab->window += 4096;
}

static void real_segments(struct vcpu_state *state)
{
    for (uint32_t i = 0; i < 6; i++)
        state->seg[i] = (struct segment){0, i == 1 ? 0x009b : 0x0093, 0xffff, 0};
}

static void flat_segments(struct vcpu_state *state, bool wide)
{
    for (uint32_t i = 0; i < 6; i++)
        state->seg[i] = (struct segment){DATA, 0xc093, 0xffffffff, 0};
    state->seg[1] = (struct segment){wide ? CODE_LONG : CODE_32, wide ? 0xa09b : 0xc09b, 0xffffffff, 0};
}

void guest_state(struct vcpu_state *state, enum mode mode, uint64_t xcr0)
{
    const bool wide = mode == MODE_LONG || mode == MODE_HYPERCALL;
    static const uint32_t rip[MODES] = {GUEST_LONG, GUEST_PROTECTED, GUEST_REAL, GUEST_HYPERCALL};

    *state = (struct vcpu_state){.rip = rip[mode],
                                 .rflags = wide ? 0x202 : 2,
                                 .dirty = GROUPS_ALL,
                                 .tsc_offset = 1ull << 40,
                                 .xcr0 = xcr0 & 7,
                                 .cr0 = wide                     ? 0x80010033
                                        : mode == MODE_PROTECTED ? 0x33
                                                                 : 0x30,
                                 .cr2 = 0xabcd,
                                 .cr3 = GUEST_PML4,
                                 .cr4 = wide ? 0x40620 : 0x600,
                                 .efer = wide ? 0xd01 : 0,
                                 .gdtr_base = GUEST_GDT,
                                 .gdtr_limit = TASK + 15,
                                 .idtr_base = mode == MODE_REAL ? GUEST_VECTORS : GUEST_IDT,
                                 .idtr_limit = mode == MODE_REAL ? 1023
                                               : wide            ? 4095
                                                                 : 0,
                                 .star = (uint64_t)CODE_LONG << 32,
                                 .lstar = GUEST_STUBS + STUB_BYTES * 0x40,
                                 .cstar = 0x1111,
                                 .sfmask = 0x47700,
                                 .kernel_gs_base = 0x2222,
                                 .sysenter_cs = CODE_32,
                                 .sysenter_esp = GUEST_STACK,
                                 .sysenter_eip = GUEST_STUBS + STUB_BYTES * 0x40,
                                 .pat = 0x0007040600070406,
                                 .dr6 = 0xffff0ff0,
                                 .dr7 = 0x400};
    state->gpr[4] = GUEST_STACK;
    host_watch(state->dr);
    if (mode == MODE_REAL)
        real_segments(state);
    else
        flat_segments(state, wide);
    state->seg[6] = (struct segment){0, 0x0082, 0xffff, 0};
    state->seg[7] = (struct segment){TASK, 0x008b, 0x67, GUEST_TSS};
}

void guest_write(const struct guest *guest, const struct vcpu_state *state)
{
    volatile uint64_t *to = (volatile uint64_t *)guest->page;
    const uint64_t *from = (const uint64_t *)state;

    for (size_t i = 0; i < offsetof(struct vcpu_state, unused_) / 8; i++)
        to[i] = from[i];
}

uint32_t guest_stub_at(uint64_t rip)
{
    return rip >= GUEST_STUBS && rip < GUEST_STUBS + 256 * STUB_BYTES
               ? (uint32_t)(rip - GUEST_STUBS) / STUB_BYTES
               : 256;
}
