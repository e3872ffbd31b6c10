/* Generated from idl/kernel.idl by gen (docs/idl.md). Do not edit.
 * libFuzzer: every decoder, with any words. What it accepts is inside the declared types and loses nothing. */
#include <stdlib.h>
#include <string.h>

#include "decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void try_untyped_retype(const uint64_t words[static 10])
{
    const struct untyped_retype_args *in = (const void *)words;

    if (refuses_untyped_retype(words))
        return;
    {
        uint64_t w[10] = {[0] = (uint64_t)in->type, [1] = in->flags, [2] = in->size, [3] = in->captab, [4] = in->first,
        [5] = in->count};
        check(memcmp(w, words, sizeof(w)) == 0);
        check(!(w[1] > 255 || (w[3] | w[4]) > 0xffffffffu || w[0] > 13 || w[5] < 1 || w[5] > 64));
    }
}

static void try_captab_copy(const uint64_t words[static 10])
{
    const struct captab_copy_args *in = (const void *)words;

    if (refuses_captab_copy(words))
        return;
    {
        uint64_t w[10] = {[0] = in->to, [1] = in->from, [2] = in->source, [3] = in->rights, [4] = in->flags,
        [5] = in->interface, [6] = in->mask, [7] = in->badge};
        check(memcmp(w, words, sizeof(w)) == 0);
        check(!((w[0] | w[1] | w[2] | w[6]) > 0xffffffffu || w[3] > 255 || w[4] > 1 || w[5] > 0xffff));
    }
}

static void try_captab_delete(const uint64_t words[static 10])
{
    const struct captab_delete_args *in = (const void *)words;

    if (refuses_captab_delete(words))
        return;
    {
        uint64_t w[10] = {[0] = in->index};
        check(memcmp(w, words, sizeof(w)) == 0);
        check(!(w[0] > 0xffffffffu));
    }
}

static void try_captab_revoke(const uint64_t words[static 10])
{
    const struct captab_revoke_args *in = (const void *)words;

    if (refuses_captab_revoke(words))
        return;
    {
        uint64_t w[10] = {[0] = in->index};
        check(memcmp(w, words, sizeof(w)) == 0);
        check(!(w[0] > 0xffffffffu));
    }
}

static void try_captab_inspect(const uint64_t words[static 10])
{
    const struct captab_inspect_args *in = (const void *)words;

    if (refuses_captab_inspect(words))
        return;
    {
        uint64_t w[10] = {[0] = in->index};
        check(memcmp(w, words, sizeof(w)) == 0);
        check(!(w[0] > 0xffffffffu));
    }
}

static void try_space_map(const uint64_t words[static 10])
{
    const struct space_map_args *in = (const void *)words;

    if (refuses_space_map(words))
        return;
    {
        uint64_t w[10] = {[0] = in->frame, [1] = in->address, [2] = in->access};
        check(memcmp(w, words, sizeof(w)) == 0);
        check(!(w[0] > 0xffffffffu || w[2] > 15));
    }
}

static void try_space_unmap(const uint64_t words[static 10])
{
    const struct space_unmap_args *in = (const void *)words;

    if (refuses_space_unmap(words))
        return;
    {
        uint64_t w[10] = {[0] = in->frame};
        check(memcmp(w, words, sizeof(w)) == 0);
        check(!(w[0] > 0xffffffffu));
    }
}

static void try_thread_configure(const uint64_t words[static 10])
{
    const struct thread_configure_args *in = (const void *)words;

    if (refuses_thread_configure(words))
        return;
    {
        uint64_t w[10] = {[0] = in->space, [1] = in->captab, [2] = in->sched, [3] = in->reserve, [4] = in->fault,
        [5] = in->notif, [6] = in->flags, [7] = in->compartment};
        check(memcmp(w, words, sizeof(w)) == 0);
        check(!((w[0] | w[1] | w[2] | w[3] | w[4] | w[5] | w[7]) > 0xffffffffu || w[6] > 1));
    }
}

static void try_thread_read(const uint64_t words[static 10])
{
    const struct thread_read_args *in = (const void *)words;

    if (refuses_thread_read(words))
        return;
    {
        uint64_t w[10] = {[0] = (uint64_t)in->group};
        check(memcmp(w, words, sizeof(w)) == 0);
        check(!(w[0] > 2));
    }
}

static void try_thread_write(const uint64_t words[static 10])
{
    const struct thread_write_args *in = (const void *)words;

    if (refuses_thread_write(words))
        return;
    {
        uint64_t w[10] = {[0] = (uint64_t)in->group, [1] = in->a, [2] = in->b, [3] = in->c, [4] = in->d, [5] = in->e,
        [6] = in->f, [7] = in->g, [8] = in->h};
        check(memcmp(w, words, sizeof(w)) == 0);
        check(!(w[0] > 2));
    }
}

static void try_sched_configure(const uint64_t words[static 10])
{
    const struct sched_configure_args *in = (const void *)words;

    if (refuses_sched_configure(words))
        return;
    {
        uint64_t w[10] = {[0] = in->control, [1] = in->budget, [2] = in->period, [3] = in->priority, [4] = in->processor};
        check(memcmp(w, words, sizeof(w)) == 0);
        check(!(w[0] > 0xffffffffu || w[3] > 63 || w[4] > 0xffff));
    }
}

static void try_vcpu_configure(const uint64_t words[static 10])
{
    const struct vcpu_configure_args *in = (const void *)words;

    if (refuses_vcpu_configure(words))
        return;
    {
        uint64_t w[10] = {[0] = in->space, [1] = in->captab};
        check(memcmp(w, words, sizeof(w)) == 0);
        check(!((w[0] | w[1]) > 0xffffffffu));
    }
}

static void try_vcpu_read(const uint64_t words[static 10])
{
    const struct vcpu_read_args *in = (const void *)words;

    if (refuses_vcpu_read(words))
        return;
    {
        uint64_t w[10] = {[0] = in->groups};
        check(memcmp(w, words, sizeof(w)) == 0);
        check(!(w[0] > 511));
    }
}

static void try_iospace_map(const uint64_t words[static 10])
{
    const struct iospace_map_args *in = (const void *)words;

    if (refuses_iospace_map(words))
        return;
    {
        uint64_t w[10] = {[0] = in->frame, [1] = in->address, [2] = in->access};
        check(memcmp(w, words, sizeof(w)) == 0);
        check(!(w[0] > 0xffffffffu || w[2] > 15));
    }
}

static void try_iospace_unmap(const uint64_t words[static 10])
{
    const struct iospace_unmap_args *in = (const void *)words;

    if (refuses_iospace_unmap(words))
        return;
    {
        uint64_t w[10] = {[0] = in->frame};
        check(memcmp(w, words, sizeof(w)) == 0);
        check(!(w[0] > 0xffffffffu));
    }
}

static void try_iospace_attach(const uint64_t words[static 10])
{
    const struct iospace_attach_args *in = (const void *)words;

    if (refuses_iospace_attach(words))
        return;
    {
        uint64_t w[10] = {[0] = in->control, [1] = in->source};
        check(memcmp(w, words, sizeof(w)) == 0);
        check(!(w[0] > 0xffffffffu || w[1] > 0xffff));
    }
}

static void try_iospace_watch(const uint64_t words[static 10])
{
    const struct iospace_watch_args *in = (const void *)words;

    if (refuses_iospace_watch(words))
        return;
    {
        uint64_t w[10] = {[0] = in->notif, [1] = in->bits};
        check(memcmp(w, words, sizeof(w)) == 0);
        check(!((w[0] | w[1]) > 0xffffffffu));
    }
}

static void try_irq_bind(const uint64_t words[static 10])
{
    const struct irq_bind_args *in = (const void *)words;

    if (refuses_irq_bind(words))
        return;
    {
        uint64_t w[10] = {[0] = in->notif, [1] = in->bits};
        check(memcmp(w, words, sizeof(w)) == 0);
        check(!((w[0] | w[1]) > 0xffffffffu));
    }
}

static void try_ioport_in(const uint64_t words[static 10])
{
    const struct ioport_in_args *in = (const void *)words;

    if (refuses_ioport_in(words))
        return;
    {
        uint64_t w[10] = {[0] = in->port, [1] = in->size_bytes};
        check(memcmp(w, words, sizeof(w)) == 0);
        check(!(w[0] > 0xffff || w[1] < 1 || w[1] > 4));
    }
}

static void try_ioport_out(const uint64_t words[static 10])
{
    const struct ioport_out_args *in = (const void *)words;

    if (refuses_ioport_out(words))
        return;
    {
        uint64_t w[10] = {[0] = in->port, [1] = in->size_bytes, [2] = in->value};
        check(memcmp(w, words, sizeof(w)) == 0);
        check(!(w[0] > 0xffff || w[2] > 0xffffffffu || w[1] < 1 || w[1] > 4));
    }
}

static void try_control_ioport(const uint64_t words[static 10])
{
    const struct control_ioport_args *in = (const void *)words;

    if (refuses_control_ioport(words))
        return;
    {
        uint64_t w[10] = {[0] = in->captab, [1] = in->index, [2] = in->first, [3] = in->last};
        check(memcmp(w, words, sizeof(w)) == 0);
        check(!((w[0] | w[1]) > 0xffffffffu || (w[2] | w[3]) > 0xffff));
    }
}

static void try_control_irq(const uint64_t words[static 10])
{
    const struct control_irq_args *in = (const void *)words;

    if (refuses_control_irq(words))
        return;
    {
        uint64_t w[10] = {[0] = in->captab, [1] = in->index, [2] = in->gsi, [3] = in->flags};
        check(memcmp(w, words, sizeof(w)) == 0);
        check(!((w[0] | w[1]) > 0xffffffffu || w[3] > 255 || w[2] > 23));
    }
}

static void try_control_msi(const uint64_t words[static 10])
{
    const struct control_msi_args *in = (const void *)words;

    if (refuses_control_msi(words))
        return;
    {
        uint64_t w[10] = {[0] = in->captab, [1] = in->index, [2] = in->handle, [3] = in->source};
        check(memcmp(w, words, sizeof(w)) == 0);
        check(!((w[0] | w[1]) > 0xffffffffu || w[2] > 31 || w[3] > 0xffff));
    }
}

static void try_control_device(const uint64_t words[static 10])
{
    const struct control_device_args *in = (const void *)words;

    if (refuses_control_device(words))
        return;
    {
        uint64_t w[10] = {[0] = in->captab, [1] = in->index, [2] = in->base, [3] = in->bytes};
        check(memcmp(w, words, sizeof(w)) == 0);
        check(!((w[0] | w[1]) > 0xffffffffu));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const decoders[])(const uint64_t *) = {
        try_untyped_retype,
        try_captab_copy,
        try_captab_delete,
        try_captab_revoke,
        try_captab_inspect,
        try_space_map,
        try_space_unmap,
        try_thread_configure,
        try_thread_read,
        try_thread_write,
        try_sched_configure,
        try_vcpu_configure,
        try_vcpu_read,
        try_iospace_map,
        try_iospace_unmap,
        try_iospace_attach,
        try_iospace_watch,
        try_irq_bind,
        try_ioport_in,
        try_ioport_out,
        try_control_ioport,
        try_control_irq,
        try_control_msi,
        try_control_device,
    };
    uint64_t words[10] = {0};

    if (size == 0)
        return 0;
    memcpy(words, data + 1, size - 1 < sizeof(words) ? size - 1 : sizeof(words));
    decoders[data[0] % (sizeof(decoders) / sizeof(decoders[0]))](words);
    check((!words_set(words, 0)) == (memcmp(words, (uint64_t[10]){0}, sizeof(words)) == 0));
    return 0;
}
