/* hw/directdma.c: what an image without an IOMMU says of messages, and that it says so loudly. */
#include <string.h>

#include "hw/dma.h"
#include "hw/iomem.h"
#include "hw/iommu.h"
#include "hw/serial.h"
#include "hw/vectors.h"
#include "hw/x86.h"
#include "unit.h"

enum { APIC_NUMBER = 5, HANDLE = 3 };

static struct boot boot;
static const struct boot *learnt;
static char said[256];

struct cpuid cpuid(uint32_t leaf, uint32_t subleaf)
{
    (void)subleaf;
    return (struct cpuid){.ebx = leaf == 1 ? APIC_NUMBER << 24 | 0xabcdef : 0};
}

void iomem_init(const struct boot *from)
{
    learnt = from;
}

void console_line(const char *head, const char *text)
{
    (void)snprintf(said, sizeof said, "%s%s", head, text);
}

static void test_directdma__messages_name_processor_and_vector(void)
{
    iommu_init(NULL, &boot);
    CHECK(learnt == &boot);
    CHECK_EQ(boot.info.iommu, 3);
    CHECK_EQ(boot.info.msi_address, 0xfee00000 | APIC_NUMBER << 12);
    CHECK_EQ(boot.info.msi_address_step, 0);
    CHECK_EQ(boot.info.msi_data + HANDLE * boot.info.msi_data_step, VECTOR_GSI + GSI_COUNT + HANDLE);
}

static void test_directdma__it_is_said_at_every_boot(void)
{
    said[0] = 0;
    iommu_init(NULL, &boot);
    CHECK(strstr(said, "WARNING: UNSAFE DMA: ") == said && strstr(said, "reaches all memory") != NULL);
}

static void test_directdma__lines_go_their_way_and_messages_are_not_cut_off(void)
{
    struct dma_fault fault;

    CHECK_EQ(iommu_route(4, 0, 0x500000000000834), 0x500000000000834);
    CHECK(!iommu_message(GSI_COUNT + HANDLE, false) && !iommu_message(GSI_COUNT + HANDLE, false));
    CHECK(!iommu_message(GSI_COUNT + HANDLE, true)); /* so nothing was lost */
    CHECK(!iommu_message(4, true));
    CHECK_EQ(dma_attach_check(0x100), OK);
    CHECK(!dma_fault(&fault));
}

int main(void)
{
    RUN(test_directdma__messages_name_processor_and_vector);
    RUN(test_directdma__it_is_said_at_every_boot);
    RUN(test_directdma__lines_go_their_way_and_messages_are_not_cut_off);
    return UNIT_RESULT();
}
