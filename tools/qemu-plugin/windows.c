/* A QEMU TCG plugin that counts executed instructions between markers, by page of code.
 *
 * A marker is an 8-byte NOP whose displacement spells "BH", a number and "M"; the workload in the guest (tests/bench/io)
 * executes one before and one behind each window. At every marker one JSON line is appended to FILE: the number,
 * the instructions executed so far, the VMRUNs, and for each page of code its address, a hash of its content and
 * what was executed there: the tool finds by content whose page it is. Waiting in HLT executes nothing.
 *
 * Arguments: out=FILE.
 * Source of the declarations: QEMU 7.2, include/qemu/qemu-plugin.h (plugin API version 1), which Debian does not ship.
 */
#include <inttypes.h>
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
void *qemu_plugin_insn_haddr(const struct qemu_plugin_insn *insn);

__attribute__((visibility("default"))) int qemu_plugin_version = 1;
__attribute__((visibility("default"))) int
qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info, int argc, char **argv);

enum { PAGE = 4096, PAGES = 1 << 16 };

/* A page of code, by where the host keeps it. Never removed: a page that changes its content is told with the last. */
struct page {
    uint64_t host;
    uint64_t vaddr;
    uint64_t executed;
};

/* [APM2] 15.5: VMRUN. */
static const uint8_t vmrun[] = {0x0f, 0x01, 0xd8};
/* nopl disp32(%rax,%rax,1) with 'B', 'H', number, 'M' */
static const uint8_t marker[] = {0x0f, 0x1f, 0x84, 0x00, 'B', 'H'};
enum { MARKER_BYTES = 8, MARKER_NUMBER = 6 };

static struct page pages[PAGES];
static uint64_t executed, vmruns;
static FILE *out;

static struct page *page_of(uint64_t host, uint64_t vaddr)
{
    for (uint64_t at = (host >> 12) * UINT64_C(0x9e3779b97f4a7c15) >> 48;; at++) {
        struct page *page = &pages[at % PAGES];
        if (page->host == host)
            return page;
        if (page->host == 0) {
            page->host = host;
            page->vaddr = vaddr;
            return page;
        }
    }
}

/* FNV-1a. */
static uint64_t hash_of(const uint8_t *bytes)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < PAGE; i++)
        hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
    return hash;
}

static void at_marker(unsigned int vcpu, void *data)
{
    (void)vcpu;
    fprintf(out, "{\"marker\": %u, \"instructions\": %" PRIu64 ", \"vmruns\": %" PRIu64 ", \"pages\": [",
            (unsigned)(uintptr_t)data, executed, vmruns);
    const char *comma = "";
    for (size_t i = 0; i < PAGES; i++)
        if (pages[i].executed != 0) {
            fprintf(out, "%s[\"%" PRIx64 "\", \"%" PRIx64 "\", \"%016" PRIx64 "\", %" PRIu64 "]", comma,
                    pages[i].host, pages[i].vaddr, hash_of((const uint8_t *)(uintptr_t)pages[i].host),
                    pages[i].executed);
            comma = ", ";
        }
    fprintf(out, "]}\n");
    fflush(out);
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    (void)id;
    for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
        const uint8_t *bytes = qemu_plugin_insn_data(insn);
        size_t size = qemu_plugin_insn_size(insn);
        uint64_t host = (uint64_t)(uintptr_t)qemu_plugin_insn_haddr(insn);
        qemu_plugin_register_vcpu_insn_exec_inline(insn, QEMU_PLUGIN_INLINE_ADD_U64, &executed, 1);
        if (host != 0) {
            uint64_t vaddr = qemu_plugin_insn_vaddr(insn) & ~(uint64_t)(PAGE - 1);
            struct page *page = page_of(host & ~(uint64_t)(PAGE - 1), vaddr);
            qemu_plugin_register_vcpu_insn_exec_inline(insn, QEMU_PLUGIN_INLINE_ADD_U64, &page->executed, 1);
        }
        if (size == sizeof vmrun && memcmp(bytes, vmrun, size) == 0)
            qemu_plugin_register_vcpu_insn_exec_inline(insn, QEMU_PLUGIN_INLINE_ADD_U64, &vmruns, 1);
        if (size == MARKER_BYTES && memcmp(bytes, marker, sizeof marker) == 0 &&
            bytes[MARKER_BYTES - 1] == 'M')
            qemu_plugin_register_vcpu_insn_exec_cb(insn, at_marker, QEMU_PLUGIN_CB_NO_REGS,
                                                   (void *)(uintptr_t)bytes[MARKER_NUMBER]);
    }
}

int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info, int argc, char **argv)
{
    (void)info;
    for (int i = 0; i < argc; i++)
        if (strncmp(argv[i], "out=", 4) == 0)
            out = fopen(argv[i] + 4, "w");
    if (out == NULL)
        return -1;
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    return 0;
}
