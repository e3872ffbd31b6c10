/* A vCPU made of ordinary memory. */
#ifndef MACHINE_H
#define MACHINE_H

#include "hw/svm.h"
#include "hw/x86.h"
#include "unit.h"

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
