/* A driver's restart with its device: the order of stages, the waits, what is tried again, and where it ends. */
#include <bulkhead/service.h>

#include "check.h"
#include "devices.h"
#include "fake_devices.h"
#include "fake_machine.h"
#include "lifecycle.h"
#include "link.h"
#include "recovery.h"
#include "report.h"
#include "terminal.h"

static struct mgmt *const mgmt = &fake.mgmt;
static struct device *const disk = &fake.mgmt.devices[0];
static struct device *const nic = &fake.mgmt.devices[1];
static const uint64_t NS_PER_MS = 1000000;

/* Exactly these calls since the last look. */
static bool called(size_t count, const enum fake_call *calls)
{
    const bool same =
        fake_devices.called == count && memcmp(fake_devices.calls, calls, count * sizeof(*calls)) == 0;
    fake_devices.called = 0;
    return same;
}
#define CALLED(...) \
    called(sizeof((enum fake_call[]){__VA_ARGS__}) / sizeof(enum fake_call), (enum fake_call[]){__VA_ARGS__})

/* Lets time go by to the next thing that is due; false: nothing is. */
static bool go_on(void)
{
    const uint64_t next_ns = recovery_work(mgmt);
    if (next_ns == UINT64_MAX)
        return false;
    if (next_ns > fake.now_ns)
        fake.now_ns = next_ns;
    return true;
}

/* The virtualiser has seen the new driver. */
static void replay(struct device *device)
{
    fake_devices.device[device->index].says.verdict = SERVICE_VERDICT_WELL;
    fake_devices.device[device->index].says.epoch++;
}

static void bring_back(struct device *device)
{
    while (device->stage != STAGE_REPLAY && go_on()) {
    }
    CHECK(device->stage == STAGE_REPLAY);
    replay(device);
    while (device->stage != STAGE_SERVING && go_on()) {
    }
    CHECK(device->stage == STAGE_SERVING);
}

static void test_recovery__stages_come_in_their_order(void)
{
    fake_devices_start();
    fake_devices.device[0].wait_us = 100000;
    CHECK(lifecycle_kill(mgmt, disk->driver) == NULL);
    CHECK(CALLED(CALL_STOP) && disk->driver->view == VIEW_RESTARTING);
    (void)recovery_work(mgmt);
    CHECK(CALLED(CALL_QUIESCE) && disk->stage == STAGE_RESET);
    bring_back(disk);
    CHECK(CALLED(CALL_RESTORE, CALL_RESTART) && disk->driver->view == VIEW_RUNNING && disk->recovered == 1);
    CHECK(fake_saw(COM2_SLOT, "[7,\"blkdrv\",[\"serving\","));
    CHECK(fake.asked_id == 1);
}

/* Not a microsecond before the wait is over, however often mgmt is woken, and other work goes on meanwhile. */
static void test_recovery__a_mandated_wait_is_kept_and_blocks_nothing(void)
{
    fake_devices_start();
    fake_devices.device[0].wait_us = 100000;
    CHECK(lifecycle_kill(mgmt, disk->driver) == NULL);
    CHECK(recovery_work(mgmt) == fake.now_ns + 100 * NS_PER_MS);
    fake.now_ns += 100 * NS_PER_MS - 1;
    (void)recovery_work(mgmt);
    CHECK(CALLED(CALL_STOP, CALL_QUIESCE) && disk->stage == STAGE_RESET);
    fake.now_ns += 1;
    (void)recovery_work(mgmt);
    CHECK(CALLED(CALL_RESTORE, CALL_RESTART));
    CHECK(disk->stage_us[STAGE_RESET] == 100000);
}

static void test_recovery__each_stage_has_its_time(void)
{
    fake_devices_start();
    fake_devices.device[0].wait_us = 2000;
    fake_devices.device[0].restore_agains = 3;
    CHECK(lifecycle_kill(mgmt, disk->driver) == NULL);
    bring_back(disk);
    CHECK(
        fake_saw(COM2_SLOT,
                 "[7,\"blkdrv\",[\"serving\",\"killed by the operator\",1,0,[0,0,2000,0,3000,0,500,5500]]]"));
    terminal_pump(mgmt);
    CHECK(fake_saw(COM1_SLOT, "mgmt: blkdrv reset: 2000 us") &&
          fake_saw(COM1_SLOT, "mgmt: blkdrv restore: 3000 us"));
}

static void test_recovery__a_device_that_stays_away_is_parked(void)
{
    fake_devices_start();
    fake_devices.device[0].restore = ERR_AGAIN;
    CHECK(lifecycle_kill(mgmt, disk->driver) == NULL);
    while (go_on()) {
    }
    CHECK(disk->stage == STAGE_DOWN && disk->driver->view == VIEW_PARKED);
    CHECK(fake_devices.calls[fake_devices.called - 2] == CALL_DESTROY);
    CHECK(fake_devices.calls[fake_devices.called - 1] == CALL_PARK);
    CHECK(fake.asked[ASK_RESTART] == 0);
}

static void test_recovery__a_device_without_a_reset_is_parked_at_once(void)
{
    fake_devices_start();
    fake_devices.device[0].quiesce = ERR_UNSUPPORTED;
    CHECK(lifecycle_kill(mgmt, disk->driver) == NULL);
    (void)recovery_work(mgmt);
    CHECK(CALLED(CALL_STOP, CALL_QUIESCE, CALL_DESTROY, CALL_PARK));
    CHECK(fake_saw(COM2_SLOT, "\"parked\",\"its device could not be reset: unsupported\""));
}

static void test_recovery__repeated_failure_rests_longer_and_then_parks(void)
{
    static const uint64_t rests_ns[] = {0, 100000000, 200000000};
    fake_devices_start();
    for (unsigned failure = 0; failure < 3; failure++) {
        lifecycle_faulted(mgmt, disk->driver, "#PF");
        CHECK(disk->backoff_ns == rests_ns[failure]);
        bring_back(disk);
        CHECK(disk->stage_us[STAGE_BACKOFF] == rests_ns[failure] / 1000);
    }
    fake_devices.called = 0;
    lifecycle_faulted(mgmt, disk->driver, "#PF");
    while (go_on()) {
    }
    CHECK(CALLED(CALL_STOP, CALL_QUIESCE, CALL_DESTROY, CALL_PARK) && disk->driver->view == VIEW_PARKED);
    CHECK(lifecycle_kill(mgmt, disk->driver) != NULL);
    lifecycle_faulted(mgmt, disk->driver, "#PF");
    CHECK(CALLED());
}

/* Builder is dead: nobody builds the driver again, and guests are told rather than left waiting. */
static void test_recovery__a_driver_that_nobody_can_build_leaves_errors(void)
{
    fake_devices_start();
    fake.refusal = "builder does not answer";
    lifecycle_faulted(mgmt, disk->driver, "#PF");
    while (go_on()) {
    }
    CHECK(disk->stage == STAGE_DOWN && disk->driver->view == VIEW_DEAD);
    CHECK(fake_devices.calls[fake_devices.called - 1] == CALL_PARK);
}

static void test_recovery__the_operator_takes_a_parked_device_back(void)
{
    fake_devices_start();
    fake_devices.device[0].quiesce = ERR_UNSUPPORTED;
    CHECK(lifecycle_kill(mgmt, disk->driver) == NULL);
    (void)recovery_work(mgmt);
    fake_devices.device[0].quiesce = OK;
    fake_devices.called = 0;
    CHECK(lifecycle_restart(mgmt, disk->driver) == NULL);
    (void)recovery_work(mgmt);
    CHECK(CALLED(CALL_STOP, CALL_UNPARK, CALL_QUIESCE, CALL_RESTORE, CALL_RESTART));
    bring_back(disk);
    CHECK(disk->driver->policy.restarts == 0);
}

/* Kills are the operator's doing: a hundred in a row neither rest nor park. */
static void test_recovery__kills_by_the_operator_do_not_count(void)
{
    fake_devices_start();
    for (unsigned kill = 0; kill < 100; kill++) {
        CHECK(lifecycle_kill(mgmt, disk->driver) == NULL);
        bring_back(disk);
        CHECK(disk->backoff_ns == 0);
        fake_devices.called = 0;
        fake.ports[COM1_SLOT].sent = fake.ports[COM2_SLOT].sent = 0;
    }
    CHECK(disk->recovered == 100);
}

static void test_recovery__a_policy_of_never_leaves_it_dead(void)
{
    fake_devices_start();
    CHECK(lifecycle_kill(mgmt, nic->driver) == NULL);
    while (go_on()) {
    }
    CHECK(CALLED(CALL_STOP, CALL_QUIESCE, CALL_DESTROY, CALL_PARK) && nic->driver->view == VIEW_DEAD);
}

static void test_recovery__one_restart_at_a_time_until_the_driver_runs(void)
{
    fake_devices_start();
    fake_devices.device[0].wait_us = 1000;
    CHECK(lifecycle_kill(mgmt, disk->driver) == NULL);
    (void)recovery_work(mgmt);
    CHECK(lifecycle_kill(mgmt, disk->driver) != NULL && lifecycle_restart(mgmt, disk->driver) != NULL);
    while (disk->stage != STAGE_REPLAY)
        CHECK(go_on());
    fake_devices.called = 0;
    CHECK(lifecycle_kill(mgmt, disk->driver) == NULL && CALLED(CALL_STOP));
    bring_back(disk);
}

static void test_recovery__two_devices_come_back_side_by_side(void)
{
    fake_devices_start();
    nic->driver->policy = disk->driver->policy;
    fake_devices.device[0].wait_us = fake_devices.device[1].wait_us = 50000;
    CHECK(lifecycle_kill(mgmt, disk->driver) == NULL && lifecycle_kill(mgmt, nic->driver) == NULL);
    (void)recovery_work(mgmt);
    CHECK(disk->stage == STAGE_RESET && nic->stage == STAGE_RESET);
    bring_back(disk);
    CHECK(nic->stage == STAGE_REPLAY);
    bring_back(nic);
    CHECK(nic->total_us < 100000);
}

static void ring(uint8_t verdict)
{
    fake_devices.device[0].says.verdict = verdict;
    recovery_attention(mgmt);
}

static void test_attention__a_verdict_restarts_the_driver(void)
{
    static const uint8_t verdicts[] = {SERVICE_VERDICT_SILENT, SERVICE_VERDICT_CORRUPT,
                                       SERVICE_VERDICT_DEVICE_FAILED};
    for (unsigned index = 0; index < 3; index++) {
        fake_devices_start();
        ring(verdicts[index]);
        CHECK(disk->stage == STAGE_STOP && nic->stage == STAGE_SERVING && disk->driver->policy.restarts == 1);
        bring_back(disk);
    }
}

static void test_attention__nothing_is_done_without_cause(void)
{
    fake_devices_start();
    ring(SERVICE_VERDICT_WELL);
    ring(SERVICE_VERDICT_PARKED);
    fake_devices.device[0].health = ERR_TIMEOUT;
    ring(SERVICE_VERDICT_SILENT);
    fake_devices.device[0].health = OK;
    CHECK(lifecycle_pause(mgmt, disk->driver) == NULL);
    ring(SERVICE_VERDICT_SILENT);
    CHECK(disk->stage == STAGE_SERVING && disk->driver->policy.restarts == 0);
}

static void test_fault__the_device_is_reported_and_restarted(void)
{
    fake_devices_start();
    fake_devices.device[0].fault =
        (struct device_fault){.count = 3, .reason = 5, .address = 0x1000, .source = 0x100};
    recovery_faults(mgmt);
    CHECK(disk->stage == STAGE_STOP && nic->stage == STAGE_SERVING);
    CHECK(fake_saw(COM2_SLOT, "outside its pools: address 0x1000 reason 5 source 0x100, faults 3"));
    bring_back(disk);
    recovery_faults(mgmt);
    CHECK(disk->stage == STAGE_SERVING);
}

static void test_replay__an_epoch_that_stays_is_not_a_driver_that_came_back(void)
{
    fake_devices_start();
    CHECK(lifecycle_kill(mgmt, disk->driver) == NULL);
    while (disk->stage != STAGE_REPLAY)
        CHECK(go_on());
    for (unsigned poll = 0; poll < 20; poll++)
        CHECK(go_on() && disk->stage == STAGE_REPLAY);
    bring_back(disk);
}

static void test_replay__only_the_new_drivers_device_can_have_failed(void)
{
    fake_devices_start();
    ring(SERVICE_VERDICT_DEVICE_FAILED);
    while (disk->stage != STAGE_REPLAY)
        CHECK(go_on());
    CHECK(go_on() && disk->stage == STAGE_REPLAY && disk->driver->policy.restarts == 1);
    fake_devices.device[0].says.epoch++;
    while (disk->stage == STAGE_REPLAY && go_on()) {
    }
    CHECK(disk->driver->policy.restarts == 2);
}

static void test_replay__a_driver_that_never_comes_is_a_failure(void)
{
    fake_devices_start();
    CHECK(lifecycle_kill(mgmt, disk->driver) == NULL);
    while (go_on()) {
    }
    CHECK(disk->driver->view == VIEW_PARKED && disk->driver->policy.restarts == 3 &&
          fake.asked[ASK_RESTART] == 4);
}

/* A new virtualiser serves until it is told again. */
static void test_virtualiser__a_new_one_is_told_that_the_device_is_parked(void)
{
    fake_devices_start();
    fake_devices.device[0].quiesce = ERR_UNSUPPORTED;
    CHECK(lifecycle_kill(mgmt, disk->driver) == NULL);
    (void)recovery_work(mgmt);
    fake_devices.called = 0;
    fake_devices.device[0].park = ERR_TIMEOUT;
    CHECK(lifecycle_kill(mgmt, disk->virtualiser) == NULL && CALLED(CALL_DESTROY, CALL_RESTART));
    CHECK(go_on());
    fake_devices.device[0].park = OK;
    (void)go_on();
    CHECK(CALLED(CALL_PARK, CALL_PARK) && recovery_work(mgmt) == UINT64_MAX);
}

static void test_take_over__a_driver_that_was_on_its_way_comes_back(void)
{
    fake_devices_start();
    recovery_take_over(mgmt, disk, true);
    CHECK(disk->stage == STAGE_SERVING);
    recovery_take_over(mgmt, disk, false);
    CHECK(disk->stage == STAGE_STOP);
    bring_back(disk);
    fake_devices.device[1].says.verdict = SERVICE_VERDICT_PARKED;
    recovery_take_over(mgmt, nic, false);
    CHECK(nic->stage == STAGE_DOWN && nic->driver->view == VIEW_PARKED);
}

static bool parses(const char *text)
{
    uint32_t bad_line;
    return devices_parse(mgmt, text, strlen(text), &bad_line);
}

static void test_devices__wrong_lines_are_refused(void)
{
    fake_devices_start();
    CHECK(parses("blkdrv - -\n") && !mgmt->devices[0].on_pci && mgmt->devices[0].virtualiser == NULL);
    CHECK(parses("") && mgmt->device_count == 0);
    CHECK(!parses("blkdrv blkvirt\n") && !parses("nobody blkvirt 0\n") && !parses("blkdrv nobody 0\n"));
    CHECK(!parses("blkdrv blkvirt 16\n") && !parses("blkdrv blkvirt x\n") && !parses("blkdrv blkvirt 0 0\n"));
    CHECK(!parses("blkdrv blkvirt 0\nblkdrv blkvirt 1\n"));
}

int main(void)
{
    RUN(test_recovery__stages_come_in_their_order);
    RUN(test_recovery__a_mandated_wait_is_kept_and_blocks_nothing);
    RUN(test_recovery__each_stage_has_its_time);
    RUN(test_recovery__a_device_that_stays_away_is_parked);
    RUN(test_recovery__a_device_without_a_reset_is_parked_at_once);
    RUN(test_recovery__repeated_failure_rests_longer_and_then_parks);
    RUN(test_recovery__a_driver_that_nobody_can_build_leaves_errors);
    RUN(test_recovery__the_operator_takes_a_parked_device_back);
    RUN(test_recovery__kills_by_the_operator_do_not_count);
    RUN(test_recovery__a_policy_of_never_leaves_it_dead);
    RUN(test_recovery__one_restart_at_a_time_until_the_driver_runs);
    RUN(test_recovery__two_devices_come_back_side_by_side);
    RUN(test_attention__a_verdict_restarts_the_driver);
    RUN(test_attention__nothing_is_done_without_cause);
    RUN(test_fault__the_device_is_reported_and_restarted);
    RUN(test_replay__an_epoch_that_stays_is_not_a_driver_that_came_back);
    RUN(test_replay__only_the_new_drivers_device_can_have_failed);
    RUN(test_replay__a_driver_that_never_comes_is_a_failure);
    RUN(test_virtualiser__a_new_one_is_told_that_the_device_is_parked);
    RUN(test_take_over__a_driver_that_was_on_its_way_comes_back);
    RUN(test_devices__wrong_lines_are_refused);
    return 0;
}
