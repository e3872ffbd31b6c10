/* Reset and return of the devices against a modelled machine, and the description. */
#include <string.h>

#include "errors.h"
#include "keeper.h"
#include "model.h"
#include "port.h"
#include "scan.h"
#include "unit.h"

enum { DISK, NETWORK };
enum { SURPRISE_DOWN = 1 << 5, COMPLETION_TIMEOUT = 1 << 14, MALFORMED = 1 << 18 };

static struct keeper keeper;

static void start(void)
{
    model_start();
    CHECK_EQ(scan(&model.machine, &model.devices, MODEL_ECAM), 0);
    keeper_open(&keeper, &model.machine, &model.devices);
}

static enum error quiesce(uint32_t number, uint32_t *wait_us)
{
    const struct pci_quiesce_in in = {.device = number};
    struct pci_quiesce_out out = {0};
    const enum error error = keeper_ops.quiesce(&keeper, 0, &in, &out);
    *wait_us = out.wait_us;
    return error;
}

static enum error restore(uint32_t number)
{
    const struct pci_restore_in in = {.device = number};
    return keeper_ops.restore(&keeper, 0, &in);
}

static struct pci_status_out status(uint32_t number)
{
    const struct pci_status_in in = {.device = number};
    struct pci_status_out out = {0};
    CHECK_EQ(keeper_ops.status(&keeper, 0, &in, &out), OK);
    return out;
}

static bool nothing(struct pci_status_out out)
{
    return (out.fatal | out.nonfatal | out.correctable | out.port_fatal | out.port_nonfatal |
            out.port_correctable | out.source) == 0;
}

static uint32_t command(const struct model_function *function)
{
    return model_get(function, CONFIG_COMMAND) & 0xffff;
}

/* Quiesce, the wait, restore: the device and its port are what they were. */
static void round_trip(uint32_t number, struct model_function *device, struct model_function *port)
{
    static struct model_function before, before_port;
    uint32_t wait_us;
    before = *device;
    before_port = *port;
    CHECK_EQ(quiesce(number, &wait_us), OK);
    CHECK_EQ(device->resets, before.resets + 1);
    CHECK_EQ(command(device) & COMMAND_MASTER, 0);
    model.now_us += wait_us;
    CHECK_EQ(restore(number), OK);
    CHECK(memcmp(device->space, before.space, sizeof(before.space)) == 0);
    CHECK(memcmp(device->table, before.table, sizeof(before.table)) == 0);
    CHECK(memcmp(port->space, before_port.space, sizeof(before.space)) == 0);
    CHECK_EQ(model.hurried, 0);
}

static void test_keeper__function_level_reset_and_back(void)
{
    start();
    round_trip(DISK, model_nvme, model_port_a);
    CHECK_EQ(model_port_a->reset_us, 0);
    round_trip(DISK, model_nvme, model_port_a);
    CHECK_EQ(model_nic->resets, 0);
}

static void test_keeper__secondary_bus_reset_and_back(void)
{
    start();
    model.now_us = 5;
    round_trip(NETWORK, model_nic, model_port_b);
    CHECK_EQ(model_port_b->reset_us, 5);
    CHECK_EQ(model_nvme->resets, 0);
}

/* What the driver did to the device's registers by way of the device does not survive. */
static void test_keeper__restores_from_the_description(void)
{
    uint32_t wait_us;
    start();
    CHECK_EQ(quiesce(NETWORK, &wait_us), OK);
    model.now_us += wait_us;
    memset(model_nic->table, 0x5a, sizeof(model_nic->table));
    model_put(model_nic, CONFIG_BAR0, 0xe0000000);
    CHECK_EQ(restore(NETWORK), OK);
    CHECK_EQ(model_get(model_nic, CONFIG_BAR0), 0xe0200000);
    CHECK_EQ(model_nic->table[0][0], 0xfee00030);
    CHECK_EQ(model_nic->table[4][3], MSIX_ENTRY_MASKED);
}

static void test_keeper__mandated_wait_is_not_skipped(void)
{
    uint32_t wait_us;
    start();
    CHECK_EQ(quiesce(DISK, &wait_us), OK);
    CHECK_EQ(wait_us, 100000);
    model.now_us += wait_us - 1;
    CHECK_EQ(restore(DISK), ERR_AGAIN);
    CHECK_EQ(status(DISK).presence, PCI_PRESENCE_STOPPED);
    CHECK_EQ(model.hurried, 0);
    model.now_us++;
    CHECK_EQ(restore(DISK), OK);
}

static void test_keeper__transactions_may_end_first(void)
{
    uint32_t wait_us;
    start();
    model_nvme->pending = 5;
    CHECK_EQ(quiesce(DISK, &wait_us), OK);
    CHECK_EQ(model_nvme->pending, 0);
    CHECK_EQ(model.now_us, 5000);
}

static void test_keeper__a_device_that_never_ends_is_reset_all_the_same(void)
{
    uint32_t wait_us;
    start();
    model_nvme->pending = UINT32_MAX;
    CHECK_EQ(quiesce(DISK, &wait_us), OK);
    CHECK_EQ(model_nvme->resets, 1);
    CHECK_EQ(model.now_us, 100000);
}

static void test_keeper__a_device_that_has_gone_gets_its_bus_reset(void)
{
    uint32_t wait_us;
    start();
    model_nvme->gone = true;
    CHECK_EQ(quiesce(DISK, &wait_us), OK);
    CHECK_EQ(model.now_us, PORT_RESET_US);
    model.now_us += wait_us;
    CHECK_EQ(restore(DISK), ERR_AGAIN);
    model_nvme->gone = false;
    CHECK_EQ(restore(DISK), OK);
}

static void test_keeper__a_device_may_take_longer(void)
{
    uint32_t wait_us;
    start();
    CHECK_EQ(quiesce(DISK, &wait_us), OK);
    model.now_us += wait_us;
    model_nvme->wakes_slowly = true;
    CHECK_EQ(restore(DISK), ERR_AGAIN);
    CHECK_EQ(status(DISK).presence, PCI_PRESENCE_STOPPED);
    model_nvme->wakes_slowly = false;
    CHECK_EQ(restore(DISK), OK);
}

static void test_keeper__another_device_does_not_get_on(void)
{
    uint32_t wait_us;
    start();
    CHECK_EQ(quiesce(DISK, &wait_us), OK);
    model.now_us += wait_us;
    model_put(model_nvme, CONFIG_IDENTITY, 0x58458086);
    CHECK_EQ(restore(DISK), ERR_DENIED);
    CHECK_EQ(command(model_nvme) & (COMMAND_MASTER | COMMAND_MEMORY), 0);
}

static void test_keeper__a_device_that_changed_its_shape_does_not_get_on(void)
{
    uint32_t wait_us;
    start();
    CHECK_EQ(quiesce(DISK, &wait_us), OK);
    model.now_us += wait_us;
    model_allow(model_nvme, CONFIG_BAR0, 0xffff8000);
    CHECK_EQ(restore(DISK), ERR_DENIED);
    CHECK_EQ(command(model_nvme) & (COMMAND_MASTER | COMMAND_MEMORY), 0);
}

static void test_keeper__a_port_that_lost_its_protection_keeps_the_device_off(void)
{
    uint32_t wait_us;
    start();
    CHECK_EQ(quiesce(DISK, &wait_us), OK);
    model.now_us += wait_us;
    model_put(model_port_a, model_extended(model_port_a, EXT_ACS) + ACS_CONTROL, 0);
    CHECK_EQ(restore(DISK), ERR_DENIED);
    CHECK_EQ(command(model_port_a) & (COMMAND_MASTER | COMMAND_MEMORY), 0);
}

static void test_keeper__only_what_was_stopped_is_restored(void)
{
    uint32_t wait_us;
    start();
    CHECK_EQ(restore(DISK), ERR_STATE);
    CHECK_EQ(restore(2), ERR_RANGE);
    CHECK_EQ(quiesce(2, &wait_us), ERR_RANGE);
    const struct pci_status_in in = {.device = 15};
    struct pci_status_out out = {0};
    CHECK_EQ(keeper_ops.status(&keeper, 0, &in, &out), ERR_RANGE);
}

static void test_keeper__ended_in_the_middle_of_a_reset(void)
{
    start();
    port_hold_reset(&model.devices.device[NETWORK], true);
    keeper_open(&keeper, &model.machine, &model.devices);
    CHECK(!port_holds_reset(&model.devices.device[NETWORK]));
    CHECK_EQ(model_nic->resets, 1);
    CHECK_EQ(restore(NETWORK), ERR_AGAIN);
    model.now_us += 100000;
    CHECK_EQ(restore(NETWORK), OK);
    CHECK_EQ(restore(DISK), ERR_STATE); /* that one was left running */
    CHECK_EQ(model.hurried, 0);
}

static void test_keeper__ended_between_stop_and_return(void)
{
    uint32_t wait_us;
    start();
    CHECK_EQ(quiesce(DISK, &wait_us), OK);
    model.now_us += wait_us;
    keeper_open(&keeper, &model.machine, &model.devices);
    model.now_us += 100000;
    CHECK_EQ(restore(DISK), OK);
}

static void test_keeper__status_says_what_is_there(void)
{
    uint32_t wait_us;
    start();
    CHECK_EQ(status(NETWORK).presence, PCI_PRESENCE_SERVING);
    CHECK_EQ(status(NETWORK).identity, 0x10d38086);
    CHECK(nothing(status(NETWORK)));
    model_nic->gone = true;
    CHECK_EQ(status(NETWORK).presence, PCI_PRESENCE_GONE);
    CHECK_EQ(status(NETWORK).identity, 0);
    model_nic->gone = false;
    CHECK_EQ(quiesce(NETWORK, &wait_us), OK);
    model.now_us += wait_us;
    CHECK_EQ(status(NETWORK).presence, PCI_PRESENCE_STOPPED);
    CHECK_EQ(restore(NETWORK), OK);
    CHECK_EQ(status(NETWORK).presence, PCI_PRESENCE_SERVING);
}

/* A reset that nobody asked the keeper for takes decoding and bus mastering along, or shows as a device that wakes. */
static void test_keeper__a_reset_from_elsewhere_is_noticed(void)
{
    static const uint32_t commands[] = {0, COMMAND_MASTER, COMMAND_MEMORY};
    for (size_t index = 0; index < sizeof(commands) / sizeof(commands[0]); index++) {
        start();
        model_put(model_nvme, CONFIG_COMMAND, commands[index]);
        CHECK_EQ(status(DISK).presence, PCI_PRESENCE_RESET);
    }
    start();
    model_nvme->wakes_slowly = true;
    CHECK_EQ(status(DISK).presence, PCI_PRESENCE_RESET);
    CHECK_EQ(status(DISK).identity, 0);
}

/* Another device's registers are not asked for errors. */
static void test_keeper__another_device_is_noticed(void)
{
    start();
    model_put(model_nic, CONFIG_IDENTITY, 0x10d48086);
    model_put(model_nic, model_extended(model_nic, EXT_AER) + AER_UNCORRECTABLE, MALFORMED);
    const struct pci_status_out out = status(NETWORK);
    CHECK_EQ(out.presence, PCI_PRESENCE_CHANGED);
    CHECK_EQ(out.identity, 0x10d48086);
    CHECK(nothing(out));
}

static void test_keeper__status_takes_errors_once(void)
{
    start();
    const uint32_t of_port = model_extended(model_port_b, EXT_AER),
                   of_nic = model_extended(model_nic, EXT_AER);
    model_put(model_port_b, of_port + AER_UNCORRECTABLE, COMPLETION_TIMEOUT);
    model_put(model_port_b, of_port + AER_CORRECTABLE, 0x1);
    model_put(model_port_b, of_port + AER_ROOT_STATUS, ROOT_MESSAGES);
    model_put(model_port_b, of_port + AER_ROOT_SOURCE, 0x02000000);
    model_put(model_nic, of_nic + AER_UNCORRECTABLE, MALFORMED | COMPLETION_TIMEOUT);
    model_put(model_nic, of_nic + AER_CORRECTABLE, 0x2040);
    const struct pci_status_out out = status(NETWORK);
    CHECK_EQ(out.fatal, MALFORMED);
    CHECK_EQ(out.nonfatal, COMPLETION_TIMEOUT);
    CHECK_EQ(out.correctable, 0x2040);
    CHECK_EQ(out.port_fatal, 0);
    CHECK_EQ(out.port_nonfatal, COMPLETION_TIMEOUT);
    CHECK_EQ(out.port_correctable, 0x1);
    CHECK_EQ(out.source, 0x02000000);
    CHECK_EQ(model_get(model_port_b, of_port + AER_ROOT_STATUS), 0);
    CHECK(nothing(status(NETWORK)));
    CHECK(nothing(status(DISK)));
}

/* A device without advanced error reporting has four bits for it, in the word whose other half is its control. */
static void test_keeper__errors_without_a_name_are_errors(void)
{
    start();
    const uint32_t at = model_capability(model_nvme, CAP_PCIE) + PCIE_DEVICE_CONTROL;
    const uint32_t control = model_get(model_nvme, at);
    const struct {
        uint32_t bits, fatal, nonfatal, correctable;
    } cases[] = {
        {PCIE_DETECTED_FATAL, ERROR_UNNAMED, 0, 0},
        {PCIE_DETECTED_NONFATAL, 0, ERROR_UNNAMED, 0},
        {PCIE_DETECTED_UNSUPPORTED, 0, ERROR_UNNAMED, 0},
        {PCIE_DETECTED_CORRECTABLE, 0, 0, ERROR_UNNAMED},
    };
    for (size_t index = 0; index < sizeof(cases) / sizeof(cases[0]); index++) {
        model_put(model_nvme, at, control | cases[index].bits | PCIE_PENDING);
        const struct pci_status_out out = status(DISK);
        CHECK_EQ(out.fatal, cases[index].fatal);
        CHECK_EQ(out.nonfatal, cases[index].nonfatal);
        CHECK_EQ(out.correctable, cases[index].correctable);
        CHECK_EQ(model_get(model_nvme, at), control | PCIE_PENDING);
        CHECK(nothing(status(DISK)));
    }
}

/* A message of an error that no register names counts as well, by its severity. */
static void test_keeper__messages_of_errors_that_nobody_names_are_errors(void)
{
    static const uint32_t messages[] = {ROOT_FATAL, ROOT_NONFATAL, ROOT_CORRECTABLE};
    const uint32_t of_port = model_extended(model_port_a, EXT_AER);
    for (size_t index = 0; index < sizeof(messages) / sizeof(messages[0]); index++) {
        start();
        model_put(model_port_a, of_port + AER_ROOT_STATUS, messages[index]);
        const struct pci_status_out out = status(DISK);
        CHECK_EQ(out.port_fatal, index == 0 ? ERROR_UNNAMED : 0);
        CHECK_EQ(out.port_nonfatal, index == 1 ? ERROR_UNNAMED : 0);
        CHECK_EQ(out.port_correctable, index == 2 ? ERROR_UNNAMED : 0);
        CHECK_EQ(out.fatal | out.nonfatal | out.correctable, 0);
        CHECK(nothing(status(DISK)));
    }
}

/* Its ones are nobody's answer: no error, and nothing is written; the root port is asked all the same. */
static void test_keeper__a_device_that_has_gone_has_no_errors(void)
{
    start();
    const uint32_t of_port = model_extended(model_port_b, EXT_AER);
    model_put(model_port_b, of_port + AER_UNCORRECTABLE, SURPRISE_DOWN);
    model_nic->gone = true;
    const struct pci_status_out out = status(NETWORK);
    CHECK_EQ(out.fatal | out.nonfatal | out.correctable, 0);
    CHECK_EQ(out.port_fatal, SURPRISE_DOWN);
    model_nic->gone = false;
    model_put(model_nic, model_extended(model_nic, EXT_AER) + AER_UNCORRECTABLE, UINT32_MAX);
    model_put(model_nic, model_extended(model_nic, EXT_AER) + AER_CORRECTABLE, UINT32_MAX);
    CHECK(nothing(status(NETWORK)));
}

/* Whatever a device shows as its control, what is written is what was set: one bit would be a reset. */
static void test_keeper__clearing_errors_starts_no_reset(void)
{
    start();
    const uint32_t at = model_capability(model_nvme, CAP_PCIE) + PCIE_DEVICE_CONTROL;
    model_put(model_nvme, at, PCIE_DETECTED | 0xffff);
    CHECK_EQ(status(DISK).nonfatal, ERROR_UNNAMED);
    CHECK_EQ(model_nvme->resets, 0);
    CHECK_EQ(model_get(model_nvme, at) & 0x7fff, PCIE_REPORT_ERRORS | PCIE_READ_512);
}

/* A bit that does not go away, as QEMU's NVMe controller has them, is one error and not one a second. */
static void test_keeper__an_error_that_stays_is_one(void)
{
    start();
    const uint32_t at = model_extended(model_nic, EXT_AER) + AER_CORRECTABLE;
    model_clears(model_nic, at, 0);
    model_put(model_nic, at, 0x40);
    CHECK_EQ(status(NETWORK).correctable, 0x40);
    CHECK_EQ(status(NETWORK).correctable, 0);
    model_put(model_nic, at, 0x41);
    CHECK_EQ(status(NETWORK).correctable, 0x1);
    model_put(model_nic, at, 0);
    CHECK_EQ(status(NETWORK).correctable, 0);
    model_put(model_nic, at, 0x40);
    CHECK_EQ(status(NETWORK).correctable, 0x40);
}

/* A bus that is reset under a device makes errors; they are not the driver's next life's. */
static void test_keeper__errors_of_the_reset_are_forgotten(void)
{
    uint32_t wait_us;
    start();
    CHECK_EQ(quiesce(NETWORK, &wait_us), OK);
    model.now_us += wait_us;
    model_put(model_port_b, model_extended(model_port_b, EXT_AER) + AER_UNCORRECTABLE, SURPRISE_DOWN);
    model_put(model_nic, model_extended(model_nic, EXT_AER) + AER_CORRECTABLE, 0x1);
    CHECK_EQ(restore(NETWORK), OK);
    CHECK(nothing(status(NETWORK)));
}

/* The scan looked for devices where there are none. */
static void test_keeper__errors_of_the_boot_are_forgotten(void)
{
    model_start();
    model_put(model_nic, model_extended(model_nic, EXT_AER) + AER_UNCORRECTABLE, MALFORMED);
    CHECK_EQ(scan(&model.machine, &model.devices, MODEL_ECAM), 0);
    keeper_open(&keeper, &model.machine, &model.devices);
    CHECK(nothing(status(NETWORK)));
}

/* A keeper that takes over knows where its predecessor's devices keep their errors. */
static void test_keeper__a_new_keeper_finds_the_errors(void)
{
    start();
    for (uint32_t number = 0; number < model.devices.count; number++) {
        model.devices.device[number].capabilities = (struct capabilities){0};
        model.devices.device[number].port_capabilities = (struct capabilities){0};
    }
    model_put(model_port_a, model_extended(model_port_a, EXT_AER) + AER_CORRECTABLE, 0x40);
    model_put(model_nic, model_extended(model_nic, EXT_AER) + AER_CORRECTABLE, 0x80);
    keeper_open(&keeper, &model.machine, &model.devices);
    CHECK_EQ(status(DISK).port_correctable, 0x40);
    CHECK_EQ(status(NETWORK).correctable, 0x80);
}

static enum problem parse(const char *text)
{
    struct devices devices;
    return describe_parse(&devices, text, strlen(text));
}

static void test_describe__lines(void)
{
    struct devices devices;
    const char text[] = "disk nvme 20 100 e0000000 0\nnet e1000e 28 200 e0200000 1f\n";
    CHECK_EQ(describe_parse(&devices, text, sizeof(text) - 1), PROBLEM_NONE);
    CHECK_EQ(devices.count, 2);
    CHECK_TEXT(devices.device[1].name, "net");
    CHECK_TEXT(devices.device[1].kind->name, "e1000e");
    CHECK_EQ(devices.device[1].port, 0x28);
    CHECK_EQ(devices.device[1].source, 0x200);
    CHECK_EQ(devices.device[1].window, 0xe0200000);
    CHECK_EQ(devices.device[1].message.data, 31);
}

static void test_describe__refusals(void)
{
    static const char *const wrong[] = {
        "",
        "disk nvme 20 100 e0000000",
        "disk nvme 20 100 e0000000 0 0",
        "disk ahci 20 100 e0000000 0",
        " nvme 20 100 e0000000 0",
        "a-name-of-twenty-five-byte nvme 20 100 e0000000 0",
        "disk nvme 2G 100 e0000000 0",
        "disk nvme  20 100 e0000000 0",
        "disk nvme 10020 100 e0000000 0",
        "disk nvme 20 100 000000000 0",
        "disk nvme 20 100 e0100000 0",
        "disk nvme 20 100 ffe00000 0",
        "disk nvme 20 100 e0000000 20",
        "disk nvme 20 101 e0000000 0",
        "disk nvme 20 20 e0000000 0",
        "disk nvme 20 0 e0000000 0",
        "disk nvme 20 100 e0000000 0\n\n",
        "disk nvme 20 100 e0000000 0\nnet e1000e 20 200 e0200000 1",
        "disk nvme 20 100 e0000000 0\nnet e1000e 28 100 e0200000 1",
        "disk nvme 20 100 e0000000 0\nnet e1000e 28 200 e0000000 1",
        "disk nvme 20 100 e0000000 0\nnet e1000e 28 200 e0200000 0",
    };
    for (size_t index = 0; index < sizeof(wrong) / sizeof(wrong[0]); index++) {
        if (parse(wrong[index]) != PROBLEM_DESCRIPTION)
            printf("taken: %s\n", wrong[index]);
        CHECK_EQ(parse(wrong[index]), PROBLEM_DESCRIPTION);
    }
}

int main(void)
{
    RUN(test_keeper__function_level_reset_and_back);
    RUN(test_keeper__secondary_bus_reset_and_back);
    RUN(test_keeper__restores_from_the_description);
    RUN(test_keeper__mandated_wait_is_not_skipped);
    RUN(test_keeper__transactions_may_end_first);
    RUN(test_keeper__a_device_that_never_ends_is_reset_all_the_same);
    RUN(test_keeper__a_device_that_has_gone_gets_its_bus_reset);
    RUN(test_keeper__a_device_may_take_longer);
    RUN(test_keeper__another_device_does_not_get_on);
    RUN(test_keeper__a_device_that_changed_its_shape_does_not_get_on);
    RUN(test_keeper__a_port_that_lost_its_protection_keeps_the_device_off);
    RUN(test_keeper__only_what_was_stopped_is_restored);
    RUN(test_keeper__ended_in_the_middle_of_a_reset);
    RUN(test_keeper__ended_between_stop_and_return);
    RUN(test_keeper__status_says_what_is_there);
    RUN(test_keeper__a_reset_from_elsewhere_is_noticed);
    RUN(test_keeper__another_device_is_noticed);
    RUN(test_keeper__status_takes_errors_once);
    RUN(test_keeper__errors_without_a_name_are_errors);
    RUN(test_keeper__messages_of_errors_that_nobody_names_are_errors);
    RUN(test_keeper__a_device_that_has_gone_has_no_errors);
    RUN(test_keeper__clearing_errors_starts_no_reset);
    RUN(test_keeper__an_error_that_stays_is_one);
    RUN(test_keeper__errors_of_the_reset_are_forgotten);
    RUN(test_keeper__errors_of_the_boot_are_forgotten);
    RUN(test_keeper__a_new_keeper_finds_the_errors);
    RUN(test_describe__lines);
    RUN(test_describe__refusals);
    return UNIT_RESULT();
}
