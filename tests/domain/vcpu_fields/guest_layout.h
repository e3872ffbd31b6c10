/* Guest-physical addresses; long mode maps the first 2 MiB to themselves. */
#ifndef GUEST_LAYOUT_H
#define GUEST_LAYOUT_H

#define GUEST_VECTORS 0x0000 /* real mode's */
#define GUEST_LONG 0x1000
#define GUEST_PROTECTED 0x2000
#define GUEST_REAL 0x3000
#define GUEST_PML4 0x4000
#define GUEST_PDPT 0x5000
#define GUEST_PD 0x6000
#define GUEST_GDT 0x7000
#define GUEST_TSS 0x7800
#define GUEST_IDT 0x8000
#define GUEST_STUBS 0x9000 /* 256 of 16 bytes */
#define GUEST_STACK 0xb000 /* its end */
#define GUEST_HYPERCALL 0xb000
#define GUEST_PAGES 12

#endif
