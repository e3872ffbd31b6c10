/* Bus masters: their memory, what they may reach, their interrupts. A device works only while its driver runs:
 * it is attached when the driver starts and detached before anything of the driver is taken away. */
#include "site.h"

#include "error_name.h"
#include "kernel_calls.h"
#include "log.h"
#include "stubs.h"

/* [kernel.idl] boot_info.iommu; without one there is a kernel that drives no device, and one that lets them reach everything. */
enum { IOMMU_NONE = 0, IOMMU_VTD = 1, IOMMU_AMDVI = 2, IOMMU_UNSAFE = 3 };

/* ---- at boot ------------------------------------------------------------------------------------------------- */

static const char *iommu_name(uint32_t iommu)
{
    static const char *const name[] = {"nothing", "VT-d", "AMD-Vi",
                                       "nothing: UNSAFE DMA, it reaches all memory"};
    return iommu < sizeof name / sizeof name[0] ? name[iommu] : "an unknown IOMMU";
}

bool devices_check(const struct builder *builder, struct refusal *why)
{
    const struct spec *spec = &builder->spec;
    uint32_t iommu = builder->boot->iommu;
    bool absent = iommu == IOMMU_NONE || iommu == IOMMU_UNSAFE;
    for (uint32_t id = 0; id < spec->domain_count; id++) {
        const struct spec_domain *domain = &spec->domain[id];
        if (domain->devices.count != 0 && absent && !spec->unsafe_dma) {
            return refuse(why, "no IOMMU: the device of domain '%s' needs unsafe_dma", domain->name);
        }
        if (domain->devices.count != 0 && iommu == IOMMU_NONE) {
            return refuse(why, "no IOMMU: this kernel drives no device without one, -unsafe images do");
        }
        for (uint32_t i = 0; i < domain->devices.count; i++) {
            const struct spec_device *device = &spec->device[domain->devices.first + i];
            log_line("device %02x:%02x.%u of %s: %u mappings, %u interrupts, behind %s", device->source >> 8,
                     device->source >> 3 & 31, device->source & 7, domain->name, device->mappings.count,
                     device->msis.count, iommu_name(iommu));
        }
    }
    if (spec->unsafe_dma && !absent) {
        log_line("unsafe_dma is described but not needed: %s holds the devices back", iommu_name(iommu));
    }
    return true;
}

bool devices_make_memory(const struct builder *builder, struct refusal *why)
{
    const struct spec *spec = &builder->spec;
    const struct plan *plan = &builder->plan;
    for (uint32_t i = 0; i < spec->window_count; i++) {
        const struct spec_window *window = &spec->window[i];
        const struct spec_object *object = &spec->object[window->object];
        if (!did(control_device(SLOT_CONTROL, SLOT_CAPTAB, plan->window_slot[i], window->base,
                                object->count * PAGE_BYTES),
                 why, "take device memory") ||
            !make_objects(plan->window_slot[i], OBJECT_TYPE_FRAME, 0, PAGE_BYTES,
                          plan->object_slot[window->object], object->count, why)) {
            return refuse(why, "'%s' at 0x%llx", object->name, (unsigned long long)window->base);
        }
    }
    return true;
}

/* ---- one domain's devices ------------------------------------------------------------------------------------ */

bool devices_address(const struct site *site, uint32_t slot, uint64_t *address)
{
    enum object_type type;
    uint64_t badge, parent;
    uint32_t mask;
    uint16_t interface;
    uint8_t rights, flags;
    return site->builder->boot->iommu != IOMMU_UNSAFE ||
           did(captab_inspect(SLOT_CAPTAB, slot, &type, &rights, &flags, &interface, &mask, &badge, address,
                              &parent),
               site->why, "find a frame in memory");
}

/* An object's frames were carved one after the other, so they lie so; without an IOMMU the kernel looks at each. */
static bool map_for_device(const struct site *site, uint32_t iospace, const struct spec_mapping *mapping)
{
    const struct spec_object *object = &site->spec->object[mapping->object];
    uint64_t start = mapping->vaddr;
    if (!devices_address(site, slot_of(site, mapping->object) + mapping->first, &start)) {
        return false;
    }
    for (uint32_t i = 0; i < mapping->count; i++) {
        uint32_t copy = copy_frame(site, mapping, i);
        if (copy == 0 || !did(iospace_map(iospace, copy, start + i * object->size, mapping->access),
                              site->why, "map for a device")) {
            return refuse(site->why, "region '%s'", object->name);
        }
    }
    return true;
}

/* The original stays in builder's table, like that of a line's interrupt. */
static bool give_msi(const struct site *site, const struct spec_msi *msi)
{
    uint32_t own = next_transient(site);
    return did(control_msi(SLOT_CONTROL, SLOT_CAPTAB, own, msi->handle, msi->source), site->why,
               "make an MSI") &&
           did(irq_bind(own, slot_of(site, msi->notif), msi->bits), site->why, "bind an MSI") &&
           did(captab_copy(slot_of(site, site->described->captab), msi->slot, SLOT_CAPTAB, own, RIGHT_MANAGE,
                           0, 0, 0, 0),
               site->why, "copy an MSI");
}

static bool realise_device(const struct site *site, const struct spec_device *device)
{
    uint32_t iospace = slot_of(site, device->iospace);
    for (uint32_t i = 0; i < device->mappings.count; i++) {
        if (!map_for_device(site, iospace, &site->spec->mapping[device->mappings.first + i])) {
            return false;
        }
    }
    if (device->fault_notif != SPEC_NONE &&
        !did(iospace_watch(iospace, slot_of(site, device->fault_notif), device->fault_bits), site->why,
             "watch a device")) {
        return false;
    }
    for (uint32_t i = 0; i < device->msis.count; i++) {
        if (!give_msi(site, &site->spec->msi[device->msis.first + i])) {
            return false;
        }
    }
    return true;
}

bool devices_realise(const struct site *site)
{
    for (uint32_t i = 0; i < site->described->devices.count; i++) {
        if (!realise_device(site, &site->spec->device[site->described->devices.first + i])) {
            return false;
        }
    }
    return true;
}

/* ---- while its driver runs -------------------------------------------------------------------------------------- */

static uint32_t iospace_slot(const struct builder *builder, uint32_t id, uint32_t index)
{
    uint32_t device = builder->spec.domain[id].devices.first + index;
    return builder->plan.object_slot[builder->spec.device[device].iospace];
}

void devices_detach(const struct builder *builder, uint32_t id)
{
    for (uint32_t i = 0; i < builder->spec.domain[id].devices.count; i++) {
        enum error error = iospace_detach(iospace_slot(builder, id, i));
        if (error != OK && error != ERR_STATE) { /* ERR_STATE: it is not attached */
            log_line("%s: its device does not let go: %s", builder->spec.domain[id].name, error_text(error));
        }
    }
}

enum error devices_attach(const struct builder *builder, uint32_t id)
{
    const struct spec_domain *described = &builder->spec.domain[id];
    for (uint32_t i = 0; i < described->devices.count; i++) {
        const struct spec_device *device = &builder->spec.device[described->devices.first + i];
        enum error error = iospace_attach(iospace_slot(builder, id, i), SLOT_CONTROL, device->source);
        if (error != OK) {
            log_line("%s: device 0x%x is not attached: %s", described->name, device->source,
                     error_text(error));
            devices_detach(builder, id);
            return error;
        }
    }
    return OK;
}

enum error devices_fault(const struct builder *builder, uint32_t id, struct builder_device_fault_out *out)
{
    enum error error = ERR_STATE; /* a domain without a device */
    *out = (struct builder_device_fault_out){.count = 0};
    for (uint32_t i = 0; i < builder->spec.domain[id].devices.count && out->count == 0; i++) {
        error = iospace_fault(iospace_slot(builder, id, i), &out->count, &out->reason, &out->address,
                              &out->source);
        if (error != OK) {
            break;
        }
    }
    return error;
}
