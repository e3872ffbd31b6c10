/* What boot_info says of AMD-Vi. QEMU's refuses an absent entry without an event: docs/emulators.md. */
#ifndef KIND_H
#define KIND_H

enum { MSI_ADDRESS_STEP = 0, MSI_DATA_STEP = 1, FAULTS_TOLD = 0 };
#define MSI_ADDRESS 0xfee00000ull

#endif
