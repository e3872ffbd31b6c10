// SPDX-License-Identifier: GPL-2.0
/*
 * Linux as a tenant: /proc/bulkhead calls every method of the tenant interface through the generated stubs and shows
 * what each answers. A method that the guest's capability masks shows `method`, the error's name.
 *
 *   cat /proc/bulkhead             version, clock, log_write, events
 *   echo TEXT > /proc/bulkhead     log_write of TEXT
 *
 * Parameters: slot (of the guest's terminal table), wait_ms (how long `events` may wait).
 */
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <linux/uaccess.h>
#include <asm/msr.h>
#include <asm/processor.h>

#include "hypercall.h"

#define LINE_BYTES 64

static unsigned int slot = 1;
module_param(slot, uint, 0444);
static unsigned int wait_ms = 100;
module_param(wait_ms, uint, 0644);

static const char *error_text(enum error error)
{
	static const char *const names[] = {
		"ok", "syscall", "slot", "type", "rights", "interface", "method", "length", "state", "range",
		"align", "memory", "occupied", "retired", "timeout", "again", "canceled", "debt", "depth",
		"limit", "sealed", "mode", "argument", "peer", "busy", "unsupported", "denied",
	};
	BUILD_BUG_ON(ARRAY_SIZE(names) != ERROR_LIMIT);
	return (unsigned int)error < ERROR_LIMIT ? names[error] : "?";
}

static enum error call_once(uint64_t rax, uint64_t deadline, struct message *message)
{
	return boot_cpu_data.x86_vendor == X86_VENDOR_INTEL ? hypercall_vmcall(rax, deadline, message) :
							      hypercall_vmmcall(rax, deadline, message);
}

/* The core ends a wait for our interrupts and for the VMM (canceled, or timeout before our own deadline): ask again. */
static enum error call(uint64_t rax, uint64_t deadline, struct message *message)
{
	const struct message question = *message;
	enum error error;

	for (;;) {
		*message = question;
		error = call_once(rax, deadline, message);
		if (error != ERR_CANCELED && error != ERR_DEBT && (error != ERR_TIMEOUT || rdtsc() >= deadline))
			return error;
		cond_resched();
	}
}

static void show_version(struct seq_file *file)
{
	uint16_t major = 0, minor = 0, interface_version = 0;
	enum error error = tenant_version(call, slot, DEADLINE_NEVER, &major, &minor, &interface_version);

	seq_printf(file, "version %s %u.%u interface %u\n", error_text(error), major, minor, interface_version);
}

/* Also answers ticks per millisecond; a guess where clock is masked. */
static u64 show_clock(struct seq_file *file)
{
	uint64_t uptime_ns = 0, frequency_khz = 0;
	enum error error = tenant_clock(call, slot, DEADLINE_NEVER, &uptime_ns, &frequency_khz);

	seq_printf(file, "clock %s uptime_ns %llu tsc_khz %llu\n", error_text(error), uptime_ns, frequency_khz);
	return error == OK ? frequency_khz : tsc_khz;
}

static enum error write_log(const char *text, size_t count)
{
	uint8_t line[LINE_BYTES] = {};

	count = min_t(size_t, count, sizeof(line));
	memcpy(line, text, count);
	return tenant_log_write(call, slot, DEADLINE_NEVER, (uint32_t)count, line);
}

static void show_log_write(struct seq_file *file)
{
	static const char text[] = "hello from Linux";

	seq_printf(file, "log_write %s\n", error_text(write_log(text, sizeof(text) - 1)));
}

static void show_events(struct seq_file *file, u64 ticks_per_ms)
{
	const u64 start = rdtsc();
	const u64 deadline = start + ticks_per_ms * wait_ms;
	uint64_t sequence = 0;
	enum lifecycle kind = LIFECYCLE_NONE;
	enum error error;

	while ((error = tenant_events(call, slot, deadline, sequence, &sequence, &kind)) == OK)
		seq_printf(file, "events ok sequence %llu kind %u\n", sequence, kind);
	seq_printf(file, "events %s after %llu ms\n", error_text(error), (rdtsc() - start) / max(ticks_per_ms, 1ull));
}

static int show(struct seq_file *file, void *unused)
{
	u64 ticks_per_ms;

	show_version(file);
	ticks_per_ms = show_clock(file);
	show_log_write(file);
	show_events(file, ticks_per_ms);
	return 0;
}

static int open(struct inode *inode, struct file *file)
{
	return single_open(file, show, NULL);
}

static ssize_t write(struct file *file, const char __user *from, size_t count, loff_t *position)
{
	char text[LINE_BYTES];
	size_t length = min_t(size_t, count, sizeof(text));
	enum error error;

	if (copy_from_user(text, from, length))
		return -EFAULT;
	if (length && text[length - 1] == '\n')
		length--;
	error = write_log(text, length);
	if (error == ERR_LIMIT)
		return -EAGAIN;
	return error == OK ? (ssize_t)count : -EPERM;
}

static const struct proc_ops operations = {
	.proc_open = open,
	.proc_read = seq_read,
	.proc_write = write,
	.proc_lseek = seq_lseek,
	.proc_release = single_release,
};

static int __init bulkhead_init(void)
{
	return proc_create("bulkhead", 0600, NULL, &operations) ? 0 : -ENOMEM;
}

static void __exit bulkhead_exit(void)
{
	remove_proc_entry("bulkhead", NULL);
}

module_init(bulkhead_init);
module_exit(bulkhead_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("The tenant interface of a Bulkhead machine");
