/* A machine for mgmt's logic: two serial ports, builder, bells; everything that would be a system call. */
#ifndef TEST_MGMT_FAKE_MACHINE_H
#define TEST_MGMT_FAKE_MACHINE_H

#include "builder_calls.h"
#include "mgmt.h"

enum { FAKE_OUTPUT_BYTES = 1 << 17, FAKE_INPUT_BYTES = 8192, COM1_SLOT = 1, COM2_SLOT = 2, POWER_SLOT = 3 };

struct fake_port {
    char output[FAKE_OUTPUT_BYTES];
    size_t sent;
    uint8_t input[FAKE_INPUT_BYTES];
    size_t typed, taken;
};

struct fake_machine {
    struct fake_port ports[3];       /* by slot */
    unsigned asked[ASK_DESTROY + 1]; /* requests to builder, by verb */
    uint32_t asked_id;
    void (*on_ask)(enum builder_verb verb); /* NULL: nobody listens */
    const char *refusal;                    /* what builder answers, NULL: done */
    bool builder_silent;                    /* it answers nothing, which takes mgmt a moment to find out */
    unsigned beats;
    unsigned bells;
    unsigned answered; /* deferred calls of `events` */
    uint32_t power_value;
    uint64_t now_ns;
    struct console_channel consoles[2];
    struct console_channel log;
    struct domain_info info;
    struct mgmt mgmt;
};

extern struct fake_machine fake;

/* mgmt (0), vmm-a (1, tenant a, on-failure/2), vmm-b (2, tenant b, never); the prompt has COM1. */
void fake_start(void);
void fake_type(uint32_t slot, const char *bytes);
/* Types a request into the machine link, see fake_request. */
void fake_ask(const char *words);
void fake_type_bytes(uint32_t slot, const void *bytes, size_t count);
/* Forgets what the ports have sent. */
void fake_clear(void);
/* Has the port sent @text since fake_clear? The machine link's frames are looked at as fake_render shows them. */
bool fake_saw(uint32_t slot, const char *text);
/* The guest behind console @index prints. */
void fake_print(unsigned index, const char *bytes);

#endif
