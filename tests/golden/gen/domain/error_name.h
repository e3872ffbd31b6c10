/* Generated from idl/kernel.idl by gen (docs/idl.md). Do not edit. */
#ifndef BULKHEAD_DOMAIN_ERROR_NAME_H
#define BULKHEAD_DOMAIN_ERROR_NAME_H

#include <bulkhead/abi.h>

/* The error's short name, as in the manual. */
static inline const char *error_name(enum error error)
{
    switch (error) {
    case OK: return "ok";
    case ERR_SYSCALL: return "syscall";
    case ERR_SLOT: return "slot";
    case ERR_TYPE: return "type";
    case ERR_RIGHTS: return "rights";
    case ERR_INTERFACE: return "interface";
    case ERR_METHOD: return "method";
    case ERR_LENGTH: return "length";
    case ERR_STATE: return "state";
    case ERR_RANGE: return "range";
    case ERR_ALIGN: return "align";
    case ERR_MEMORY: return "memory";
    case ERR_OCCUPIED: return "occupied";
    case ERR_RETIRED: return "retired";
    case ERR_TIMEOUT: return "timeout";
    case ERR_AGAIN: return "again";
    case ERR_CANCELED: return "canceled";
    case ERR_DEBT: return "debt";
    case ERR_DEPTH: return "depth";
    case ERR_LIMIT: return "limit";
    case ERR_SEALED: return "sealed";
    case ERR_MODE: return "mode";
    case ERR_ARGUMENT: return "argument";
    case ERR_PEER: return "peer";
    case ERR_BUSY: return "busy";
    case ERR_UNSUPPORTED: return "unsupported";
    case ERR_DENIED: return "denied";
    }
    return "unknown";
}

/* What the error means, in a few words. */
static inline const char *error_text(enum error error)
{
    switch (error) {
    case OK: return "done";
    case ERR_SYSCALL: return "no such call, or reserved bits set";
    case ERR_SLOT: return "slot out of range or empty";
    case ERR_TYPE: return "the capability names another type of object";
    case ERR_RIGHTS: return "the capability lacks the right";
    case ERR_INTERFACE: return "the capability is for another interface";
    case ERR_METHOD: return "method unknown or masked";
    case ERR_LENGTH: return "wrong message length or reserved label bits";
    case ERR_STATE: return "the object's state forbids it";
    case ERR_RANGE: return "number out of range";
    case ERR_ALIGN: return "misaligned";
    case ERR_MEMORY: return "the untyped or the table pool is used up";
    case ERR_OCCUPIED: return "the destination is in use";
    case ERR_RETIRED: return "the capability or object is being revoked";
    case ERR_TIMEOUT: return "the deadline passed";
    case ERR_AGAIN: return "bounded work done, call again";
    case ERR_CANCELED: return "the wait was interrupted";
    case ERR_DEBT: return "the caller's context has a debt to repay";
    case ERR_DEPTH: return "derived too deeply";
    case ERR_LIMIT: return "a fixed limit is reached";
    case ERR_SEALED: return "a sealed capability or terminal table cannot be a source";
    case ERR_MODE: return "hypercalls need 64-bit mode at CPL 0";
    case ERR_ARGUMENT: return "a parameter is outside its declared type";
    case ERR_PEER: return "the other end is gone";
    case ERR_BUSY: return "in use by another";
    case ERR_UNSUPPORTED: return "the machine lacks it";
    case ERR_DENIED: return "policy of the service forbids it";
    }
    return "unknown error";
}

#endif
