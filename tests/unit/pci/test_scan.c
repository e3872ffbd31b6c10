/* The scan against a modelled machine: what it leaves on, what it turns off, what it refuses. */
#include "model.h"
#include "scan.h"
#include "unit.h"

enum { DECODE = COMMAND_IO | COMMAND_MEMORY | COMMAND_MASTER | COMMAND_NO_INTX };

static uint32_t run_scan(void)
{
    return scan(&model.machine, &model.devices, MODEL_ECAM);
}

static uint32_t command(const struct model_function *function)
{
    return model_get(function, CONFIG_COMMAND) & DECODE;
}

static void test_scan__programs_the_root_ports(void)
{
    model_start();
    CHECK_EQ(run_scan(), 0);
    CHECK_EQ(command(model_port_a), COMMAND_MEMORY | COMMAND_MASTER | COMMAND_NO_INTX);
    CHECK_EQ(model_get(model_port_a, BRIDGE_BUSES) & 0xffffff, 0x010100);
    CHECK_EQ(model_get(model_port_b, BRIDGE_BUSES) & 0xffffff, 0x020200);
    CHECK_EQ(model_get(model_port_a, BRIDGE_MEMORY), 0xe010e000);
    CHECK_EQ(model_get(model_port_b, BRIDGE_MEMORY), 0xe030e020);
    CHECK_EQ(model_get(model_port_a, BRIDGE_PREFETCH), 0x0000fff0);
    CHECK_EQ(model_get(model_port_a, CONFIG_BAR0), 0);
    CHECK_EQ(model_get(model_port_a, CONFIG_INTERRUPT) >> 16, BRIDGE_CONTROL_SERR);
    CHECK_EQ(model_get(model_port_a, model_extended(model_port_a, EXT_ACS) + ACS_CONTROL) >> 16, ACS_WANTED);
    CHECK_EQ(model_get(model_port_a, model_capability(model_port_a, CAP_MSI)) & MSI_ENABLE, 0);
    const uint32_t pcie = model_capability(model_port_a, CAP_PCIE);
    CHECK_EQ(model_get(model_port_a, pcie + PCIE_DEVICE_CONTROL) & PCIE_REPORT_ERRORS, PCIE_REPORT_ERRORS);
}

static void test_scan__programs_the_devices(void)
{
    model_start();
    CHECK_EQ(run_scan(), 0);
    CHECK_EQ(command(model_nvme), COMMAND_MEMORY | COMMAND_MASTER | COMMAND_NO_INTX);
    CHECK_EQ(model_get(model_nvme, CONFIG_BAR0), MODEL_WINDOW | BAR_WIDE);
    CHECK_EQ(model_get(model_nvme, CONFIG_BAR0 + 4), 0);
    CHECK_EQ(model_get(model_nic, CONFIG_BAR0), 0xe0200000);
    CHECK_EQ(model_get(model_nic, CONFIG_BAR0 + 4), 0xe0220000);
    CHECK_EQ(model_get(model_nic, CONFIG_BAR0 + 12), 0xe0240000);
    CHECK_EQ(model_get(model_nvme, model_extended(model_nvme, EXT_ATS) + ATS_CONTROL), 0);
    CHECK_EQ(model.touched, 0);
    CHECK_EQ(model.hurried, 0);
}

static void test_scan__fills_the_msix_tables(void)
{
    model_start();
    CHECK_EQ(run_scan(), 0);
    CHECK_EQ(model_get(model_nvme, model_capability(model_nvme, CAP_MSIX)) >> 30, 2); /* on, not masked */
    CHECK_EQ(model_nvme->table[0][0], 0xfee00010);
    CHECK_EQ(model_nic->table[0][0], 0xfee00030);
    CHECK_EQ(model_nic->table[0][1], 0);
    CHECK_EQ(model_nic->table[0][2], 0x4001);
    CHECK_EQ(model_nic->table[0][3], 0);
    for (unsigned entry = 1; entry < 65; entry++)
        CHECK(model_nvme->table[entry][0] == 0 && model_nvme->table[entry][3] == MSIX_ENTRY_MASKED);
}

static void test_scan__silences_what_is_not_described(void)
{
    model_start();
    CHECK_EQ(run_scan(), 0);
    CHECK_EQ(command(model_sata), COMMAND_IO | COMMAND_NO_INTX);
    CHECK_EQ(command(model_stray), COMMAND_IO | COMMAND_NO_INTX);
    CHECK_EQ(command(model_bridge), COMMAND_IO | COMMAND_NO_INTX);
    CHECK_EQ(model_get(model_bridge, BRIDGE_BUSES) & 0xffffff, 0);
}

static void test_scan__leaves_the_host_bridge_and_the_serial_ports_alone(void)
{
    model_start();
    CHECK_EQ(run_scan(), 0);
    CHECK_EQ(command(model_lpc), COMMAND_IO | COMMAND_MEMORY | COMMAND_MASTER);
    CHECK_EQ(command(model_host), COMMAND_MEMORY | COMMAND_MASTER);
}

static void test_scan__wakes_a_sleeping_device(void)
{
    model_start();
    model_put(model_nvme, model_capability(model_nvme, CAP_POWER) + POWER_CONTROL, 3);
    CHECK_EQ(run_scan(), 0);
    CHECK(model.now_us >= POWER_WAIT_US);
    CHECK_EQ(model_get(model_nvme, model_capability(model_nvme, CAP_POWER) + POWER_CONTROL), 0);
}

/* A device may come up late, but not for ever. */
static void test_scan__waits_for_a_link(void)
{
    model_start();
    model_nvme->ready_us = 50000;
    CHECK_EQ(run_scan(), 0);
    model_start();
    model_nvme->ready_us = 1000000;
    CHECK_EQ(run_scan(), PROBLEM_ABSENT);
    CHECK_EQ(model.now_us, 100000);
}

/* A refusal: what is wrong, and the number that builder gets. */
struct refusal {
    const char *what;
    void (*spoil)(void);
    uint32_t status;
};

enum { NET = 0x100 };

static void sata_stays_on(void)
{
    model_allow(model_sata, CONFIG_COMMAND, 0x543);
}
static void stray_decodes(void)
{
    model_allow(model_stray, CONFIG_COMMAND, 0x545);
}
static void ecam_is_fixed(void)
{
    model_allow(model_host, 0x60, 0);
}
static void ecam_is_elsewhere(void)
{
    model_put(model_host, CONFIG_IDENTITY, 0x12378086);
}
static void pages_are_swapped(void)
{
    volatile void *const page = model.devices.device[0].port_page;
    model.devices.device[0].port_page = model.devices.device[1].port_page;
    model.devices.device[1].port_page = page;
}
static void port_is_gone(void)
{
    model_port_a->gone = true;
}
static void port_is_a_device(void)
{
    model_put(model_port_a, CONFIG_HEADER, 0);
}
static void port_has_another_class(void)
{
    model_put(model_port_b, CONFIG_CLASS, 0x06040000 + 0x10000);
}
static void port_leads_down(void)
{
    const uint32_t at = model_capability(model_port_a, CAP_PCIE);
    model_put(model_port_a, at, (model_get(model_port_a, at) & 0xffff) | 0x00620000);
}
static void port_has_no_pcie(void)
{
    model_port_a->space[model_capability(model_port_a, CAP_PCIE)] = 9;
}
static void port_has_no_acs(void)
{
    model_port_a->space[model_extended(model_port_a, EXT_ACS)] = 9;
}
static void acs_lacks_a_redirect(void)
{
    model_put(model_port_a, model_extended(model_port_a, EXT_ACS) + ACS_CONTROL, 0x5b);
}
static void acs_does_not_hold(void)
{
    model_allow(model_port_a, model_extended(model_port_a, EXT_ACS) + ACS_CONTROL, 0x1e0000);
}
static void window_does_not_hold(void)
{
    model_allow(model_port_b, BRIDGE_MEMORY, 0xffd0ffd0);
}
static void second_window_stays_open(void)
{
    model_allow(model_port_a, BRIDGE_PREFETCH, 0);
}
static void buses_do_not_hold(void)
{
    model_allow(model_port_b, BRIDGE_BUSES, 0x00ffff);
}
static void port_keeps_interrupting(void)
{
    model_allow(model_port_a, model_capability(model_port_a, CAP_MSI), 0);
}
static void port_masters_nothing(void)
{
    model_allow(model_port_a, CONFIG_COMMAND, 0x543);
}
static void somebody_is_beside(void)
{
    struct model_function *const other = &model.functions[model.count++];
    *other = *model_nvme;
    other->devfn = 1;
}
static void device_is_gone(void)
{
    model_nvme->gone = true;
}
static void device_is_not_ready(void)
{
    model_put(model_nvme, CONFIG_IDENTITY, 0xffff0001);
}
static void device_has_functions(void)
{
    model_put(model_nvme, CONFIG_HEADER, HEADER_MULTIFUNCTION << HEADER_SHIFT);
}
static void device_is_a_bridge(void)
{
    model_put(model_nvme, CONFIG_HEADER, HEADER_BRIDGE << HEADER_SHIFT);
}
static void device_has_another_class(void)
{
    model_put(model_nvme, CONFIG_CLASS, 0x01080300);
}
static void device_has_another_identity(void)
{
    model_put(model_nic, CONFIG_IDENTITY, 0x10d48086);
}
static void list_goes_round(void)
{
    const uint32_t at = model_capability(model_nvme, CAP_PCIE);
    model_nvme->space[at + 1] = (uint8_t)at;
}
static void list_leads_into_the_header(void)
{
    model_nvme->space[model_capability(model_nvme, CAP_POWER) + 1] = 0x10;
}
static void list_leads_over_the_end(void)
{
    model_nvme->space[model_capability(model_nvme, CAP_MSI) + 1] = 0xf8;
    model_nvme->space[0xf8] = CAP_MSIX;
}
static void extended_list_goes_round(void)
{
    model_put(model_nvme, 0x110, EXT_SRIOV | 0x110u << 20);
}
static void extended_list_leads_back(void)
{
    model_put(model_nvme, 0x110, EXT_SRIOV | 0x40u << 20);
}
static void extended_list_leads_over_the_end(void)
{
    model_put(model_nvme, 0x110, EXT_SRIOV | 0xffcu << 20);
    model_put(model_nvme, 0xffc, EXT_PRI);
}
static void device_has_no_msix(void)
{
    model_nvme->space[model_capability(model_nvme, CAP_MSIX)] = 9;
}
static void device_has_no_pcie(void)
{
    model_nic->space[model_capability(model_nic, CAP_PCIE)] = 9;
}
static void bar_is_smaller(void)
{
    model_allow(model_nvme, CONFIG_BAR0, 0xffffe000);
}
static void bar_is_larger(void)
{
    model_allow(model_nic, CONFIG_BAR0 + 12, 0xffff8000);
}
static void bar_is_too_large(void)
{
    model_allow(model_nvme, CONFIG_BAR0 + 4, 0xfffffffe);
}
static void bar_is_low(void)
{
    model_put(model_nic, CONFIG_BAR0, 2);
}
static void bar_is_not_described(void)
{
    model_allow(model_nvme, CONFIG_BAR0 + 12, 0xfffff000);
}
static void last_bar_is_wide(void)
{
    model_put(model_nvme, CONFIG_BAR0 + 20, BAR_WIDE);
}
static void table_is_elsewhere(void)
{
    model_put(model_nvme, model_capability(model_nvme, CAP_MSIX) + MSIX_TABLE, 0x1000);
}
static void pending_bits_are_elsewhere(void)
{
    model_put(model_nvme, model_capability(model_nvme, CAP_MSIX) + MSIX_PENDING, 0x2800);
}
static void table_is_too_large(void)
{
    const uint32_t at = model_capability(model_nvme, CAP_MSIX);
    model_put(model_nvme, at, (model_get(model_nvme, at) & 0xffff) | 256 << 16);
}
static void table_is_smaller_than_said(void)
{
    model_nvme->table_words = 64 * 4;
}
static void ats_stays_on(void)
{
    model_allow(model_nvme, model_extended(model_nvme, EXT_ATS) + ATS_CONTROL, 0);
}
static void sriov_stays_on(void)
{
    const uint32_t at = model_extended(model_nvme, EXT_SRIOV) + SRIOV_CONTROL;
    model_put(model_nvme, at, SRIOV_ENABLE);
    model_allow(model_nvme, at, 0);
}
static void msi_stays_on(void)
{
    const uint32_t at = model_capability(model_nic, CAP_MSI);
    model_put(model_nic, at, model_get(model_nic, at) | MSI_ENABLE);
    model_allow(model_nic, at, 0);
}
static void rom_stays_on(void)
{
    model_put(model_nic, CONFIG_ROM, 1);
    model_allow(model_nic, CONFIG_ROM, 0);
}
static void device_masters_nothing(void)
{
    model_allow(model_nic, CONFIG_COMMAND, 0x543);
}
static void device_keeps_its_line(void)
{
    model_allow(model_nic, CONFIG_COMMAND, 0x147);
}

static const struct refusal refusals[] = {
    {"undescribed masters stay on", sata_stays_on, PROBLEM_STILL_ON},
    {"undescribed decoding stays on", stray_decodes, PROBLEM_STILL_ON},
    {"ECAM cannot be moved", ecam_is_fixed, PROBLEM_ECAM},
    {"ECAM of an unknown bridge is elsewhere", ecam_is_elsewhere, PROBLEM_ECAM},
    {"pages of two ports swapped", pages_are_swapped, PROBLEM_ECAM},
    {"port absent", port_is_gone, PROBLEM_ROOT_PORT},
    {"port with a device's header", port_is_a_device, PROBLEM_ROOT_PORT},
    {"port with another class", port_has_another_class, NET | PROBLEM_ROOT_PORT},
    {"a switch's port", port_leads_down, PROBLEM_ROOT_PORT},
    {"port without the PCIe capability", port_has_no_pcie, PROBLEM_CAPABILITY},
    {"port without ACS", port_has_no_acs, PROBLEM_CAPABILITY},
    {"ACS without request redirect", acs_lacks_a_redirect, PROBLEM_ACS},
    {"ACS that stays off", acs_does_not_hold, PROBLEM_REGISTER},
    {"window elsewhere", window_does_not_hold, NET | PROBLEM_REGISTER},
    {"second window open", second_window_stays_open, PROBLEM_REGISTER},
    {"bus numbers fixed", buses_do_not_hold, NET | PROBLEM_REGISTER},
    {"port's MSI stays on", port_keeps_interrupting, PROBLEM_REGISTER},
    {"port passes nothing upward", port_masters_nothing, PROBLEM_REGISTER},
    {"not alone", somebody_is_beside, PROBLEM_NOT_ALONE},
    {"device absent", device_is_gone, PROBLEM_ABSENT},
    {"device not ready", device_is_not_ready, PROBLEM_NOT_READY},
    {"device of several functions", device_has_functions, PROBLEM_HEADER},
    {"device is a bridge", device_is_a_bridge, PROBLEM_HEADER},
    {"another class", device_has_another_class, PROBLEM_CLASS},
    {"another identity", device_has_another_identity, NET | PROBLEM_IDENTITY},
    {"capabilities in a circle", list_goes_round, PROBLEM_LIST},
    {"capability in the header", list_leads_into_the_header, PROBLEM_LIST},
    {"capability over the end", list_leads_over_the_end, PROBLEM_LIST},
    {"extended capabilities in a circle", extended_list_goes_round, PROBLEM_LIST},
    {"extended capability in the header", extended_list_leads_back, PROBLEM_LIST},
    {"extended capability over the end", extended_list_leads_over_the_end, PROBLEM_LIST},
    {"no MSI-X", device_has_no_msix, PROBLEM_CAPABILITY},
    {"no PCIe", device_has_no_pcie, NET | PROBLEM_CAPABILITY},
    {"BAR smaller", bar_is_smaller, PROBLEM_BAR},
    {"BAR larger", bar_is_larger, NET | PROBLEM_BAR},
    {"BAR of 4 GiB and more", bar_is_too_large, PROBLEM_BAR},
    {"BAR below 1 MiB", bar_is_low, NET | PROBLEM_BAR},
    {"BAR too many", bar_is_not_described, PROBLEM_BAR_UNDESCRIBED},
    {"last BAR of 64 bits", last_bar_is_wide, PROBLEM_BAR},
    {"MSI-X table elsewhere", table_is_elsewhere, PROBLEM_MSIX_TABLE},
    {"pending bits elsewhere", pending_bits_are_elsewhere, PROBLEM_MSIX_TABLE},
    {"MSI-X table too large", table_is_too_large, PROBLEM_MSIX_COUNT},
    {"MSI-X entry that keeps nothing", table_is_smaller_than_said, PROBLEM_REGISTER},
    {"ATS stays on", ats_stays_on, PROBLEM_REGISTER},
    {"SR-IOV stays on", sriov_stays_on, PROBLEM_REGISTER},
    {"MSI stays on", msi_stays_on, NET | PROBLEM_REGISTER},
    {"ROM stays on", rom_stays_on, NET | PROBLEM_REGISTER},
    {"no bus mastering", device_masters_nothing, NET | PROBLEM_REGISTER},
    {"INTx stays on", device_keeps_its_line, NET | PROBLEM_REGISTER},
};

/* After a refusal nothing described is half on. */
static bool all_off(void)
{
    const struct model_function *const described[] = {model_port_a, model_port_b, model_nvme, model_nic};
    bool off = true;
    for (size_t index = 0; index < 4; index++)
        off = off && (described[index]->gone ||
                      (command(described[index]) & (COMMAND_MEMORY | COMMAND_MASTER)) == 0);
    return off;
}

static void test_scan__refusals(void)
{
    for (size_t index = 0; index < sizeof(refusals) / sizeof(refusals[0]); index++) {
        model_start();
        refusals[index].spoil();
        const uint32_t status = run_scan();
        if (status != refusals[index].status || !all_off())
            printf("refusal: %s: %#x, everything off: %d\n", refusals[index].what, (unsigned)status,
                   all_off());
        CHECK_EQ(status, refusals[index].status);
        CHECK(all_off());
    }
}

static void test_scan__refuses_more_bridges_than_it_can_number(void)
{
    model_start();
    for (uint8_t bridge = 0; bridge < 62; bridge++)
        model_add_bridge((uint8_t)(8 << 3) + bridge);
    CHECK_EQ(run_scan(), PROBLEM_BRIDGES);
}

int main(void)
{
    RUN(test_scan__programs_the_root_ports);
    RUN(test_scan__programs_the_devices);
    RUN(test_scan__fills_the_msix_tables);
    RUN(test_scan__silences_what_is_not_described);
    RUN(test_scan__leaves_the_host_bridge_and_the_serial_ports_alone);
    RUN(test_scan__wakes_a_sleeping_device);
    RUN(test_scan__waits_for_a_link);
    RUN(test_scan__refusals);
    RUN(test_scan__refuses_more_bridges_than_it_can_number);
    return UNIT_RESULT();
}
