# Compiler flags. Every target of the tree gets its flags from one of these functions.

set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE OFF)
# Nothing is linked that the tree does not name.
set(CMAKE_C_STANDARD_LIBRARIES "")

# STYLE's warnings, C17, and no path of this machine in the output.
function(bulkhead_flags target)
    target_compile_options(${target} PRIVATE
        $<$<COMPILE_LANGUAGE:C>:-std=c17>
        $<$<COMPILE_LANGUAGE:C>:-Wall>
        $<$<COMPILE_LANGUAGE:C>:-Wextra>
        $<$<COMPILE_LANGUAGE:C>:-Wconversion>
        $<$<COMPILE_LANGUAGE:C>:-Wsign-conversion>
        $<$<COMPILE_LANGUAGE:C>:-Wshadow>
        $<$<COMPILE_LANGUAGE:C>:-Wswitch-enum>
        $<$<COMPILE_LANGUAGE:C>:-Wvla>
        $<$<COMPILE_LANGUAGE:C>:-Wcast-qual>
        $<$<COMPILE_LANGUAGE:C>:-Wmissing-prototypes>
        -Wundef
        -Werror
        -g
        -fdebug-prefix-map=${CMAKE_BINARY_DIR}=/bulkhead/build
        -ffile-prefix-map=${CMAKE_BINARY_DIR}=/bulkhead/build
        -ffile-prefix-map=${CMAKE_SOURCE_DIR}=/bulkhead)
endfunction()

# What every program for the machine itself has in common: no host library, no relocation.
function(bulkhead_freestanding_flags target)
    bulkhead_flags(${target})
    target_compile_options(${target} PRIVATE
        -O2
        -ffreestanding
        -mno-red-zone
        -fno-pic
        -fno-pie
        -fno-stack-protector
        -fcf-protection=none
        -fno-asynchronous-unwind-tables
        -fno-unwind-tables
        -fno-common
        -fno-strict-aliasing
        -ffunction-sections
        -fdata-sections)
endfunction()

# The kernel: general registers only, top 2 GiB, a limit on every stack frame.
function(bulkhead_kernel_flags target)
    bulkhead_freestanding_flags(${target})
    target_compile_options(${target} PRIVATE
        -mgeneral-regs-only
        -mcmodel=kernel
        $<$<COMPILE_LANGUAGE:ASM>:-Wa,--noexecstack>
        # No padding between functions and loops: a fifteenth of the text otherwise.
        $<$<COMPILE_LANG_AND_ID:C,GNU>:-falign-functions=1>
        $<$<COMPILE_LANG_AND_ID:C,GNU>:-falign-loops=1>
        $<$<COMPILE_LANG_AND_ID:C,GNU>:-falign-jumps=1>
        $<$<COMPILE_LANG_AND_ID:C,GNU>:-falign-labels=1>
        $<$<COMPILE_LANG_AND_ID:C,GNU>:-Wstack-usage=1024>
        $<$<COMPILE_LANG_AND_ID:C,GNU>:-fstack-usage>)
endfunction()

# Link options of every image for the machine: the same bytes wherever it was built, no build id,
# and file offsets small enough for GRUB to find the multiboot headers.
function(bulkhead_image_link_options target)
    target_link_options(${target} PRIVATE
        -static
        -nostdlib
        -no-pie
        -Wl,--build-id=none
        -Wl,-z,max-page-size=4096
        -Wl,-z,noexecstack
        -Wl,--gc-sections
        -Wl,--fatal-warnings)
endfunction()
