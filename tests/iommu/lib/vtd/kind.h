/* What boot_info says of VT-d. */
#ifndef KIND_H
#define KIND_H

enum { MSI_ADDRESS_STEP = 32, MSI_DATA_STEP = 0, FAULTS_TOLD = 1 };
#define MSI_ADDRESS 0xfee00010ull

#endif
