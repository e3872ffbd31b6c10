/* The VMM's small decoder serves the xAPIC page: every form that compilers emit works, with the operands, flags and
 * lengths that the manual says. The task-priority register is plain storage, so it shows what was written. */
#include <apic.h>

enum { TPR = 0x80 };

static volatile uint8_t *const page = (volatile uint8_t *)0xfee00000;

static void test_stores(void)
{
    __asm__ volatile("movl $0x10, (%0)" : : "r"(page + TPR) : "memory");
    expect_equal(apic_read(APIC_TASK_PRIORITY), 0x10, "MOV m32, imm32");
    __asm__ volatile("movl %1, (%0)" : : "r"(page + TPR), "r"(0x20) : "memory");
    expect_equal(apic_read(APIC_TASK_PRIORITY), 0x20, "MOV m32, r32");
    __asm__ volatile("movl %1, (%0)" : : "r"(page + TPR), "a"(0x30) : "memory");
    expect_equal(apic_read(APIC_TASK_PRIORITY), 0x30, "MOV m32, eax");
    register uint64_t high __asm__("r15") = 0x40;
    __asm__ volatile("movl %k1, (%0)" : : "r"(page + TPR), "r"(high) : "memory");
    expect_equal(apic_read(APIC_TASK_PRIORITY), 0x40, "MOV m32, r15d");
    __asm__ volatile("movl %k1, 0x40(%0,%2,4)" : : "r"(page), "r"(0x50), "r"(0x10ull) : "memory");
    expect_equal(apic_read(APIC_TASK_PRIORITY), 0x50, "MOV with SIB and displacement");
    __asm__ volatile("movl %1, %%fs:(%0)" : : "r"(page + TPR), "r"(0x60) : "memory");
    expect_equal(apic_read(APIC_TASK_PRIORITY), 0x60, "MOV with a segment prefix");
}

static void test_stos(void)
{
    void *to = (void *)(uint64_t)(page + TPR);
    __asm__ volatile("stosl" : "+D"(to) : "a"(0x70) : "memory");
    expect_equal(apic_read(APIC_TASK_PRIORITY), 0x70, "STOS");
    expect_equal((uint64_t)to, (uint64_t)(page + TPR + 4), "STOS moves RDI");
}

static void test_loads(void)
{
    uint64_t value = 0;
    apic_write(APIC_TASK_PRIORITY, 0x80);
    __asm__ volatile("mov $-1, %0; movl (%1), %k0" : "=&r"(value) : "r"(page + TPR));
    expect_equal(value, 0x80, "MOV r32, m32 clears the upper half");
    __asm__ volatile("mov $-1, %%rax; movl (%1), %%eax; mov %%rax, %0"
                     : "=r"(value)
                     : "r"(page + TPR)
                     : "rax");
    expect_equal(value, 0x80, "MOV eax, m32");
    __asm__ volatile("movabsl 0xfee00080, %%eax" : "=a"(value));
    expect_equal((uint32_t)value, 0x80, "MOV eax, moffs32");
}

/* Accesses of another size than 32 bits are undefined on this page ([SDM-2023-09] Vol 3A 11.4.1), so only the
 * extension of whatever was read is judged. */
static void test_narrow_loads(void)
{
    uint64_t value = 0;
    apic_write(APIC_TASK_PRIORITY, 0x80);
    __asm__ volatile("mov $-1, %0; movzbl (%1), %k0" : "=&r"(value) : "r"(page + TPR));
    expect_equal(value, (uint8_t)value, "MOVZX r32, m8 extends by zeros");
    __asm__ volatile("mov $-1, %0; movzwl (%1), %k0" : "=&r"(value) : "r"(page + TPR));
    expect_equal(value, (uint16_t)value, "MOVZX r32, m16 extends by zeros");
    __asm__ volatile("movsbq (%1), %0" : "=r"(value) : "r"(page + TPR));
    expect_equal(value, (uint64_t)(int64_t)(int8_t)value, "MOVSX r64, m8 extends the sign");
    __asm__ volatile("movslq (%1), %0" : "=r"(value) : "r"(page + TPR));
    expect_equal(value, 0x80, "MOVSXD r64, m32");
}

static void test_read_modify(void)
{
    bool zero = false;
    apic_write(APIC_TASK_PRIORITY, 0x30);
    __asm__ volatile("orl $0x40, (%0)" : : "r"(page + TPR) : "memory", "cc");
    expect_equal(apic_read(APIC_TASK_PRIORITY), 0x70, "OR m32, imm8");
    __asm__ volatile("andl %1, (%0)" : : "r"(page + TPR), "r"(0x50) : "memory", "cc");
    expect_equal(apic_read(APIC_TASK_PRIORITY), 0x50, "AND m32, r32");
    __asm__ volatile("testl $0x50, (%1); setz %0" : "=q"(zero) : "r"(page + TPR) : "cc");
    expect(!zero, "TEST m32, imm32 sets ZF");
    __asm__ volatile("cmpl $0x50, (%1); setz %0" : "=q"(zero) : "r"(page + TPR) : "cc");
    expect(zero, "CMP m32, imm8 sets ZF");
}

void test(void)
{
    apic_open(APIC_PAGE);
    test_stores();
    test_stos();
    test_loads();
    test_narrow_loads();
    test_read_modify();
}
