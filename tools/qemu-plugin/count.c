/* A QEMU TCG plugin that counts executed instructions and VMRUNs between two points of a boot.
 *
 * The window opens at the first instruction of Linux's startup_64, known by its bytes (the tool passes
 * them), and closes at a marker that the benchmark's init executes: an 8-byte NOP whose displacement
 * spells "BHIN". Waiting in HLT executes nothing, so idle time is excluded by construction.
 *
 * Arguments: out=FILE start=HEX. FILE gets one JSON line when the window closes.
 *
 * Debian ships no qemu-plugin.h, so the few declarations used are here.
 * Source: QEMU 7.2, include/qemu/qemu-plugin.h (plugin API version 1).
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_info;
enum { QEMU_PLUGIN_CB_NO_REGS = 0, QEMU_PLUGIN_INLINE_ADD_U64 = 0 };
typedef void (*tb_trans_cb)(qemu_plugin_id_t id, struct qemu_plugin_tb *tb);
typedef void (*exec_cb)(unsigned int vcpu, void *data);

void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id, tb_trans_cb cb);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, exec_cb cb, int flags, void *data);
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *insn, int op, void *ptr,
                                                uint64_t imm);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t idx);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);

__attribute__((visibility("default"))) int qemu_plugin_version = 1;
__attribute__((visibility("default"))) int
qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info, int argc, char **argv);

/* [APM2] 15.5: VMRUN. */
static const uint8_t vmrun[] = {0x0f, 0x01, 0xd8};
/* nopl 0x4e494842(%rax,%rax,1) */
static const uint8_t marker[] = {0x0f, 0x1f, 0x84, 0x00, 'B', 'H', 'I', 'N'};

/* Where a bzImage's protected-mode part may be loaded. */
#define LOAD_LOW UINT64_C(0x100000)
#define LOAD_HIGH UINT64_C(0x4000000)

static uint64_t executed;
static uint64_t vmruns;
static uint64_t executed_at_start;
static uint64_t vmruns_at_start;
static bool started;
static bool finished;
static uint8_t start_bytes[16];
static size_t start_length;
static char out_path[4096];

static void at_start(unsigned int vcpu, void *data)
{
    (void)vcpu;
    (void)data;
    if (!started) {
        started = true;
        executed_at_start = executed;
        vmruns_at_start = vmruns;
    }
}

static void at_marker(unsigned int vcpu, void *data)
{
    (void)vcpu;
    (void)data;
    if (!started || finished)
        return;
    finished = true;
    FILE *out = fopen(out_path, "w");
    if (out == NULL)
        abort();
    fprintf(out, "{\"instructions\": %" PRIu64 ", \"vmruns\": %" PRIu64 ", \"before\": %" PRIu64 "}\n",
            executed - executed_at_start, vmruns - vmruns_at_start, executed_at_start);
    fclose(out);
}

static bool insn_is(const struct qemu_plugin_insn *insn, const uint8_t *bytes, size_t length)
{
    return qemu_plugin_insn_size(insn) == length && memcmp(qemu_plugin_insn_data(insn), bytes, length) == 0;
}

/* The block begins where startup_64 does: its offset in a page, the low memory it is loaded into, and as many
 * of the start bytes as the block holds: under icount a block may end after any instruction. */
static bool block_is_start(const struct qemu_plugin_tb *tb)
{
    size_t have = 0;
    uint64_t vaddr = qemu_plugin_insn_vaddr(qemu_plugin_tb_get_insn(tb, 0));
    if ((vaddr & 0xfffu) != 0x200 || vaddr < LOAD_LOW || vaddr >= LOAD_HIGH)
        return false;
    for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb) && have < start_length; i++) {
        const struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
        size_t size = qemu_plugin_insn_size(insn);
        if (have + size > start_length || memcmp(qemu_plugin_insn_data(insn), start_bytes + have, size) != 0)
            return false;
        have += size;
    }
    return have != 0;
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    (void)id;
    for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
        qemu_plugin_register_vcpu_insn_exec_inline(insn, QEMU_PLUGIN_INLINE_ADD_U64, &executed, 1);
        if (insn_is(insn, vmrun, sizeof(vmrun)))
            qemu_plugin_register_vcpu_insn_exec_inline(insn, QEMU_PLUGIN_INLINE_ADD_U64, &vmruns, 1);
        if (insn_is(insn, marker, sizeof(marker)))
            qemu_plugin_register_vcpu_insn_exec_cb(insn, at_marker, QEMU_PLUGIN_CB_NO_REGS, NULL);
    }
    if (start_length != 0 && qemu_plugin_tb_n_insns(tb) != 0 && block_is_start(tb))
        qemu_plugin_register_vcpu_insn_exec_cb(qemu_plugin_tb_get_insn(tb, 0), at_start,
                                               QEMU_PLUGIN_CB_NO_REGS, NULL);
}

static size_t parse_hex(const char *text)
{
    size_t length = 0;
    while (length < sizeof(start_bytes) && text[0] != '\0' && text[1] != '\0') {
        char pair[3] = {text[0], text[1], '\0'};
        start_bytes[length++] = (uint8_t)strtoul(pair, NULL, 16);
        text += 2;
    }
    return length;
}

int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info, int argc, char **argv)
{
    (void)info;
    for (int i = 0; i < argc; i++) {
        if (strncmp(argv[i], "out=", 4) == 0 && strlen(argv[i] + 4) < sizeof(out_path))
            strcpy(out_path, argv[i] + 4);
        else if (strncmp(argv[i], "start=", 6) == 0)
            start_length = parse_hex(argv[i] + 6);
        else
            return -1;
    }
    if (out_path[0] == '\0' || start_length == 0)
        return -1;
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    return 0;
}
