/* A vCPU made of ordinary memory. */
#ifndef MACHINE_H
#define MACHINE_H

#include "hw/svm.h"
#include "hw/x86.h"
#include "unit.h"

#define VMCB_AT(member, offset) (offsetof(struct vmcb, member) == (offset))
_Static_assert(VMCB_AT(intercept, 0x00c) && VMCB_AT(io_bitmap, 0x040) && VMCB_AT(interrupt_control, 0x060) &&
                   VMCB_AT(exit_code, 0x070) && VMCB_AT(nested_control, 0x090) && VMCB_AT(event, 0x0a8) &&
                   VMCB_AT(next_rip, 0x0c8) && VMCB_AT(segment, 0x400) && VMCB_AT(cpl, 0x4cb) &&
                   VMCB_AT(efer, 0x4d0) && VMCB_AT(cr4, 0x548) && VMCB_AT(rip, 0x578) &&
                   VMCB_AT(rsp, 0x5d8) && VMCB_AT(rax, 0x5f8) && VMCB_AT(cr2, 0x640) && VMCB_AT(pat, 0x668) &&
                   sizeof(struct vmcb) == PAGE_BYTES,
               "[APM2] appendix B");
_Static_assert(FAULT_PRESENT == 1 && FAULT_WRITE == 2 && FAULT_USER == 4 && FAULT_EXEC == 1 << 3 &&
                   FAULT_TABLE_WALK == 1 << 4,
               "decode_other");
_Static_assert(PIO_IN == 1 && PIO_STRING == 4 && PIO_REP == 8, "decode_pio");

uint64_t fake_dr[4];
bool fake_resident;

static _Alignas(4096) struct vmcb vmcb;
static _Alignas(4096) struct vcpu_state page;
static struct hvm hvm;

static void fresh(void)
{
    memset(&vmcb, 0, sizeof vmcb);
    memset(&page, 0, sizeof page);
    memset(&hvm, 0, sizeof hvm);
    hvm.host_xcr0 = xgetbv(0); /* what svm_finish reads back */
    hvm.control = &vmcb;
    hvm.state = &page;
    vmcb.efer = EFER_SVME;
    vmcb.interrupt_control = V_INTR_MASKING;
    fake_resident = false;
}

#endif
