/* [SDM-2023-09] Vol 3A chapter 4: 32-bit, PAE and 4-level paging. 5-level paging is not offered (CPUID), so
 * CR4.LA57 cannot be set on a processor that has it hidden only by us: such a walk is refused. */
#include "walk.h"

#include <string.h>

#define CR0_PG (UINT64_C(1) << 31)
#define CR0_WP (UINT64_C(1) << 16)
#define CR4_PSE (UINT64_C(1) << 4)
#define CR4_PAE (UINT64_C(1) << 5)
#define CR4_LA57 (UINT64_C(1) << 12)
#define EFER_LMA (UINT64_C(1) << 10)
#define EFER_NXE (UINT64_C(1) << 11)

#define ENTRY_PRESENT UINT64_C(0x01)
#define ENTRY_WRITE UINT64_C(0x02)
#define ENTRY_USER UINT64_C(0x04)
#define ENTRY_ACCESSED UINT64_C(0x20)
#define ENTRY_DIRTY UINT64_C(0x40)
#define ENTRY_LARGE UINT64_C(0x80)
#define ENTRY_NX (UINT64_C(1) << 63)
#define ENTRY_ADDRESS UINT64_C(0x000ffffffffff000)
#define CODE_PRESENT 1u

/* One paging mode as data: levels, bits of index, bytes of an entry, lowest level that may be a leaf early. */
struct format {
    unsigned levels, index_bits, entry_bytes, large_levels;
    bool large_needs_pse;
};

static const struct format format_32 = {2, 10, 4, 2, true};
static const struct format format_pae = {3, 9, 8, 2, false};
static const struct format format_long = {4, 9, 8, 3, false};

struct walk_state {
    uint64_t permissions; /* AND of U and W, OR of NX */
    uint64_t nx;
};

static const struct format *choose_format(const struct paging *paging)
{
    if ((paging->efer & EFER_LMA) != 0) {
        return &format_long;
    }
    return (paging->cr4 & CR4_PAE) != 0 ? &format_pae : &format_32;
}

static bool read_entry(struct memory *memory, uint64_t address, unsigned bytes, uint64_t *entry)
{
    *entry = 0;
    return memory_read(memory, gpa(address), entry, bytes);
}

/* The processor sets these bits with a locked operation; the guest may be racing with nobody but itself. */
static void set_entry_bits(struct memory *memory, uint64_t address, uint64_t entry, uint64_t bits)
{
    uint8_t *low = memory_at(memory, gpa(address), 1);
    if (low != NULL && (entry & bits) != bits) {
        __atomic_fetch_or(low, (uint8_t)bits, __ATOMIC_RELAXED);
    }
}

static uint32_t fault_code(const struct paging *paging, unsigned access, bool present)
{
    bool nx = (paging->efer & EFER_NXE) != 0 && (paging->cr4 & CR4_PAE) != 0;
    uint32_t code = (uint32_t)access & (WALK_WRITE | WALK_USER);
    if (nx) {
        code |= (uint32_t)access & WALK_FETCH;
    }
    return code | (present ? CODE_PRESENT : 0);
}

static bool allowed(const struct paging *paging, const struct walk_state *state, unsigned access)
{
    bool user = (access & WALK_USER) != 0;
    if (user && (state->permissions & ENTRY_USER) == 0) {
        return false;
    }
    if ((access & WALK_WRITE) != 0 && (state->permissions & ENTRY_WRITE) == 0 &&
        (user || (paging->cr0 & CR0_WP) != 0)) {
        return false;
    }
    return (access & WALK_FETCH) == 0 || state->nx == 0 || (paging->efer & EFER_NXE) == 0;
}

static void note_permissions(struct walk_state *state, const struct format *format, unsigned level,
                             uint64_t entry)
{
    if (format == &format_pae && level == 3) {
        return; /* PAE's four pointers carry no permissions, 4.4.1 */
    }
    state->permissions &= entry;
    if (format->entry_bytes == 8) {
        state->nx |= entry & ENTRY_NX;
    }
}

static uint64_t leaf_address(const struct format *format, uint64_t entry, unsigned shift, uint64_t linear)
{
    uint64_t offset = linear & ((UINT64_C(1) << shift) - 1);
    uint64_t base = entry & ENTRY_ADDRESS & ~((UINT64_C(1) << shift) - 1);
    if (format == &format_32 && shift == 22) { /* PSE-36, 4.3 */
        base = (entry & 0xffc00000u) | (entry >> 13 & 0xffu) << 32;
    }
    return base | offset;
}

static bool is_leaf(const struct paging *paging, const struct format *format, unsigned level, uint64_t entry)
{
    if (level == 1) {
        return true;
    }
    return (entry & ENTRY_LARGE) != 0 && level <= format->large_levels &&
           (!format->large_needs_pse || (paging->cr4 & CR4_PSE) != 0);
}

static uint64_t root_address(const struct paging *paging, const struct format *format)
{
    if (format == &format_long) {
        return paging->cr3 & ENTRY_ADDRESS;
    }
    return format == &format_pae ? paging->cr3 & 0xffffffe0u : paging->cr3 & 0xfffff000u;
}

static bool walk_tables(struct memory *memory, const struct paging *paging, uint64_t linear, unsigned access,
                        gpa_t *address, uint32_t *code)
{
    const struct format *format = choose_format(paging);
    struct walk_state state = {.permissions = UINT64_MAX};
    uint64_t table = root_address(paging, format), entry, at;
    for (unsigned level = format->levels; level > 0; level--) {
        unsigned shift = 12 + (level - 1) * format->index_bits;
        uint64_t index = linear >> shift & ((UINT64_C(1) << format->index_bits) - 1);
        at = table + index * format->entry_bytes;
        if (!read_entry(memory, at, format->entry_bytes, &entry) || (entry & ENTRY_PRESENT) == 0) {
            *code = fault_code(paging, access, false);
            return false;
        }
        note_permissions(&state, format, level, entry);
        if (!is_leaf(paging, format, level, entry)) {
            if (format != &format_pae || level != 3) {
                set_entry_bits(memory, at, entry, ENTRY_ACCESSED);
            }
            table = entry & ENTRY_ADDRESS;
            continue;
        }
        if (!allowed(paging, &state, access)) {
            *code = fault_code(paging, access, true);
            return false;
        }
        set_entry_bits(memory, at, entry, ENTRY_ACCESSED | ((access & WALK_WRITE) != 0 ? ENTRY_DIRTY : 0));
        *address = gpa(leaf_address(format, entry, shift, linear));
        return true;
    }
    return false; /* not reached: level 1 is a leaf */
}

bool walk(struct memory *memory, const struct paging *paging, uint64_t linear, unsigned access,
          gpa_t *address, uint32_t *code)
{
    *code = 0;
    if ((paging->efer & EFER_LMA) == 0) {
        linear = (uint32_t)linear;
    }
    if ((paging->cr0 & CR0_PG) == 0) {
        *address = gpa(linear);
        return true;
    }
    if ((paging->cr4 & CR4_LA57) != 0) {
        *code = WALK_NOT_RAM;
        return false;
    }
    return walk_tables(memory, paging, linear, access, address, code);
}

static uint64_t bytes_in_page(uint64_t linear, uint64_t len)
{
    return min_u64(len, 4096 - (linear & 4095));
}

bool walk_read(struct memory *memory, const struct paging *paging, uint64_t linear, unsigned access,
               void *out, uint64_t len, uint64_t *linear_fault, uint32_t *code)
{
    for (uint64_t done = 0, step; done < len; done += step) {
        gpa_t address;
        step = bytes_in_page(linear + done, len - done);
        *linear_fault = linear + done;
        if (!walk(memory, paging, linear + done, access, &address, code)) {
            return false;
        }
        if (!memory_read(memory, address, (uint8_t *)out + done, step)) {
            *code = WALK_NOT_RAM;
            return false;
        }
    }
    return true;
}

bool walk_write(struct memory *memory, const struct paging *paging, uint64_t linear, unsigned access,
                const void *data, uint64_t len, uint64_t *linear_fault, uint32_t *code)
{
    for (uint64_t done = 0, step; done < len; done += step) {
        gpa_t address;
        step = bytes_in_page(linear + done, len - done);
        *linear_fault = linear + done;
        if (!walk(memory, paging, linear + done, access | WALK_WRITE, &address, code)) {
            return false;
        }
        if (!memory_write(memory, address, (const uint8_t *)data + done, step)) {
            *code = WALK_NOT_RAM;
            return false;
        }
    }
    return true;
}
