/* COM1, polled. [PC16550D] 8.0. */
#include "guest.h"

enum {
    COM1 = 0x3f8,
    LINE_STATUS = 5,
    TRANSMITTER_EMPTY = 0x20,
    DECIMAL_DIGITS = 20,
    HEX_DIGITS = 16,
    PATIENCE = 1000000
};

static void put(char byte)
{
    for (unsigned polls = 0; polls < PATIENCE && (in8(COM1 + LINE_STATUS) & TRANSMITTER_EMPTY) == 0;
         polls++) {
    }
    out8(COM1, (uint8_t)byte);
}

void print_bytes(const char *bytes, size_t count)
{
    for (size_t index = 0; index < count; index++) {
        if (bytes[index] == '\n')
            put('\r');
        put(bytes[index]);
    }
}

void print(const char *string)
{
    size_t length = 0;
    while (string[length] != '\0')
        length++;
    print_bytes(string, length);
}

static void print_digits(uint64_t value, unsigned base)
{
    char digits[DECIMAL_DIGITS];
    size_t first = sizeof(digits);
    do {
        digits[--first] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value != 0);
    print_bytes(digits + first, sizeof(digits) - first);
}

void print_number(uint64_t value)
{
    print_digits(value, 10);
}

void print_hex(uint64_t value)
{
    print("0x");
    print_digits(value, 16);
}

void print_value(const char *name, uint64_t value)
{
    print(name);
    print(" ");
    print_hex(value);
    print("\n");
}
