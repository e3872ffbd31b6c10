/* What devices report: how often they are asked, what is counted and told, and which reports restart the driver. */
#include <bulkhead/pci.h>
#include <bulkhead/service.h>

#include "aer.h"
#include "check.h"
#include "fake_devices.h"
#include "fake_machine.h"
#include "health.h"
#include "lifecycle.h"
#include "recovery.h"
#include "terminal.h"

static struct mgmt *const mgmt = &fake.mgmt;
static struct device *const disk = &fake.mgmt.devices[0];
static struct device *const nic = &fake.mgmt.devices[1];
static struct fake_device *const disk_says = &fake_devices.device[0];
static struct fake_device *const nic_says = &fake_devices.device[1];
static const uint64_t NS_PER_SECOND = 1000000000;

enum { RECEIVER = 1 << 0, BAD_TLP = 1 << 6, TIMEOUT = 1 << 14, MALFORMED = 1 << 18 };

/* A second goes by. */
static void look(void)
{
    fake.now_ns += NS_PER_SECOND;
    (void)health_work(mgmt);
    terminal_pump(mgmt);
}

static bool logged(const char *text)
{
    return fake_saw(COM1_SLOT, text);
}

static unsigned lines(void)
{
    unsigned count = 0;
    for (size_t at = 0; at < fake.ports[COM1_SLOT].sent; at++)
        count += fake.ports[COM1_SLOT].output[at] == '\n';
    return count;
}

static void test_health__everybody_is_asked_once_a_second(void)
{
    fake_devices_start();
    CHECK(health_work(mgmt) == fake.now_ns + NS_PER_SECOND && disk_says->looks == 0);
    fake.now_ns += NS_PER_SECOND - 1;
    CHECK(health_work(mgmt) == fake.now_ns + 1 && disk_says->looks == 0);
    fake.now_ns += 1;
    CHECK(health_work(mgmt) == fake.now_ns + NS_PER_SECOND);
    CHECK(disk_says->looks == 1 && nic_says->looks == 1);
    CHECK(health_work(mgmt) == fake.now_ns + NS_PER_SECOND && disk_says->looks == 1);
    mgmt->device_count = 0;
    CHECK(health_work(mgmt) == UINT64_MAX);
}

static void test_health__what_is_well_is_not_told(void)
{
    fake_devices_start();
    disk_says->word.link = SERVICE_LINK_NONE;
    nic_says->word.link = SERVICE_LINK_UP;
    for (unsigned second = 0; second < 5; second++)
        look();
    CHECK(fake.ports[COM1_SLOT].sent == 0 && fake.ports[COM2_SLOT].sent == 0);
}

static void test_health__errors_are_counted_by_place_and_severity(void)
{
    fake_devices_start();
    disk->driver->policy.limit = 16;
    disk_says->reports.device =
        (struct device_errors){.nonfatal = TIMEOUT, .correctable = RECEIVER | BAD_TLP};
    disk_says->reports.port = (struct device_errors){.correctable = BAD_TLP};
    look();
    CHECK(disk->report.errors.correctable == 2 && disk->report.errors.nonfatal == 1);
    CHECK(disk->report.port_errors.correctable == 1 && disk->report.port_errors.nonfatal == 0);
    CHECK(disk->report.errors.fatal == 0 && nic->report.errors.correctable == 0);
    CHECK(logged("mgmt: blkdrv: correctable error of its device: receiver, bad TLP"));
    CHECK(logged("mgmt: blkdrv: correctable error of its root port: bad TLP"));
    CHECK(logged("mgmt: blkdrv: non-fatal error of its device: completion timeout"));
    CHECK(fake_saw(COM2_SLOT,
                   "[9,\"blkdrv\",\"non-fatal error of its device: completion timeout\","
                   "[\"serving\",0,[0,1,2],[0,0,1],\"non-fatal error of its device: completion timeout\","));
    look();
    CHECK(disk->report.errors.correctable == 2 && disk->stage == STAGE_SERVING);
}

static void test_health__a_fatal_error_restarts_the_driver(void)
{
    for (unsigned of_port = 0; of_port < 2; of_port++) {
        fake_devices_start();
        *(of_port != 0 ? &disk_says->reports.port : &disk_says->reports.device) =
            (struct device_errors){.fatal = MALFORMED, .correctable = RECEIVER};
        look();
        CHECK(disk->stage == STAGE_STOP && nic->stage == STAGE_SERVING && disk->driver->policy.restarts == 1);
        CHECK(strcmp(disk->cause, of_port != 0 ? "fatal error of its root port: malformed TLP"
                                               : "fatal error of its device: malformed TLP") == 0);
        CHECK((of_port != 0 ? disk->report.port_errors.fatal : disk->report.errors.fatal) == 1);
    }
}

static void test_health__a_fatal_error_that_stays_parks_the_device(void)
{
    fake_devices_start();
    for (unsigned life = 0; life < 4; life++) {
        CHECK(disk->stage == STAGE_SERVING);
        disk_says->reports.device.fatal = MALFORMED;
        look();
        while (disk->stage != STAGE_REPLAY && disk->stage != STAGE_DOWN) {
            const uint64_t next_ns = recovery_work(mgmt);
            fake.now_ns = next_ns > fake.now_ns && next_ns != UINT64_MAX ? next_ns : fake.now_ns;
        }
        disk_says->says.epoch++;
        (void)recovery_work(mgmt);
    }
    CHECK(disk->stage == STAGE_DOWN && disk->driver->view == VIEW_PARKED);
    const unsigned looks = disk_says->looks;
    look();
    CHECK(disk_says->looks == looks);
}

static void test_health__a_device_that_does_not_serve_is_restarted(void)
{
    static const struct {
        enum pci_presence presence;
        const char *cause;
    } cases[] = {
        {PCI_PRESENCE_GONE, "its device has gone"},
        {PCI_PRESENCE_RESET, "its device was reset from elsewhere"},
        {PCI_PRESENCE_CHANGED, "another device stands in the place of its own"},
        {PCI_PRESENCE_STOPPED, "its device was found stopped"},
    };
    for (size_t index = 0; index < sizeof(cases) / sizeof(cases[0]); index++) {
        fake_devices_start();
        disk_says->reports.presence = (uint8_t)cases[index].presence;
        look();
        CHECK(disk->stage == STAGE_STOP && strcmp(disk->cause, cases[index].cause) == 0);
    }
}

/* It comes back from no reset: parked, and not asked any more. */
static void test_health__a_device_that_has_gone_for_good_is_parked(void)
{
    fake_devices_start();
    disk_says->reports.presence = PCI_PRESENCE_GONE;
    disk_says->restore = ERR_AGAIN;
    look();
    for (uint64_t next_ns = 0; (next_ns = recovery_work(mgmt)) != UINT64_MAX;)
        fake.now_ns = next_ns > fake.now_ns ? next_ns : fake.now_ns;
    CHECK(disk->driver->view == VIEW_PARKED && disk->driver->policy.restarts == 1);
}

static void test_health__errors_before_a_reset_are_taken_first(void)
{
    fake_devices_start();
    disk_says->reports.device.fatal = MALFORMED;
    CHECK(lifecycle_kill(mgmt, disk->driver) == NULL);
    (void)recovery_work(mgmt);
    CHECK(disk->report.errors.fatal == 1 && fake_devices.called == 4);
    CHECK(fake_devices.calls[0] == CALL_STOP && fake_devices.calls[1] == CALL_QUIESCE);
    CHECK(strcmp(disk->cause, "killed by the operator") == 0 && disk->driver->policy.restarts == 0);
}

static void test_health__nobody_is_asked_who_does_not_serve(void)
{
    fake_devices_start();
    CHECK(lifecycle_pause(mgmt, disk->driver) == NULL);
    disk_says->reports.device.fatal = MALFORMED;
    look();
    CHECK(disk_says->looks == 0 && nic_says->looks == 1 && disk->stage == STAGE_SERVING);
    CHECK(lifecycle_resume(mgmt, disk->driver) == NULL);
    look();
    CHECK(disk->stage == STAGE_STOP);
}

/* One patience a second is lost on a dead pci, not one for each device. */
static void test_health__a_dead_pci_costs_one_question(void)
{
    fake_devices_start();
    disk_says->status = nic_says->status = ERR_TIMEOUT;
    disk_says->reports.presence = PCI_PRESENCE_GONE;
    nic_says->word.link = SERVICE_LINK_DOWN;
    look();
    CHECK(disk_says->looks == 1 && nic_says->looks == 0 && disk->stage == STAGE_SERVING);
    CHECK(logged("mgmt: netdrv: link down")); /* netvirt was asked all the same */
    CHECK(strcmp(health_presence_name(disk), "unknown") == 0);
}

static void test_health__errors_do_not_fill_the_log(void)
{
    fake_devices_start();
    for (unsigned second = 0; second < 60; second++) {
        disk_says->reports.device.correctable = BAD_TLP;
        look();
    }
    CHECK(disk->report.errors.correctable == 60);
    const unsigned told = lines();
    CHECK(told >= 8 && told <= 8 + 7);
    CHECK(logged("; not shown before: "));
}

static void test_health__a_link_is_told_when_it_changes(void)
{
    fake_devices_start();
    nic_says->word = (struct device_word){.link = SERVICE_LINK_UP, .speed_mbit = 1000};
    look();
    nic_says->word.link = SERVICE_LINK_DOWN;
    look();
    CHECK(logged("mgmt: netdrv: link down") && !logged("link up"));
    CHECK(fake_saw(COM2_SLOT, "[9,\"netdrv\",\"link down\",[\"serving\",0,[0,0,0],[0,0,0],\"\","));
    fake_clear();
    nic_says->word.link = SERVICE_LINK_NONE; /* its driver is not there yet */
    look();
    CHECK(lines() == 0);
    nic_says->word.link = SERVICE_LINK_UP;
    look();
    CHECK(logged("mgmt: netdrv: link up, 1000 Mbit/s") && nic->stage == STAGE_SERVING);
}

static void test_health__a_warning_is_told_when_it_changes(void)
{
    fake_devices_start();
    disk_says->word =
        (struct device_word){.warnings = SERVICE_WARNING_TEMPERATURE | SERVICE_WARNING_READ_ONLY,
                             .temperature_k = 360,
                             .spare_percent = 90,
                             .used_percent = 3};
    look();
    CHECK(logged("mgmt: blkdrv: its disk warns of: temperature, read only; 360 K, spare 90%, used 3%"));
    fake_clear();
    look();
    CHECK(lines() == 0);
    disk_says->word.warnings = 0;
    look();
    CHECK(logged("mgmt: blkdrv: its disk warns of nothing any more"));
    disk_says->word.resets = 1;
    look();
    CHECK(logged("mgmt: blkdrv: its driver has reset the device") && disk->stage == STAGE_SERVING);
}

static void test_health__the_operator_sees_it_at_the_prompt(void)
{
    fake_devices_start();
    disk_says->reports.device.correctable = BAD_TLP;
    disk_says->word.warnings = SERVICE_WARNING_SPARE;
    nic_says->word.link = SERVICE_LINK_UP;
    nic_says->word.errors = 12;
    look();
    fake_clear();
    fake_type(COM1_SLOT, "ps\r");
    terminal_input(mgmt);
    terminal_pump(mgmt);
    CHECK(logged(
        "device of         is        link    fatal  non-fatal   correctable   resets   failed  warns of"));
    CHECK(logged("blkdrv            serving   -           0          0             1        0        0  "
                 "little spare left"));
    CHECK(logged("netdrv            serving   up          0          0             0        0       12  -"));
}

static void test_health__a_driver_that_does_not_answer_says_nothing(void)
{
    fake_devices_start();
    disk_says->ask_word = ERR_TIMEOUT;
    disk_says->word.warnings = SERVICE_WARNING_SPARE;
    look();
    CHECK(!disk->report.word_known && disk->report.word.warnings == 0 && lines() == 0);
}

static void check_names(bool correctable, uint32_t bits, const char *expected)
{
    char bytes[64];
    struct text text = text_over(bytes, sizeof(bytes) - 1);
    aer_names(&text, correctable, bits);
    bytes[text.length] = '\0';
    CHECK(strcmp(bytes, expected) == 0);
}

static void test_aer__every_bit_has_words(void)
{
    check_names(true, 1u << 31, "not named");
    check_names(false, 1u << 31 | 1u << 20, "unsupported request, not named");
    check_names(false, 1u << 30, "bit 30");
    check_names(true, 1u << 6 | 1u << 1, "bit 1, bad TLP");
    check_names(true, 0, "");
}

int main(void)
{
    RUN(test_health__everybody_is_asked_once_a_second);
    RUN(test_health__what_is_well_is_not_told);
    RUN(test_health__errors_are_counted_by_place_and_severity);
    RUN(test_health__a_fatal_error_restarts_the_driver);
    RUN(test_health__a_fatal_error_that_stays_parks_the_device);
    RUN(test_health__a_device_that_does_not_serve_is_restarted);
    RUN(test_health__a_device_that_has_gone_for_good_is_parked);
    RUN(test_health__errors_before_a_reset_are_taken_first);
    RUN(test_health__nobody_is_asked_who_does_not_serve);
    RUN(test_health__a_dead_pci_costs_one_question);
    RUN(test_health__errors_do_not_fill_the_log);
    RUN(test_health__a_link_is_told_when_it_changes);
    RUN(test_health__a_warning_is_told_when_it_changes);
    RUN(test_health__the_operator_sees_it_at_the_prompt);
    RUN(test_health__a_driver_that_does_not_answer_says_nothing);
    RUN(test_aer__every_bit_has_words);
    return 0;
}
