/* Interrupt vectors of the host: global system interrupt n is VECTOR_GSI + n, message n VECTOR_GSI + GSI_COUNT + n. */
#pragma once

enum { VECTOR_DB = 1, VECTOR_NMI = 2, VECTOR_BP = 3, VECTOR_NM = 7, VECTOR_DF = 8, VECTOR_GP = 13 };
enum { VECTOR_PF = 14, VECTOR_MC = 18, VECTOR_GSI = 0x20, GSI_COUNT = 24, MSI_COUNT = 32 };
enum { VECTOR_IOMMU = VECTOR_GSI + GSI_COUNT + MSI_COUNT, VECTOR_TIMER = 0x5d, VECTOR_IPI, VECTOR_SPURIOUS, VECTORS };
