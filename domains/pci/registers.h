/* Where things are in configuration space, and what their bits mean. Offsets of capabilities are relative to the
 * capability; registers of 16 bits that share a double word are given as the double word with the shift in the name. */
#ifndef PCI_REGISTERS_H
#define PCI_REGISTERS_H

#include <stdint.h>

/* Every function: [PCI-3.0] 6.1, 6.2. */
enum {
    CONFIG_IDENTITY = 0x00,     /* vendor, device << 16 */
    CONFIG_COMMAND = 0x04,      /* command, status << 16 (written ones clear) */
    CONFIG_CLASS = 0x08,        /* revision, class << 8 */
    CONFIG_HEADER = 0x0c,       /* header type << 16 */
    CONFIG_BAR0 = 0x10,         /* six, in a bridge two */
    CONFIG_ROM = 0x30,          /* of a device */
    CONFIG_CAPABILITIES = 0x34, /* first capability */
    CONFIG_INTERRUPT = 0x3c,    /* line, pin << 8; in a bridge bridge control << 16 */
    CONFIG_BYTES = 0x100,       /* without the extended space */
    CONFIG_PAGE_BYTES = 0x1000,
    HEADER_SHIFT = 16,
    HEADER_TYPE = 0x7f,
    HEADER_DEVICE = 0,
    HEADER_BRIDGE = 1,
    HEADER_MULTIFUNCTION = 0x80,
    COMMAND_MEMORY = 0x2,
    COMMAND_MASTER = 0x4,
    COMMAND_NO_INTX = 0x400,
    COMMAND_IO = 0x1,
    STATUS_CAPABILITIES = 0x100000,
    BAR_IO = 0x1,
    BAR_TYPE = 0x6,
    BAR_WIDE = 0x4,
    BAR_FLAGS = 0xf,
};

/* A bridge: [PCI-BRIDGE-1.2] 3.2.5. A window is closed while its base lies above its limit. */
enum {
    BRIDGE_BUSES = 0x18,  /* primary, secondary << 8, subordinate << 16 */
    BRIDGE_IO = 0x1c,     /* base, limit << 8, secondary status << 16 */
    BRIDGE_MEMORY = 0x20, /* base, limit << 16: bits 31-20 of the address in bits 15-4 */
    BRIDGE_PREFETCH = 0x24,
    BRIDGE_PREFETCH_BASE_HIGH = 0x28,
    BRIDGE_PREFETCH_LIMIT_HIGH = 0x2c,
    BRIDGE_IO_CLOSED = 0x00f0,
    BRIDGE_PREFETCH_CLOSED = 0x0000fff0,
    BRIDGE_CONTROL_SHIFT = 16,
    BRIDGE_CONTROL_SERR = 0x2, /* error messages from below reach the root port's registers */
    BRIDGE_CONTROL_RESET = 0x40,
};

/* Capabilities' numbers. [PCI-3.0] appendix H; [PCIE-3.0] 7.9 for the extended ones. */
enum {
    CAP_POWER = 0x01,
    CAP_MSI = 0x05,
    CAP_PCIE = 0x10,
    CAP_MSIX = 0x11,
    EXT_AER = 0x0001,
    EXT_ACS = 0x000d,
    EXT_ATS = 0x000f,
    EXT_SRIOV = 0x0010,
    EXT_PRI = 0x0013,
    EXT_PASID = 0x001b,
    EXT_FIRST = 0x100,
};

/* [PCI-PM-1.2] 3.2.4: power state in bits 1-0, 0 = D0; from D3hot a function needs 10 ms (5.6.1). */
enum { POWER_CONTROL = 4, POWER_STATE = 0x3, POWER_WAIT_US = 10000 };

/* [PCI-3.0] 6.8.1, 6.8.2: control in the upper half of the first double word. */
enum {
    MSI_CONTROL = 0,
    MSI_ENABLE = 0x10000,
    MSIX_CONTROL = 0,
    MSIX_COUNT_SHIFT = 16, /* one less than there are */
    MSIX_COUNT = 0x7ff,
    MSIX_MASK_ALL = 0x40000000,
    MSIX_TABLE = 4, /* number of the BAR in bits 2-0, offset in the rest */
    MSIX_PENDING = 8,
    MSIX_ENTRY_BYTES = 16,
    MSIX_ENTRY_ADDRESS = 0,
    MSIX_ENTRY_ADDRESS_HIGH = 4,
    MSIX_ENTRY_DATA = 8,
    MSIX_ENTRY_CONTROL = 12,
    MSIX_ENTRY_MASKED = 1,
};
#define MSIX_ENABLE UINT32_C(0x80000000)

/* [PCIE-3.0] 7.8. */
enum {
    PCIE_FLAGS = 0, /* capability's version in bits 19-16, kind of port in bits 23-20 */
    PCIE_PORT_SHIFT = 20,
    PCIE_PORT = 0xf,
    PCIE_PORT_ROOT = 4,
    PCIE_DEVICE_CAPABILITIES = 0x04,
    PCIE_DEVICE_CONTROL = 0x08, /* control, status << 16 (written ones clear) */
    PCIE_ROOT_CONTROL = 0x1c,
    PCIE_DEVICE_CONTROL_2 = 0x28,
    PCIE_HAS_FLR = 0x10000000,
    PCIE_REPORT_ERRORS = 0xf,            /* correctable, non-fatal, fatal, unsupported request */
    PCIE_READ_512 = 0x2000,              /* largest read request */
    PCIE_FLR = 0x8000,                   /* 6.6.2 */
    PCIE_DETECTED_CORRECTABLE = 0x10000, /* these four written as ones clear, 7.8.5 */
    PCIE_DETECTED_NONFATAL = 0x20000,
    PCIE_DETECTED_FATAL = 0x40000,
    PCIE_DETECTED_UNSUPPORTED = 0x80000,
    PCIE_DETECTED = 0xf0000,
    PCIE_PENDING = 0x200000, /* transactions pending */
    PCIE_ROOT_RETRY_VISIBLE =
        0x10,          /* a device that is not ready reads as vendor 1 instead of stalling the processor */
    PCIE_BYTES = 0x14, /* of a device, first version */
    PCIE_PORT_BYTES = 0x3c, /* of a port, second version */
};

/* [PCIE-3.0] 7.16: control in the upper half of the double word, its bits as in the capabilities. */
enum {
    ACS_CONTROL = 4,
    ACS_CONTROL_SHIFT = 16,
    ACS_SOURCE_VALIDATION = 0x01,
    ACS_TRANSLATION_BLOCKING = 0x02,
    ACS_REQUEST_REDIRECT = 0x04,
    ACS_COMPLETION_REDIRECT = 0x08,
    ACS_UPSTREAM_FORWARDING = 0x10,
    ACS_WANTED = 0x1f,
};

/* [PCIE-3.0] 7.10. Status registers: written ones clear. */
enum {
    AER_UNCORRECTABLE = 0x04,
    AER_CORRECTABLE = 0x10,
    AER_ROOT_COMMAND = 0x2c,
    AER_ROOT_STATUS = 0x30,
    AER_ROOT_SOURCE = 0x34, /* correctable, uncorrectable << 16 */
    AER_BYTES = 0x2c,
    AER_ROOT_BYTES = 0x38,
};

/* [PCIE-3.0] 7.10.10, Root Error Status: messages received. */
enum {
    ROOT_CORRECTABLE = 0x1,
    ROOT_NONFATAL = 0x20,
    ROOT_FATAL = 0x40,
    ROOT_MESSAGES = 0x61,
    ROOT_SHOWN = 0x7f, /* all that can be cleared */
};

/* [ATS-1.1] 5.1.2, 5.2.2; [SRIOV-1.1] 3.3.3; PASID: [PCIE-4.0] 7.8.8. What lets a function speak for others or past the
 * IOMMU stays off. */
enum {
    ATS_CONTROL = 4,
    PRI_CONTROL = 4,
    PASID_CONTROL = 4,
    SRIOV_CONTROL = 8,
};
#define ATS_ENABLE UINT32_C(0x80000000)
enum { PRI_ENABLE = 0x1, PASID_ENABLE = 0x10000, SRIOV_ENABLE = 0x1 };

/* Class codes, without the programming interface: [PCI-3.0] appendix D. */
enum {
    CLASS_HOST_BRIDGE = 0x0600,
    CLASS_ISA_BRIDGE = 0x0601,
    CLASS_PCI_BRIDGE = 0x0604,
    CLASS_IOMMU = 0x0806,
};

/* Bits 15-0 of an identity that nobody has: nothing there; and not ready yet, 2.3.2. */
enum { VENDOR_MASK = 0xffff, VENDOR_NONE = 0xffff, VENDOR_NOT_READY = 0x0001 };

#endif
