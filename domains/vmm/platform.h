/* All devices of the guest's platform, the port map in front of them, and the wires between them. Pure: time
 * comes as a number, nothing here enters the kernel. */
#ifndef VMM_PLATFORM_H
#define VMM_PLATFORM_H

#include "bus.h"
#include "debugexit.h"
#include "ioapic.h"
#include "lapic.h"
#include "pic.h"
#include "pit.h"
#include "pm.h"
#include "rtc.h"
#include "uart.h"

enum port_device {
    PORT_UNKNOWN, /* reads all ones, writes are ignored, both are counted */
    PORT_IGNORED, /* the same without counting: ports that every kernel tries */
    PORT_RTC,
    PORT_PCI,
    PORT_VIRTIO, /* BAR 0 of a function, where its driver put it */
    PORT_ELCR,
    /* From here on an access may change an interrupt, a timer or the guest's life. */
    PORT_UART,
    PORT_PIC,
    PORT_PIT,
    PORT_PIT_61,
    PORT_PM,
    PORT_PM_LEGACY,
    PORT_DEBUG_EXIT,
    PORT_DEVICES,
};
#define PORT_MATTERS PORT_UART

struct port_range {
    uint16_t first, last;
    enum port_device device;
    const char *what;
};

/* What may stand on the port map, for the documentation and its test. */
const struct port_range *platform_ports(size_t *count);

enum offered { OFFERED_NONE, OFFERED_LAPIC, OFFERED_PIC };

struct platform {
    struct uart uart;
    struct lapic lapic;
    struct ioapic ioapic;
    struct pic pic;
    struct pit pit;
    struct rtc rtc;
    struct pm pm;
    struct bus bus;
    struct debugexit debugexit;
    uint64_t unknown_ports, unknown_memory; /* accesses that nobody answered */
    uint16_t last_unknown_port;
    uint64_t last_unknown_address;
    uint8_t port[65536]; /* enum port_device */
};

struct platform_options {
    struct memory *memory;
    uint64_t boot_s; /* the RTC's time at start, seconds since 1970 */
    uint64_t ram_below_4g, ram_above_4g;
    uint16_t debug_exit_port;
};

void platform_init(struct platform *platform, const struct platform_options *options);

/* If not, nothing needs another look after an access to @port. */
static inline bool platform_port_matters(const struct platform *platform, uint16_t port)
{
    return platform->port[port] >= PORT_MATTERS;
}

/* May a write to @port have set off a device of the bus? */
static inline bool platform_port_is_bus(const struct platform *platform, uint16_t port)
{
    return platform->port[port] == PORT_PCI || platform->port[port] == PORT_VIRTIO;
}

/* One byte; platform_in for any size: 1, 2 or 4. */
uint8_t platform_in_byte(struct platform *platform, uint16_t port, uint64_t now_ns);
uint32_t platform_in(struct platform *platform, uint16_t port, unsigned size_bytes, uint64_t now_ns);
void platform_out(struct platform *platform, uint16_t port, unsigned size_bytes, uint32_t value,
                  uint64_t now_ns);

/* Memory outside RAM. */
uint64_t platform_load(struct platform *platform, gpa_t address, unsigned size_bytes, uint64_t now_ns);
void platform_store(struct platform *platform, gpa_t address, unsigned size_bytes, uint64_t value,
                    uint64_t now_ns);
/* An x2APIC register; false = #GP. */
bool platform_write_apic_msr(struct platform *platform, uint32_t msr, uint64_t value, uint64_t now_ns);

/* Timers that are due raise their lines. */
void platform_expire(struct platform *platform, uint64_t now_ns, uint64_t guest_tsc);
/* The earliest time in nanoseconds at which something happens by itself; the TSC deadline is apart. */
uint64_t platform_deadline(const struct platform *platform);

/* Carries lines to controllers; the interrupt to offer the processor now. */
enum offered platform_interrupt(struct platform *platform, uint8_t *vector);
/* The offered one was delivered. */
void platform_delivered(struct platform *platform, enum offered offered, uint8_t vector);

#endif
