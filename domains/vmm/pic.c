/* [8259A] Intel 231468-003: ICWs, OCWs, priority. Call mode (MCS-80) and buffered mode are not modelled. */
#include "pic.h"

#define ICW1_SINGLE 0x02u
#define ICW1_ICW4 0x01u
#define CASCADE_LINE 2u
#define SPURIOUS_LINE 7u
#define NO_LINE 8u

static void chip_reset(struct pic_chip *chip)
{
    uint8_t lines = chip->lines, elcr = chip->elcr;
    *chip = (struct pic_chip){.lines = lines, .elcr = elcr, .lowest = 7};
}

void pic_init(struct pic *pic)
{
    *pic = (struct pic){0};
    chip_reset(&pic->chip[0]);
    chip_reset(&pic->chip[1]);
    pic->chip[0].imr = pic->chip[1].imr = 0xff;
}

/* The line of highest priority among @lines, or NO_LINE. */
static unsigned first_line(const struct pic_chip *chip, uint8_t lines)
{
    for (unsigned i = 1; i <= 8; i++) {
        unsigned line = (chip->lowest + i) & 7u;
        if ((lines >> line & 1u) != 0) {
            return line;
        }
    }
    return NO_LINE;
}

/* How many lines stand before @line in priority; NO_LINE is after all. */
static unsigned rank(const struct pic_chip *chip, unsigned line)
{
    return line == NO_LINE ? 8u : (line - chip->lowest - 1u) & 7u;
}

/* The line the chip would ask for, or NO_LINE ([8259A] "Fully nested mode", "Special mask mode"). */
static unsigned chip_request(const struct pic_chip *chip)
{
    uint8_t asking = (uint8_t)(chip->irr & ~chip->imr);
    if (asking == 0) { /* nearly always */
        return NO_LINE;
    }
    unsigned wanted = first_line(chip, asking);
    uint8_t serving = chip->special_mask ? (uint8_t)(chip->isr & ~chip->imr) : chip->isr;
    unsigned in_service = first_line(chip, serving);
    return rank(chip, wanted) < rank(chip, in_service) ? wanted : NO_LINE;
}

static void chip_set_line(struct pic_chip *chip, unsigned line, bool level)
{
    uint8_t bit = (uint8_t)(1u << line);
    bool was = (chip->lines & bit) != 0;
    chip->lines = level ? (uint8_t)(chip->lines | bit) : (uint8_t)(chip->lines & ~bit);
    if ((chip->elcr & bit) != 0) {
        chip->irr = level ? (uint8_t)(chip->irr | bit) : (uint8_t)(chip->irr & ~bit);
    } else if (level && !was) {
        chip->irr |= bit;
    } else if (!level) {
        chip->irr &= (uint8_t)~bit; /* the request must stay high until acknowledged */
    }
}

/* The second chip's output is the first one's line 2. */
static void cascade(struct pic *pic)
{
    bool asks = chip_request(&pic->chip[1]) != NO_LINE;
    uint8_t bit = 1u << CASCADE_LINE;
    pic->chip[0].irr = asks ? (uint8_t)(pic->chip[0].irr | bit) : (uint8_t)(pic->chip[0].irr & ~bit);
}

void pic_set_line(struct pic *pic, unsigned irq, bool level)
{
    if (irq > 15 || irq == CASCADE_LINE) {
        return;
    }
    chip_set_line(&pic->chip[irq >> 3], irq & 7u, level);
    cascade(pic);
}

bool pic_pending(const struct pic *pic)
{
    return chip_request(&pic->chip[0]) != NO_LINE;
}

static uint8_t chip_vector(const struct pic_chip *chip, unsigned line)
{
    return (uint8_t)(chip->vector_base | (line == NO_LINE ? SPURIOUS_LINE : line));
}

uint8_t pic_peek(const struct pic *pic)
{
    unsigned line = chip_request(&pic->chip[0]);
    if (line != CASCADE_LINE) {
        return chip_vector(&pic->chip[0], line);
    }
    return chip_vector(&pic->chip[1], chip_request(&pic->chip[1]));
}

static unsigned chip_acknowledge(struct pic_chip *chip)
{
    unsigned line = chip_request(chip);
    if (line == NO_LINE) {
        return line;
    }
    uint8_t bit = (uint8_t)(1u << line);
    if ((chip->elcr & bit) == 0) {
        chip->irr &= (uint8_t)~bit;
    }
    if (!chip->auto_eoi) {
        chip->isr |= bit;
    } else if (chip->rotate_auto) {
        chip->lowest = (uint8_t)line;
    }
    return line;
}

uint8_t pic_acknowledge(struct pic *pic)
{
    unsigned line = chip_acknowledge(&pic->chip[0]);
    uint8_t vector = chip_vector(&pic->chip[0], line);
    if (line == CASCADE_LINE) {
        vector = chip_vector(&pic->chip[1], chip_acknowledge(&pic->chip[1]));
        cascade(pic);
    }
    return vector;
}

static uint8_t chip_poll(struct pic_chip *chip)
{
    chip->poll = false;
    unsigned line = chip_acknowledge(chip);
    return line == NO_LINE ? 0 : (uint8_t)(0x80u | line);
}

uint8_t pic_read(struct pic *pic, bool second, unsigned reg)
{
    struct pic_chip *chip = &pic->chip[second ? 1 : 0];
    uint8_t value;
    if (chip->poll) {
        value = chip_poll(chip);
    } else if (reg == 1) {
        value = chip->imr;
    } else {
        value = chip->read_isr ? chip->isr : chip->irr;
    }
    cascade(pic);
    return value;
}

static void write_ocw2(struct pic_chip *chip, uint8_t value)
{
    unsigned line = value & 7u;
    bool specific = (value & 0x40u) != 0, eoi = (value & 0x20u) != 0, rotate = (value & 0x80u) != 0;
    if (!eoi) {
        if (specific && rotate) {
            chip->lowest = (uint8_t)line; /* set priority */
        } else if (!specific) {
            chip->rotate_auto = rotate;
        }
        return;
    }
    if (!specific) {
        line = first_line(chip, chip->isr);
        if (line == NO_LINE) {
            return;
        }
    }
    chip->isr &= (uint8_t) ~(1u << line);
    if (rotate) {
        chip->lowest = (uint8_t)line;
    }
}

static void write_ocw3(struct pic_chip *chip, uint8_t value)
{
    if ((value & 0x40u) != 0) {
        chip->special_mask = (value & 0x20u) != 0;
    }
    if ((value & 0x04u) != 0) {
        chip->poll = true;
    } else if ((value & 0x02u) != 0) {
        chip->read_isr = (value & 0x01u) != 0;
    }
}

static void write_command(struct pic_chip *chip, uint8_t value)
{
    if ((value & 0x10u) != 0) {
        chip_reset(chip);
        chip->icw1 = value;
        chip->init_step = 2;
    } else if ((value & 0x08u) != 0) {
        write_ocw3(chip, value);
    } else {
        write_ocw2(chip, value);
    }
}

static void write_data(struct pic_chip *chip, uint8_t value)
{
    switch (chip->init_step) {
    case 2:
        chip->vector_base = value & 0xf8u;
        chip->init_step = (chip->icw1 & ICW1_SINGLE) == 0 ? 3 : (chip->icw1 & ICW1_ICW4) != 0 ? 4 : 0;
        return;
    case 3: /* the wiring is fixed */
        chip->init_step = (chip->icw1 & ICW1_ICW4) != 0 ? 4 : 0;
        return;
    case 4:
        chip->auto_eoi = (value & 0x02u) != 0;
        chip->init_step = 0;
        return;
    default:
        chip->imr = value;
        return;
    }
}

void pic_write(struct pic *pic, bool second, unsigned reg, uint8_t value)
{
    struct pic_chip *chip = &pic->chip[second ? 1 : 0];
    if (reg == 1) {
        write_data(chip, value);
    } else {
        write_command(chip, value);
    }
    cascade(pic);
}

uint8_t pic_read_elcr(const struct pic *pic, bool second)
{
    return pic->chip[second ? 1 : 0].elcr;
}

void pic_write_elcr(struct pic *pic, bool second, uint8_t value)
{
    /* Lines 0, 1, 2, 8 and 13 are always edge-triggered on a PC. */
    pic->chip[second ? 1 : 0].elcr = value & (second ? 0xdeu : 0xf8u);
}
