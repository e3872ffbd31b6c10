#include "edu.h"

enum { CONFIG_ADDRESS = 0xcf8, CONFIG_DATA = 0xcfc, PAGE = 4096 };
enum { DMA_FROM = 0x80, DMA_TO = 0x88, DMA_BYTES = 0x90, DMA_COMMAND = 0x98, DMA_RUN = 1, DMA_OUT = 2 };
enum {
    CAPABILITIES = 0x34,
    CAPABILITY_MSI = 5,
    MSI_ENABLE = 1 << 16,
    COMMAND_MEMORY = 2,
    COMMAND_MASTER = 4
};

uint32_t edu_config(const struct edu *edu, uint32_t at)
{
    uint32_t value;

    EXPECT(ioport_out(edu->ports, CONFIG_ADDRESS, 4, 0x80000000u | EDU_SOURCE << 8 | at), OK);
    EXPECT(ioport_in(edu->ports, CONFIG_DATA, 4, &value), OK);
    return value;
}

void edu_config_set(const struct edu *edu, uint32_t at, uint32_t value)
{
    EXPECT(ioport_out(edu->ports, CONFIG_ADDRESS, 4, 0x80000000u | EDU_SOURCE << 8 | at), OK);
    EXPECT(ioport_out(edu->ports, CONFIG_DATA, 4, value), OK);
}

void edu_open(struct lab *lab, struct edu *edu)
{
    edu->lab = lab;
    edu->ports = lab_slot(lab);
    edu->device = lab_slot(lab);
    edu->memory = lab_slot(lab);
    EXPECT(control_ioport(lab->control, lab->captab, edu->ports, CONFIG_ADDRESS, CONFIG_DATA + 3), OK);
    EXPECT_VALUE(edu_config(edu, 0), 0x11e81234);
    edu->base = edu_config(edu, 0x10) & ~15u;
    EXPECT(control_device(lab->control, lab->captab, edu->device, edu->base, PAGE), OK);
    EXPECT(untyped_retype(edu->device, OBJECT_TYPE_FRAME, 0, PAGE, lab->captab, edu->memory, 1), OK);
    EXPECT(space_map(lab->space, edu->memory, lab->window, MAP_READ | MAP_WRITE | MAP_UNCACHED), OK);
    edu->registers = (volatile uint8_t *)lab->window;
    lab->window += PAGE;
    edu_config_set(edu, 4, COMMAND_MEMORY | COMMAND_MASTER);
}

static volatile uint32_t *word(const struct edu *edu, uint32_t at)
{
    return (volatile uint32_t *)(volatile void *)(edu->registers + at);
}

static volatile uint64_t *wide(const struct edu *edu, uint32_t at)
{
    return (volatile uint64_t *)(volatile void *)(edu->registers + at);
}

static void copy(struct edu *edu, uint64_t from, uint64_t to, uint64_t bytes, uint32_t command)
{
    *wide(edu, DMA_FROM) = from;
    *wide(edu, DMA_TO) = to;
    *wide(edu, DMA_BYTES) = bytes;
    *wide(edu, DMA_COMMAND) = command | DMA_RUN;
    for (unsigned i = 0; i < 1000 && (*wide(edu, DMA_COMMAND) & DMA_RUN); i++)
        sleep_us(edu->lab, 1000);
    CHECK(!(*wide(edu, DMA_COMMAND) & DMA_RUN));
}

void edu_read(struct edu *edu, uint64_t address, uint64_t bytes)
{
    copy(edu, address, EDU_BUFFER, bytes, 0);
}

void edu_write(struct edu *edu, uint64_t address, uint64_t bytes)
{
    copy(edu, EDU_BUFFER, address, bytes, DMA_OUT);
}

void edu_messages(const struct edu *edu, uint64_t address, uint32_t data)
{
    uint32_t at = edu_config(edu, CAPABILITIES) & 0xff;

    while (at && (edu_config(edu, at) & 0xff) != CAPABILITY_MSI)
        at = edu_config(edu, at) >> 8 & 0xff;
    CHECK(at);
    edu_config_set(edu, at + 4, (uint32_t)address);
    edu_config_set(edu, at + 8, (uint32_t)(address >> 32));
    edu_config_set(edu, at + 12, data);
    edu_config_set(edu, at, edu_config(edu, at) | MSI_ENABLE);
}

void edu_raise(const struct edu *edu)
{
    *word(edu, EDU_RAISE) = 1;
    *word(edu, EDU_QUIET) = 1;
}
