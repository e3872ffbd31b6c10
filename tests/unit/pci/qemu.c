/* The scan and the keeper against QEMU's own device models, through its test protocol: every access is a line on a socket,
 * and no processor runs. The model of the other tests is an opinion about these devices; this is what they do. */
#include <stdarg.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <log.h>
#include <panic.h>

#include "keeper.h"
#include "registers.h"
#include "scan.h"
#include "unit.h"

static const uint64_t ECAM = 0xb0000000;
static FILE *qemu;
static struct machine machine;
static struct devices devices;
static struct keeper keeper;
static uint64_t now_us;

enum { LINE_BYTES = 256, NVME_CC_AT = 0x14, E1000E_CTRL_EXT_AT = 0x18 };

_Noreturn void panic(const char *format, ...)
{
    printf("panic: %s\n", format);
    exit(1);
}

void log_line(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    putchar('\n');
}

/* "OK" or "OK 0x…" is the answer; lines of interrupts may stand before it. */
static uint32_t answer(void)
{
    char line[LINE_BYTES];
    do {
        if (fgets(line, sizeof(line), qemu) == NULL)
            panic("QEMU has gone");
    } while (strncmp(line, "IRQ", 3) == 0);
    if (strncmp(line, "OK", 2) != 0)
        panic("QEMU refuses what it is asked");
    return line[2] == ' ' ? (uint32_t)strtoull(line + 3, NULL, 0) : 0;
}

static uint32_t ask_read(uint64_t address)
{
    fprintf(qemu, "readl 0x%llx\n", (unsigned long long)address);
    fflush(qemu);
    return answer();
}

static void ask_write(const char *verb, uint64_t address, uint32_t value)
{
    fprintf(qemu, "%s 0x%llx 0x%x\n", verb, (unsigned long long)address, (unsigned)value);
    fflush(qemu);
    (void)answer();
}

uint32_t page_read(volatile void *page, uint32_t offset)
{
    return ask_read((uint64_t)(uintptr_t)page + offset);
}

void page_write(volatile void *page, uint32_t offset, uint32_t value)
{
    ask_write("writel", (uint64_t)(uintptr_t)page + offset, value);
}

static uint32_t port_address(uint16_t bdf, uint32_t offset)
{
    return UINT32_C(1) << 31 | (uint32_t)bdf << 8 | offset;
}

uint32_t ports_read(const struct machine *one, uint16_t bdf, uint32_t offset)
{
    (void)one;
    ask_write("outl", 0xcf8, port_address(bdf, offset));
    fprintf(qemu, "inl 0xcfc\n");
    fflush(qemu);
    return answer();
}

void ports_write(const struct machine *one, uint16_t bdf, uint32_t offset, uint32_t value)
{
    (void)one;
    ask_write("outl", 0xcf8, port_address(bdf, offset));
    ask_write("outl", 0xcfc, value);
}

uint64_t machine_now_us(const struct machine *one)
{
    (void)one;
    return now_us;
}

void machine_rest_us(const struct machine *one, uint64_t us)
{
    (void)one;
    now_us += us;
}

static bool connect_to(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const int end = socket(AF_UNIX, SOCK_STREAM, 0);
    if (end < 0 || strlen(path) >= sizeof(address.sun_path))
        return false;
    memcpy(address.sun_path, path, strlen(path));
    if (connect(end, (const struct sockaddr *)(const void *)&address, sizeof(address)) != 0)
        return false;
    qemu = fdopen(end, "r+");
    return qemu != NULL;
}

static volatile void *at(uint64_t address)
{
    return (volatile void *)(uintptr_t)address;
}

static void describe_machine(void)
{
    static const char text[] = "disk nvme 20 100 e0000000 0\nnic e1000e 28 200 e0200000 1\n";
    CHECK_EQ(describe_parse(&devices, text, sizeof(text) - 1), PROBLEM_NONE);
    for (uint32_t index = 0; index < devices.count; index++) {
        struct device *const device = &devices.device[index];
        device->port_page = at(ECAM + ((uint64_t)device->port << 12));
        device->page = at(ECAM + ((uint64_t)device->source << 12));
        device->msix_page = at(device->window + (index == 0 ? 0x2000u : 0x40000u));
        device->message = (struct message_signal){0xfee00010 + 32 * index, 0};
    }
}

static void test_qemu__the_scan_takes_its_devices(void)
{
    describe_machine();
    CHECK_EQ(scan(&machine, &devices, ECAM), 0);
    keeper_open(&keeper, &machine, &devices);
}

static uint32_t register_of(uint32_t number, uint32_t offset)
{
    return page_read(at(devices.device[number].window), offset);
}

static bool masters(uint32_t number)
{
    return (page_read(devices.device[number].page, CONFIG_COMMAND) & COMMAND_MASTER) != 0;
}

/* What the driver changed is gone after the reset; what configuration space said is back after the return. */
static void round_trip(uint32_t number, uint32_t offset, uint32_t value)
{
    const struct pci_quiesce_in stop = {.device = number};
    const struct pci_restore_in back = {.device = number};
    struct pci_quiesce_out wait = {0};
    const uint32_t before = register_of(number, offset);
    page_write(at(devices.device[number].window), offset, value);
    CHECK(register_of(number, offset) != before);
    CHECK_EQ(keeper_ops.quiesce(&keeper, 0, &stop, &wait), OK);
    CHECK(!masters(number));
    CHECK(register_of(number, offset) != value); /* decoding is off as well */
    CHECK_EQ(keeper_ops.restore(&keeper, 0, &back), ERR_AGAIN);
    now_us += wait.wait_us;
    CHECK_EQ(keeper_ops.restore(&keeper, 0, &back), OK);
    CHECK(masters(number));
    CHECK_EQ(register_of(number, offset), before);
    CHECK_EQ(page_read(devices.device[number].msix_page, 0), 0xfee00010 + 32 * number);
}

/* [NVMe-1.4] 3.1.5: entry sizes without the enable bit. */
static void test_qemu__nvme_comes_back_from_a_function_level_reset(void)
{
    const uint64_t began = now_us;
    round_trip(0, NVME_CC_AT, 0x460000);
    CHECK_EQ(now_us - began, 100000); /* no bus was held in reset */
}

static void test_qemu__e1000e_comes_back_from_a_secondary_bus_reset(void)
{
    const uint64_t began = now_us;
    round_trip(1, E1000E_CTRL_EXT_AT, 1 << 28);
    CHECK_EQ(now_us - began, 100000 + 1000);
}

static void test_qemu__status(void)
{
    const struct pci_status_in in = {.device = 1};
    struct pci_status_out out = {0};
    CHECK_EQ(keeper_ops.status(&keeper, 0, &in, &out), OK);
    CHECK_EQ(out.presence, PCI_PRESENCE_SERVING);
    CHECK_EQ(out.identity, 0x10d38086);
    CHECK_EQ(out.fatal | out.nonfatal | out.correctable | out.port_fatal | out.port_nonfatal, 0);
}

int main(int count, char **words)
{
    if (count != 2 || !connect_to(words[1])) {
        printf("usage: pci_qemu SOCKET\n");
        return 2;
    }
    RUN(test_qemu__the_scan_takes_its_devices);
    if (unit_failed_tests == 0) {
        RUN(test_qemu__nvme_comes_back_from_a_function_level_reset);
        RUN(test_qemu__e1000e_comes_back_from_a_secondary_bus_reset);
        RUN(test_qemu__status);
    }
    return UNIT_RESULT();
}
