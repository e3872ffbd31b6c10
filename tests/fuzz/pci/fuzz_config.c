/* The scan, then management's calls, while devices answer what they like. Each read of a device takes a byte of the input:
 * small ones let the truth pass, large ones replace it by what follows. Whatever is said, nothing but the described
 * functions is touched, no mandated wait is cut short, a failed scan leaves nothing on, and a good one leaves the root
 * ports, which do not lie, as they must be. */
#include <stdlib.h>
#include <string.h>

#include <log.h>

#include "keeper.h"
#include "model.h"
#include "scan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);
uint32_t model_page_read(volatile void *page, uint32_t offset);
uint32_t model_ports_read(const struct machine *machine, uint16_t bdf, uint32_t offset);

static const uint8_t *input;
static size_t left;

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

static uint8_t take(void)
{
    if (left == 0) {
        return 0;
    }
    left--;
    return *input++;
}

static uint32_t bent(uint32_t truth)
{
    uint8_t kind = take();
    uint32_t value = 0;
    if (kind < 0xe0) {
        return truth;
    }
    if (kind == 0xff) {
        return UINT32_MAX;
    }
    for (unsigned i = 0; i < sizeof value; i++) {
        value = value << 8 | take();
    }
    return (kind & 1) != 0 ? truth ^ value : value;
}

void log_line(const char *format, ...)
{
    (void)format;
}

uint32_t page_read(volatile void *page, uint32_t offset)
{
    const struct model_page *what = (const struct model_page *)(uintptr_t)page;
    uint32_t truth = model_page_read(page, offset);
    return what->table || what->bdf >> 8 != 0 ? bent(truth) : truth;
}

uint32_t ports_read(const struct machine *machine, uint16_t bdf, uint32_t offset)
{
    uint32_t truth = model_ports_read(machine, bdf, offset);
    return bdf >> 8 != 0 && truth != UINT32_MAX ? bent(truth) : truth;
}

static bool on(const struct model_function *function)
{
    return (model_get(function, CONFIG_COMMAND) & (COMMAND_MEMORY | COMMAND_MASTER)) != 0;
}

static bool guarded(const struct model_function *port, uint32_t bus)
{
    uint32_t acs = model_get(port, model_extended(port, EXT_ACS) + ACS_CONTROL) >> ACS_CONTROL_SHIFT;
    return acs == ACS_WANTED && (model_get(port, BRIDGE_BUSES) & 0xffffff) == (bus << 8 | bus << 16) &&
           model_get(port, BRIDGE_PREFETCH) == BRIDGE_PREFETCH_CLOSED;
}

static void manage(struct keeper *keeper)
{
    for (uint8_t step = take(); left != 0; step = take()) {
        const uint32_t device = step >> 2 & 3;
        struct pci_quiesce_out wait = {0};
        struct pci_status_out status = {0};
        switch (step & 3) {
        case 0:
            (void)keeper_ops.quiesce(keeper, 0, &(struct pci_quiesce_in){device}, &wait);
            break;
        case 1:
            (void)keeper_ops.restore(keeper, 0, &(struct pci_restore_in){device});
            break;
        case 2:
            (void)keeper_ops.status(keeper, 0, &(struct pci_status_in){device}, &status);
            break;
        default:
            model.now_us += (uint64_t)step << 10;
            break;
        }
        require(!on(model_port_a) || guarded(model_port_a, 1));
        require(!on(model_port_b) || guarded(model_port_b, 2));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static struct keeper keeper;
    input = data;
    left = len;
    model_start();
    if (scan(&model.machine, &model.devices, MODEL_ECAM) != 0) {
        require(!on(model_port_a) && !on(model_port_b) && !on(model_nvme) && !on(model_nic));
    } else {
        require(guarded(model_port_a, 1) && guarded(model_port_b, 2));
        keeper_open(&keeper, &model.machine, &model.devices);
        manage(&keeper);
    }
    require(model.touched == 0 && model.hurried == 0);
    return 0;
}
