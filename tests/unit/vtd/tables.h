/* ACPI tables in a small memory, honest until a test spoils them. */
#ifndef TABLES_H
#define TABLES_H

#include <setjmp.h>

#include "base/panic.h"
#include "hw/acpi.h"
#include "unit.h"

enum { MEMORY = 1 << 20, RSDP = 0xf0010, RSDT = 0x8000, XSDT = 0x9000, OTHER = 0xa000, TABLE = 0xb000 };
enum { DRHD_BASE = 0xfed90000, IOAPIC_SOURCE = 0xff00 };

static uint8_t memory[MEMORY];
static const struct window window = {memory, sizeof memory};

/* A refusal ends the call that made it. */
static jmp_buf refused;
static const char *reason;
void panic(const char *text)
{
    reason = text;
    longjmp(refused, 1);
}

/* Run @call; NULL, or the reason for which it was refused. */
#define REASON(call)              \
    (reason = NULL, 0);           \
    do {                          \
        if (setjmp(refused) == 0) \
            call;                 \
    } while (0)

static inline void put(uint32_t at, const void *from, size_t bytes)
{
    memcpy(memory + at, from, bytes);
}
static inline void put8(uint32_t at, uint32_t value)
{
    memory[at] = (uint8_t)value;
}
static inline void put16(uint32_t at, uint32_t value)
{
    put(at, &(uint16_t){(uint16_t)value}, 2);
}
static inline void put32(uint32_t at, uint32_t value)
{
    put(at, &value, 4);
}
static inline void put64(uint32_t at, uint64_t value)
{
    put(at, &value, 8);
}

/* Make the @bytes at @at sum up to zero by the one at @sum. */
static inline void sum(uint32_t at, uint32_t bytes, uint32_t where)
{
    uint8_t total = 0;

    memory[where] = 0;
    for (uint32_t i = 0; i < bytes; i++)
        total = (uint8_t)(total + memory[at + i]);
    memory[where] = (uint8_t)-total;
}

static inline void table(uint32_t at, const char *signature, uint32_t bytes)
{
    put(at, signature, 4);
    put32(at + 4, bytes);
    sum(at, bytes, at + 9);
}

static uint32_t dmar_bytes;

/* One more structure of DMAR's: @bytes with its head; returns where it stands. */
static inline uint32_t dmar_add(uint32_t type, uint32_t bytes)
{
    const uint32_t at = TABLE + dmar_bytes;

    put16(at, type);
    put16(at + 2, bytes);
    dmar_bytes += bytes;
    table(TABLE, "DMAR", dmar_bytes);
    return at;
}

/* A unit at @base of @segment with the IOAPIC @ioapic (or none, 256) in its scope. */
static inline uint32_t dmar_unit(uint64_t base, uint32_t segment, uint32_t ioapic)
{
    const uint32_t at = dmar_add(0, ioapic < 256 ? 24 : 16);

    put16(at + 6, segment);
    put64(at + 8, base);
    if (ioapic < 256) {
        put8(at + 16, 3);
        put8(at + 17, 8);
        put8(at + 20, ioapic);
        put8(at + 21, IOAPIC_SOURCE >> 8);
        put16(at + 22, 0);
    }
    table(TABLE, "DMAR", dmar_bytes);
    return at;
}

static inline void lists(void)
{
    put32(RSDT + 36, OTHER);
    put32(RSDT + 40, TABLE);
    table(RSDT, "RSDT", 44);
    put64(XSDT + 36, OTHER);
    put64(XSDT + 44, TABLE);
    table(XSDT, "XSDT", 52);
    put(RSDP, "RSD PTR ", 8);
    put8(RSDP + 15, 2);
    put32(RSDP + 16, RSDT);
    put32(RSDP + 20, 36);
    put64(RSDP + 24, XSDT);
    sum(RSDP, 20, RSDP + 8);
    sum(RSDP, 36, RSDP + 32);
}

/* RSDP in the BIOS, both lists, another table, a DMAR without units. */
static inline void tables_fresh(void)
{
    memset(memory, 0, sizeof memory);
    lists();
    table(OTHER, "FACP", 64);
    put8(TABLE + 36, 47);
    put8(TABLE + 37, 1);
    dmar_bytes = 48;
    table(TABLE, "DMAR", dmar_bytes);
}

#endif
