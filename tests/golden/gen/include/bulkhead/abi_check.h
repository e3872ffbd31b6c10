/* Generated from idl/bench.idl, idl/block.idl, idl/builder.idl, idl/channel.idl, idl/domain.idl, idl/kernel.idl, idl/mgmt.idl, idl/net.idl, idl/pci.idl, idl/service.idl, idl/tenant.idl by gen (docs/idl.md). Do not edit.
 * Every offset that the other side of an interface relies on. Compiled by one file outside the kernel. */
#ifndef BULKHEAD_ABI_CHECK_H
#define BULKHEAD_ABI_CHECK_H

#include <bulkhead/bench.h>
#include <bulkhead/block.h>
#include <bulkhead/builder.h>
#include <bulkhead/channel.h>
#include <bulkhead/domain.h>
#include <bulkhead/abi.h>
#include <bulkhead/mgmt.h>
#include <bulkhead/net.h>
#include <bulkhead/pci.h>
#include <bulkhead/service.h>
#include <bulkhead/tenant.h>

_Static_assert(offsetof(struct block_request, id) == 0, "block_request.id");
_Static_assert(offsetof(struct block_request, op) == 2, "block_request.op");
_Static_assert(offsetof(struct block_request, flags) == 3, "block_request.flags");
_Static_assert(offsetof(struct block_request, sectors) == 4, "block_request.sectors");
_Static_assert(offsetof(struct block_request, sector) == 8, "block_request.sector");
_Static_assert(offsetof(struct block_request, data) == 16, "block_request.data");
_Static_assert(offsetof(struct block_request, reserved) == 24, "block_request.reserved");
_Static_assert(sizeof(struct block_request) == 32, "block_request");

_Static_assert(offsetof(struct block_completion, id) == 0, "block_completion.id");
_Static_assert(offsetof(struct block_completion, status) == 2, "block_completion.status");
_Static_assert(offsetof(struct block_completion, flags) == 3, "block_completion.flags");
_Static_assert(offsetof(struct block_completion, reserved) == 4, "block_completion.reserved");
_Static_assert(sizeof(struct block_completion) == 8, "block_completion");

_Static_assert(offsetof(struct block_channel, epoch) == 0, "block_channel.epoch");
_Static_assert(offsetof(struct block_channel, state) == 4, "block_channel.state");
_Static_assert(offsetof(struct block_channel, request_head) == 8, "block_channel.request_head");
_Static_assert(offsetof(struct block_channel, completion_tail) == 12, "block_channel.completion_tail");
_Static_assert(offsetof(struct block_channel, completion_event) == 16, "block_channel.completion_event");
_Static_assert(offsetof(struct block_channel, ping) == 20, "block_channel.ping");
_Static_assert(offsetof(struct block_channel, joined_a) == 24, "block_channel.joined_a");
_Static_assert(offsetof(struct block_channel, joined_b) == 28, "block_channel.joined_b");
_Static_assert(offsetof(struct block_channel, pad_a) == 32, "block_channel.pad_a");
_Static_assert(offsetof(struct block_channel, request_tail) == 64, "block_channel.request_tail");
_Static_assert(offsetof(struct block_channel, completion_head) == 68, "block_channel.completion_head");
_Static_assert(offsetof(struct block_channel, request_event) == 72, "block_channel.request_event");
_Static_assert(offsetof(struct block_channel, pong) == 76, "block_channel.pong");
_Static_assert(offsetof(struct block_channel, sectors) == 80, "block_channel.sectors");
_Static_assert(offsetof(struct block_channel, block_bytes) == 88, "block_channel.block_bytes");
_Static_assert(offsetof(struct block_channel, features) == 92, "block_channel.features");
_Static_assert(offsetof(struct block_channel, serial) == 96, "block_channel.serial");
_Static_assert(offsetof(struct block_channel, request) == 128, "block_channel.request");
_Static_assert(offsetof(struct block_channel, completion) == 8320, "block_channel.completion");
_Static_assert(offsetof(struct block_channel, warnings) == 10368, "block_channel.warnings");
_Static_assert(offsetof(struct block_channel, temperature_k) == 10372, "block_channel.temperature_k");
_Static_assert(offsetof(struct block_channel, spare_percent) == 10376, "block_channel.spare_percent");
_Static_assert(offsetof(struct block_channel, used_percent) == 10380, "block_channel.used_percent");
_Static_assert(offsetof(struct block_channel, resets) == 10384, "block_channel.resets");
_Static_assert(offsetof(struct block_channel, pad_c) == 10388, "block_channel.pad_c");
_Static_assert(offsetof(struct block_channel, errors) == 10392, "block_channel.errors");
_Static_assert(sizeof(struct block_channel) == 16384, "block_channel");

_Static_assert(offsetof(struct console_channel, epoch) == 0, "console_channel.epoch");
_Static_assert(offsetof(struct console_channel, capacity) == 4, "console_channel.capacity");
_Static_assert(offsetof(struct console_channel, a_to_b_head) == 8, "console_channel.a_to_b_head");
_Static_assert(offsetof(struct console_channel, a_to_b_tail) == 12, "console_channel.a_to_b_tail");
_Static_assert(offsetof(struct console_channel, b_to_a_head) == 16, "console_channel.b_to_a_head");
_Static_assert(offsetof(struct console_channel, b_to_a_tail) == 20, "console_channel.b_to_a_tail");
_Static_assert(offsetof(struct console_channel, status) == 24, "console_channel.status");
_Static_assert(offsetof(struct console_channel, reserved) == 32, "console_channel.reserved");
_Static_assert(offsetof(struct console_channel, a_to_b) == 256, "console_channel.a_to_b");
_Static_assert(offsetof(struct console_channel, b_to_a) == 8448, "console_channel.b_to_a");
_Static_assert(sizeof(struct console_channel) == 16384, "console_channel");

_Static_assert(offsetof(struct resource, name) == 0, "resource.name");
_Static_assert(offsetof(struct resource, kind) == 24, "resource.kind");
_Static_assert(offsetof(struct resource, flags) == 26, "resource.flags");
_Static_assert(offsetof(struct resource, slot) == 28, "resource.slot");
_Static_assert(offsetof(struct resource, count) == 32, "resource.count");
_Static_assert(offsetof(struct resource, reserved) == 36, "resource.reserved");
_Static_assert(offsetof(struct resource, address) == 40, "resource.address");
_Static_assert(offsetof(struct resource, bytes) == 48, "resource.bytes");
_Static_assert(offsetof(struct resource, extra) == 56, "resource.extra");
_Static_assert(sizeof(struct resource) == 64, "resource");

_Static_assert(offsetof(struct domain_info, magic) == 0, "domain_info.magic");
_Static_assert(offsetof(struct domain_info, name) == 8, "domain_info.name");
_Static_assert(offsetof(struct domain_info, id) == 32, "domain_info.id");
_Static_assert(offsetof(struct domain_info, epoch) == 36, "domain_info.epoch");
_Static_assert(offsetof(struct domain_info, tsc_khz) == 40, "domain_info.tsc_khz");
_Static_assert(offsetof(struct domain_info, resource_count) == 48, "domain_info.resource_count");
_Static_assert(offsetof(struct domain_info, thread_count) == 52, "domain_info.thread_count");
_Static_assert(offsetof(struct domain_info, heap_address) == 56, "domain_info.heap_address");
_Static_assert(offsetof(struct domain_info, heap_bytes) == 64, "domain_info.heap_bytes");
_Static_assert(offsetof(struct domain_info, resource) == 72, "domain_info.resource");
_Static_assert(offsetof(struct domain_info, text) == 2632, "domain_info.text");
_Static_assert(sizeof(struct domain_info) == 4096, "domain_info");

_Static_assert(offsetof(struct segment, selector) == 0, "segment.selector");
_Static_assert(offsetof(struct segment, access) == 2, "segment.access");
_Static_assert(offsetof(struct segment, limit) == 4, "segment.limit");
_Static_assert(offsetof(struct segment, base) == 8, "segment.base");
_Static_assert(sizeof(struct segment) == 16, "segment");

_Static_assert(offsetof(struct vcpu_state, gpr) == 0, "vcpu_state.gpr");
_Static_assert(offsetof(struct vcpu_state, rip) == 128, "vcpu_state.rip");
_Static_assert(offsetof(struct vcpu_state, rflags) == 136, "vcpu_state.rflags");
_Static_assert(offsetof(struct vcpu_state, exit_reason) == 144, "vcpu_state.exit_reason");
_Static_assert(offsetof(struct vcpu_state, exit_flags) == 148, "vcpu_state.exit_flags");
_Static_assert(offsetof(struct vcpu_state, exit_info) == 152, "vcpu_state.exit_info");
_Static_assert(offsetof(struct vcpu_state, exit_address) == 160, "vcpu_state.exit_address");
_Static_assert(offsetof(struct vcpu_state, exit_size) == 168, "vcpu_state.exit_size");
_Static_assert(offsetof(struct vcpu_state, exit_insn_bytes) == 172, "vcpu_state.exit_insn_bytes");
_Static_assert(offsetof(struct vcpu_state, exit_code) == 176, "vcpu_state.exit_code");
_Static_assert(offsetof(struct vcpu_state, reserved) == 184, "vcpu_state.reserved");
_Static_assert(offsetof(struct vcpu_state, cpl) == 188, "vcpu_state.cpl");
_Static_assert(offsetof(struct vcpu_state, valid) == 192, "vcpu_state.valid");
_Static_assert(offsetof(struct vcpu_state, dirty) == 196, "vcpu_state.dirty");
_Static_assert(offsetof(struct vcpu_state, inject) == 200, "vcpu_state.inject");
_Static_assert(offsetof(struct vcpu_state, inject_error) == 208, "vcpu_state.inject_error");
_Static_assert(offsetof(struct vcpu_state, irq_vector) == 216, "vcpu_state.irq_vector");
_Static_assert(offsetof(struct vcpu_state, tsc_offset) == 224, "vcpu_state.tsc_offset");
_Static_assert(offsetof(struct vcpu_state, call_limit) == 232, "vcpu_state.call_limit");
_Static_assert(offsetof(struct vcpu_state, shadow) == 240, "vcpu_state.shadow");
_Static_assert(offsetof(struct vcpu_state, cr0) == 248, "vcpu_state.cr0");
_Static_assert(offsetof(struct vcpu_state, cr2) == 256, "vcpu_state.cr2");
_Static_assert(offsetof(struct vcpu_state, cr3) == 264, "vcpu_state.cr3");
_Static_assert(offsetof(struct vcpu_state, cr4) == 272, "vcpu_state.cr4");
_Static_assert(offsetof(struct vcpu_state, cr8) == 280, "vcpu_state.cr8");
_Static_assert(offsetof(struct vcpu_state, xcr0) == 288, "vcpu_state.xcr0");
_Static_assert(offsetof(struct vcpu_state, efer) == 296, "vcpu_state.efer");
_Static_assert(offsetof(struct vcpu_state, seg) == 304, "vcpu_state.seg");
_Static_assert(offsetof(struct vcpu_state, gdtr_base) == 432, "vcpu_state.gdtr_base");
_Static_assert(offsetof(struct vcpu_state, gdtr_limit) == 440, "vcpu_state.gdtr_limit");
_Static_assert(offsetof(struct vcpu_state, idtr_base) == 448, "vcpu_state.idtr_base");
_Static_assert(offsetof(struct vcpu_state, idtr_limit) == 456, "vcpu_state.idtr_limit");
_Static_assert(offsetof(struct vcpu_state, star) == 464, "vcpu_state.star");
_Static_assert(offsetof(struct vcpu_state, lstar) == 472, "vcpu_state.lstar");
_Static_assert(offsetof(struct vcpu_state, cstar) == 480, "vcpu_state.cstar");
_Static_assert(offsetof(struct vcpu_state, sfmask) == 488, "vcpu_state.sfmask");
_Static_assert(offsetof(struct vcpu_state, kernel_gs_base) == 496, "vcpu_state.kernel_gs_base");
_Static_assert(offsetof(struct vcpu_state, sysenter_cs) == 504, "vcpu_state.sysenter_cs");
_Static_assert(offsetof(struct vcpu_state, sysenter_esp) == 512, "vcpu_state.sysenter_esp");
_Static_assert(offsetof(struct vcpu_state, sysenter_eip) == 520, "vcpu_state.sysenter_eip");
_Static_assert(offsetof(struct vcpu_state, pat) == 528, "vcpu_state.pat");
_Static_assert(offsetof(struct vcpu_state, dr) == 536, "vcpu_state.dr");
_Static_assert(offsetof(struct vcpu_state, dr6) == 568, "vcpu_state.dr6");
_Static_assert(offsetof(struct vcpu_state, dr7) == 576, "vcpu_state.dr7");
_Static_assert(offsetof(struct vcpu_state, pdpte) == 584, "vcpu_state.pdpte");
_Static_assert(offsetof(struct vcpu_state, hypercalls) == 616, "vcpu_state.hypercalls");
_Static_assert(offsetof(struct vcpu_state, exits) == 624, "vcpu_state.exits");
_Static_assert(offsetof(struct vcpu_state, external_interrupts) == 632, "vcpu_state.external_interrupts");
_Static_assert(sizeof(struct vcpu_state) == 4096, "vcpu_state");

_Static_assert(offsetof(struct boot_region, base) == 0, "boot_region.base");
_Static_assert(offsetof(struct boot_region, bytes) == 8, "boot_region.bytes");
_Static_assert(offsetof(struct boot_region, slot) == 16, "boot_region.slot");
_Static_assert(offsetof(struct boot_region, flags) == 20, "boot_region.flags");
_Static_assert(sizeof(struct boot_region) == 24, "boot_region");

_Static_assert(offsetof(struct boot_module, base) == 0, "boot_module.base");
_Static_assert(offsetof(struct boot_module, bytes) == 8, "boot_module.bytes");
_Static_assert(offsetof(struct boot_module, slot) == 16, "boot_module.slot");
_Static_assert(offsetof(struct boot_module, reserved) == 20, "boot_module.reserved");
_Static_assert(sizeof(struct boot_module) == 24, "boot_module");

_Static_assert(offsetof(struct boot_info, magic) == 0, "boot_info.magic");
_Static_assert(offsetof(struct boot_info, tsc_khz) == 8, "boot_info.tsc_khz");
_Static_assert(offsetof(struct boot_info, rsdp) == 16, "boot_info.rsdp");
_Static_assert(offsetof(struct boot_info, untyped_count) == 24, "boot_info.untyped_count");
_Static_assert(offsetof(struct boot_info, untyped_first) == 28, "boot_info.untyped_first");
_Static_assert(offsetof(struct boot_info, module_count) == 32, "boot_info.module_count");
_Static_assert(offsetof(struct boot_info, module_first) == 36, "boot_info.module_first");
_Static_assert(offsetof(struct boot_info, captab_slots) == 40, "boot_info.captab_slots");
_Static_assert(offsetof(struct boot_info, vendor) == 44, "boot_info.vendor");
_Static_assert(offsetof(struct boot_info, console_port) == 48, "boot_info.console_port");
_Static_assert(offsetof(struct boot_info, iommu) == 52, "boot_info.iommu");
_Static_assert(offsetof(struct boot_info, msi_address) == 56, "boot_info.msi_address");
_Static_assert(offsetof(struct boot_info, msi_address_step) == 64, "boot_info.msi_address_step");
_Static_assert(offsetof(struct boot_info, msi_data) == 72, "boot_info.msi_data");
_Static_assert(offsetof(struct boot_info, msi_data_step) == 76, "boot_info.msi_data_step");
_Static_assert(offsetof(struct boot_info, module) == 80, "boot_info.module");
_Static_assert(offsetof(struct boot_info, region) == 656, "boot_info.region");
_Static_assert(sizeof(struct boot_info) == 4096, "boot_info");

_Static_assert(offsetof(struct trace_event, tsc) == 0, "trace_event.tsc");
_Static_assert(offsetof(struct trace_event, kind) == 8, "trace_event.kind");
_Static_assert(offsetof(struct trace_event, processor) == 10, "trace_event.processor");
_Static_assert(offsetof(struct trace_event, argument) == 12, "trace_event.argument");
_Static_assert(offsetof(struct trace_event, value) == 16, "trace_event.value");
_Static_assert(sizeof(struct trace_event) == 24, "trace_event");

_Static_assert(offsetof(struct net_frame, len) == 0, "net_frame.len");
_Static_assert(offsetof(struct net_frame, flags) == 2, "net_frame.flags");
_Static_assert(offsetof(struct net_frame, reserved) == 4, "net_frame.reserved");
_Static_assert(sizeof(struct net_frame) == 8, "net_frame");

_Static_assert(offsetof(struct net_transmit, header) == 0, "net_transmit.header");
_Static_assert(offsetof(struct net_transmit, rest) == 8, "net_transmit.rest");
_Static_assert(offsetof(struct net_transmit, header_len) == 16, "net_transmit.header_len");
_Static_assert(offsetof(struct net_transmit, rest_len) == 18, "net_transmit.rest_len");
_Static_assert(offsetof(struct net_transmit, flags) == 20, "net_transmit.flags");
_Static_assert(offsetof(struct net_transmit, reserved) == 24, "net_transmit.reserved");
_Static_assert(sizeof(struct net_transmit) == 32, "net_transmit");

_Static_assert(offsetof(struct net_channel, epoch) == 0, "net_channel.epoch");
_Static_assert(offsetof(struct net_channel, state) == 4, "net_channel.state");
_Static_assert(offsetof(struct net_channel, transmit_head) == 8, "net_channel.transmit_head");
_Static_assert(offsetof(struct net_channel, receive_tail) == 12, "net_channel.receive_tail");
_Static_assert(offsetof(struct net_channel, receive_event) == 16, "net_channel.receive_event");
_Static_assert(offsetof(struct net_channel, transmit_done_event) == 20, "net_channel.transmit_done_event");
_Static_assert(offsetof(struct net_channel, epoch_a) == 24, "net_channel.epoch_a");
_Static_assert(offsetof(struct net_channel, pad_a) == 28, "net_channel.pad_a");
_Static_assert(offsetof(struct net_channel, transmit_tail) == 64, "net_channel.transmit_tail");
_Static_assert(offsetof(struct net_channel, receive_head) == 68, "net_channel.receive_head");
_Static_assert(offsetof(struct net_channel, transmit_event) == 72, "net_channel.transmit_event");
_Static_assert(offsetof(struct net_channel, receive_space_event) == 76, "net_channel.receive_space_event");
_Static_assert(offsetof(struct net_channel, link) == 80, "net_channel.link");
_Static_assert(offsetof(struct net_channel, epoch_b) == 84, "net_channel.epoch_b");
_Static_assert(offsetof(struct net_channel, pad_b) == 88, "net_channel.pad_b");
_Static_assert(offsetof(struct net_channel, transmit) == 128, "net_channel.transmit");
_Static_assert(offsetof(struct net_channel, receive) == 2176, "net_channel.receive");
_Static_assert(sizeof(struct net_channel) == 8192, "net_channel");

_Static_assert(offsetof(struct netdev_channel, epoch) == 0, "netdev_channel.epoch");
_Static_assert(offsetof(struct netdev_channel, state) == 4, "netdev_channel.state");
_Static_assert(offsetof(struct netdev_channel, transmit_head) == 8, "netdev_channel.transmit_head");
_Static_assert(offsetof(struct netdev_channel, receive_tail) == 12, "netdev_channel.receive_tail");
_Static_assert(offsetof(struct netdev_channel, receive_event) == 16, "netdev_channel.receive_event");
_Static_assert(offsetof(struct netdev_channel, transmit_done_event) == 20, "netdev_channel.transmit_done_event");
_Static_assert(offsetof(struct netdev_channel, epoch_a) == 24, "netdev_channel.epoch_a");
_Static_assert(offsetof(struct netdev_channel, ping) == 28, "netdev_channel.ping");
_Static_assert(offsetof(struct netdev_channel, pad_a) == 32, "netdev_channel.pad_a");
_Static_assert(offsetof(struct netdev_channel, transmit_tail) == 64, "netdev_channel.transmit_tail");
_Static_assert(offsetof(struct netdev_channel, receive_head) == 68, "netdev_channel.receive_head");
_Static_assert(offsetof(struct netdev_channel, transmit_event) == 72, "netdev_channel.transmit_event");
_Static_assert(offsetof(struct netdev_channel, receive_space_event) == 76, "netdev_channel.receive_space_event");
_Static_assert(offsetof(struct netdev_channel, epoch_b) == 80, "netdev_channel.epoch_b");
_Static_assert(offsetof(struct netdev_channel, link) == 84, "netdev_channel.link");
_Static_assert(offsetof(struct netdev_channel, pong) == 88, "netdev_channel.pong");
_Static_assert(offsetof(struct netdev_channel, pad_b) == 92, "netdev_channel.pad_b");
_Static_assert(offsetof(struct netdev_channel, mac) == 96, "netdev_channel.mac");
_Static_assert(offsetof(struct netdev_channel, speed_mbit) == 104, "netdev_channel.speed_mbit");
_Static_assert(offsetof(struct netdev_channel, resets) == 108, "netdev_channel.resets");
_Static_assert(offsetof(struct netdev_channel, received) == 112, "netdev_channel.received");
_Static_assert(offsetof(struct netdev_channel, sent) == 120, "netdev_channel.sent");
_Static_assert(offsetof(struct netdev_channel, missed) == 128, "netdev_channel.missed");
_Static_assert(offsetof(struct netdev_channel, errors) == 136, "netdev_channel.errors");
_Static_assert(offsetof(struct netdev_channel, transmit) == 144, "netdev_channel.transmit");
_Static_assert(offsetof(struct netdev_channel, receive) == 8336, "netdev_channel.receive");
_Static_assert(sizeof(struct netdev_channel) == 16384, "netdev_channel");

#endif
