/* The guest's first state: [BOOT] "64-bit boot protocol"; [PVH] and [MB1] 3.2, which ask for the same. */
#include <string.h>

#include "vm.h"

#define CR0_PE UINT64_C(0x01)
#define CR0_ET UINT64_C(0x10)
#define CR0_NE UINT64_C(0x20)
#define CR0_PG UINT64_C(0x80000000)
#define CR4_PAE UINT64_C(0x20)
#define EFER_LONG UINT64_C(0x500)
#define RFLAGS_ONE UINT64_C(2)
#define PAT_RESET UINT64_C(0x0007040600070406)
#define DR6_RESET UINT64_C(0xffff0ff0)
#define DR7_RESET UINT64_C(0x400)

/* Access words of vcpu_state.seg: descriptor bits 40-55 without the limit's. */
#define ACCESS_CODE_64 0xa09bu
#define ACCESS_CODE_32 0xc09bu
#define ACCESS_DATA 0xc093u
#define ACCESS_TSS 0x008bu
#define ACCESS_LDT 0x0082u

#define SELECTOR_CODE 0x10u /* [BOOT]: __BOOT_CS and __BOOT_DS */
#define SELECTOR_DATA 0x18u
#define SELECTOR_TSS 0x20u
#define TSS_LIMIT 0x67u
#define GDT_ENTRIES 6u
#define STACK_TOP (LAYOUT_TSS + 0x1000)

#define ENTRY_TABLE UINT64_C(0x03) /* present, writable */
#define ENTRY_LARGE UINT64_C(0x83)

/* The first 4 GiB as they are, in 2 MiB pages. */
static bool write_page_tables(struct memory *memory)
{
    uint64_t *tables = memory_at(memory, gpa(LAYOUT_PAGE_TABLES), 6 * PAGE_BYTES);
    if (tables == NULL) {
        return false;
    }
    memset(tables, 0, 6 * PAGE_BYTES);
    tables[0] = (LAYOUT_PAGE_TABLES + PAGE_BYTES) | ENTRY_TABLE;
    for (uint64_t i = 0; i < 4; i++) {
        tables[512 + i] = (LAYOUT_PAGE_TABLES + (2 + i) * PAGE_BYTES) | ENTRY_TABLE;
    }
    for (uint64_t i = 0; i < 4 * 512; i++) {
        tables[1024 + i] = i * PIECE_BYTES | ENTRY_LARGE;
    }
    return true;
}

static uint64_t descriptor(uint32_t access, uint64_t base, uint32_t limit)
{
    return (limit & 0xffffu) | (base & 0xffffffu) << 16 | (uint64_t)access << 40 |
           (uint64_t)(limit >> 16 & 0xfu) << 48 | (base >> 24 & 0xffu) << 56;
}

static bool write_gdt(struct memory *memory, uint32_t code_access)
{
    uint64_t gdt[GDT_ENTRIES] = {0};
    gdt[SELECTOR_CODE / 8] = descriptor(code_access, 0, 0xfffff);
    gdt[SELECTOR_DATA / 8] = descriptor(ACCESS_DATA, 0, 0xfffff);
    gdt[SELECTOR_TSS / 8] = descriptor(ACCESS_TSS, LAYOUT_TSS, TSS_LIMIT);
    return memory_write(memory, gpa(LAYOUT_GDT), gdt, sizeof gdt);
}

static void set_segments(struct vcpu_state *state, uint16_t code_access)
{
    struct segment data = {SELECTOR_DATA, ACCESS_DATA, UINT32_MAX, 0};
    for (unsigned i = 0; i < 6; i++) {
        state->seg[i] = data;
    }
    state->seg[1] = (struct segment){SELECTOR_CODE, code_access, UINT32_MAX, 0};
    state->seg[6] = (struct segment){0, ACCESS_LDT, 0xffff, 0};
    state->seg[7] = (struct segment){SELECTOR_TSS, ACCESS_TSS, TSS_LIMIT, LAYOUT_TSS};
    state->gdtr_base = LAYOUT_GDT;
    state->gdtr_limit = GDT_ENTRIES * 8 - 1;
    state->idtr_base = 0;
    state->idtr_limit = 0;
}

bool vm_start(struct vm *vm, const struct entry *entry)
{
    struct vcpu_state *state = vm->state;
    bool is_long = entry->kind == ENTRY_LONG_MODE;
    uint16_t code_access = is_long ? ACCESS_CODE_64 : ACCESS_CODE_32;
    if (!write_gdt(&vm->memory, code_access) || (is_long && !write_page_tables(&vm->memory))) {
        return false;
    }
    memset(state->gpr, 0, sizeof state->gpr);
    state->gpr[GPR_RAX] = entry->rax;
    state->gpr[GPR_RBX] = entry->rbx;
    state->gpr[GPR_RSI] = entry->rsi;
    state->gpr[GPR_RSP] = STACK_TOP;
    state->rip = entry->rip;
    state->rflags = RFLAGS_ONE;
    state->cr0 = CR0_PE | CR0_ET | CR0_NE | (is_long ? CR0_PG : 0);
    state->cr2 = state->cr8 = 0;
    state->cr3 = is_long ? LAYOUT_PAGE_TABLES : 0;
    state->cr4 = is_long ? CR4_PAE : 0;
    state->xcr0 = 1;
    state->efer = is_long ? EFER_LONG : 0;
    set_segments(state, code_access);
    state->star = state->lstar = state->cstar = state->sfmask = state->kernel_gs_base = 0;
    state->sysenter_cs = state->sysenter_esp = state->sysenter_eip = 0;
    state->pat = PAT_RESET;
    memset(state->dr, 0, sizeof state->dr);
    state->dr6 = DR6_RESET;
    state->dr7 = DR7_RESET;
    state->tsc_offset = vm->tsc_offset;
    state->inject = state->irq_vector = state->shadow = 0;
    vm_mark_dirty(vm, VCPU_GROUP_GPR | VCPU_GROUP_IP | VCPU_GROUP_CONTROL | VCPU_GROUP_SEGMENT |
                          VCPU_GROUP_TABLE | VCPU_GROUP_MSR | VCPU_GROUP_DEBUG | VCPU_GROUP_TSC |
                          VCPU_GROUP_EFER);
    return true;
}
