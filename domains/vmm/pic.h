/* The pair of 8259A interrupt controllers of a PC: lines 0-7 on the first, 8-15 on the second behind line 2. */
#ifndef VMM_PIC_H
#define VMM_PIC_H

#include "common.h"

#define PIC_MASTER_PORT 0x20u
#define PIC_SLAVE_PORT 0xa0u
#define PIC_ELCR_PORT 0x4d0u

struct pic_chip {
    uint8_t irr, isr, imr, lines, elcr;
    uint8_t vector_base;
    uint8_t init_step; /* which ICW comes next, 0 = operating */
    uint8_t icw1;
    uint8_t lowest; /* line of lowest priority: 7 unless rotated */
    bool auto_eoi, rotate_auto, read_isr, special_mask, poll;
};

struct pic {
    struct pic_chip chip[2];
};

void pic_init(struct pic *pic);
/* Line @irq 0..15 is high or low. */
void pic_set_line(struct pic *pic, unsigned irq, bool level);
/* Does the pair ask the processor for an interrupt? */
bool pic_pending(const struct pic *pic);
/* The vector it would give if acknowledged now; changes nothing. Only while pic_pending(). */
uint8_t pic_peek(const struct pic *pic);
/* The processor's acknowledge cycle. */
uint8_t pic_acknowledge(struct pic *pic);

/* @second chooses the chip, @reg 0 or 1 its port. */
uint8_t pic_read(struct pic *pic, bool second, unsigned reg);
void pic_write(struct pic *pic, bool second, unsigned reg, uint8_t value);
uint8_t pic_read_elcr(const struct pic *pic, bool second);
void pic_write_elcr(struct pic *pic, bool second, uint8_t value);

#endif
