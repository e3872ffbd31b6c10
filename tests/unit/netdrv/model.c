#include "model.h"

#include <stdlib.h>
#include <string.h>

struct model model;

static uint32_t *reg(enum e1000e_register which)
{
    if (which >= sizeof model.registers) {
        abort();
    }
    return &model.registers[which / 4];
}

static uint8_t *at(uint64_t iova, uint64_t len)
{
    const struct {
        uint64_t base;
        uint8_t *bytes;
        uint64_t len;
    } windows[] = {{MODEL_RINGS_IOVA, (uint8_t *)&model.rings, sizeof model.rings},
                   {MODEL_POOL_IOVA, model.pool, sizeof model.pool},
                   {MODEL_TENANT_IOVA, model.tenant, sizeof model.tenant}};
    for (unsigned i = 0; i < 3; i++) {
        if (iova >= windows[i].base && iova - windows[i].base + len <= windows[i].len) {
            return windows[i].bytes + (iova - windows[i].base);
        }
    }
    return NULL;
}

void model_reset(void)
{
    memset(&model, 0, sizeof model);
    model.link = true;
    *reg(E1000E_STATUS) = STATUS_LINK_UP | 2 << STATUS_SPEED_SHIFT;
    *reg(E1000E_RDH) = 77; /* whatever a driver before left */
    *reg(E1000E_TDH) = 5;
    *reg(E1000E_TDT) = 5;
}

static void interrupt(uint32_t cause)
{
    *reg(E1000E_ICR) |= cause;
    uint32_t due = *reg(E1000E_ICR) & *reg(E1000E_IMS) & *reg(E1000E_EIAC);
    if (due != 0) {
        model.interrupts++;
        *reg(E1000E_ICR) &= ~due;
        *reg(E1000E_IMS) &= ~due;
    }
}

static void load_address(void)
{
    uint64_t mac = (model.faults & MODEL_GROUP_ADDRESS) != 0 ? MODEL_MAC | 1 : MODEL_MAC;
    *reg(E1000E_RAL0) = (uint32_t)mac;
    *reg(E1000E_RAH0) = (uint32_t)(mac >> 32) | ((model.faults & MODEL_NO_ADDRESS) != 0 ? 0 : RAH_VALID);
}

static void send_one(const struct e1000e_transmit_descriptor *descriptor)
{
    uint32_t *bytes = &model.sent_bytes[model.sent_count % MODEL_SENT];
    const uint8_t *from = at(descriptor->address, descriptor->length);
    if ((*reg(E1000E_CTRL) & CTRL_MASTER_DISABLE) != 0) {
        model.dma_while_stopped++;
    }
    if (from == NULL || *bytes + descriptor->length > MODEL_FRAME) {
        abort();
    }
    memcpy(&model.sent[model.sent_count % MODEL_SENT][*bytes], from, descriptor->length);
    *bytes += descriptor->length;
    if ((descriptor->command & TRANSMIT_END) != 0) {
        model.sent_count++;
        model.sent_bytes[model.sent_count % MODEL_SENT] = 0;
        ++*reg(E1000E_GPTC);
    }
}

void model_run(void)
{
    bool any = false;
    if ((model.faults & MODEL_STILL) != 0 || (*reg(E1000E_TCTL) & TCTL_ENABLE) == 0) {
        return;
    }
    uint32_t count = *reg(E1000E_TDLEN) / 16;
    while (*reg(E1000E_TDH) != *reg(E1000E_TDT)) {
        uint64_t base = (uint64_t)*reg(E1000E_TDBAH) << 32 | *reg(E1000E_TDBAL);
        struct e1000e_transmit_descriptor *descriptor = (void *)at(base + *reg(E1000E_TDH) * 16, 16);
        send_one(descriptor);
        if ((descriptor->command & TRANSMIT_REPORT) != 0) {
            descriptor->status = TRANSMIT_DONE;
        }
        *reg(E1000E_TDH) = (*reg(E1000E_TDH) + 1) % count;
        any = true;
    }
    if (any) {
        interrupt(CAUSE_TRANSMIT_0);
    }
}

bool model_arrive(const void *frame, uint16_t len, uint8_t status, uint8_t errors)
{
    if ((*reg(E1000E_RCTL) & RCTL_ENABLE) == 0 || *reg(E1000E_RDH) == *reg(E1000E_RDT)) {
        ++*reg(E1000E_MPC);
        return false;
    }
    uint64_t base = (uint64_t)*reg(E1000E_RDBAH) << 32 | *reg(E1000E_RDBAL);
    struct e1000e_receive_descriptor *descriptor = (void *)at(base + *reg(E1000E_RDH) * 16, 16);
    uint8_t *to = at(descriptor->address, NET_LIMITS_SLOT_BYTES);
    if (to == NULL) {
        abort();
    }
    if (frame != NULL) {
        memcpy(to, frame, len <= NET_LIMITS_SLOT_BYTES ? len : NET_LIMITS_SLOT_BYTES);
    }
    descriptor->length = len;
    descriptor->errors = errors;
    descriptor->status = status;
    *reg(E1000E_RDH) = (*reg(E1000E_RDH) + 1) % (*reg(E1000E_RDLEN) / 16);
    ++*reg(E1000E_GPRC);
    interrupt(CAUSE_RECEIVE_0);
    return true;
}

void model_link(bool up)
{
    model.link = up;
    *reg(E1000E_STATUS) = up ? STATUS_LINK_UP | 2 << STATUS_SPEED_SHIFT : 0;
    interrupt(CAUSE_LINK_CHANGE | CAUSE_OTHER);
}

static uint32_t read_status(void)
{
    bool master = (model.faults & MODEL_BUSY) != 0 || (*reg(E1000E_CTRL) & CTRL_MASTER_DISABLE) == 0;
    return *reg(E1000E_STATUS) | (master ? (uint32_t)STATUS_MASTER_ENABLE : 0);
}

uint32_t e1000e_read(const struct e1000e *device, enum e1000e_register which)
{
    (void)device;
    uint32_t value = *reg(which);
    if ((model.faults & MODEL_ABSENT) != 0) {
        return UINT32_MAX;
    }
    switch ((unsigned)which) {
    case E1000E_STATUS:
        return read_status();
    case E1000E_TDH:
        return (model.faults & MODEL_HEAD_WILD) != 0 ? 0xffff : value;
    case E1000E_CRCERRS:
    case E1000E_RXERRC:
    case E1000E_MPC:
    case E1000E_GPRC:
    case E1000E_GPTC:
    case E1000E_RNBC:
        *reg(which) = 0;
        return value;
    default:
        return value;
    }
}

static void write_control(uint32_t value)
{
    *reg(E1000E_CTRL) = (model.faults & MODEL_RESET_HANGS) != 0 ? value : value & ~(uint32_t)CTRL_RESET;
    if ((value & CTRL_RESET) != 0) {
        model.resets++;
        load_address();
    }
}

void e1000e_write(const struct e1000e *device, enum e1000e_register which, uint32_t value)
{
    (void)device;
    switch ((unsigned)which) {
    case E1000E_CTRL:
        write_control(value);
        break;
    case E1000E_ICR:
        *reg(which) &= ~value;
        break;
    case E1000E_IMS:
        *reg(which) |= value;
        interrupt(0);
        break;
    case E1000E_IMC:
        *reg(E1000E_IMS) &= ~value;
        break;
    case E1000E_TDT:
        *reg(which) = value;
        model.doorbells++;
        if ((model.faults & MODEL_LAZY) == 0) {
            model_run();
        }
        break;
    default:
        *reg(which) = value;
        break;
    }
}

void e1000e_wait(const struct e1000e *device, uint64_t ns)
{
    (void)device;
    model.waited_ns += ns;
}
