# Domains: static, freestanding ELF64 programs at 0x400000, on newlib.

# Flags of code that runs in a domain. NOFPU: this code may run on a thread without FPU.
function(bulkhead_domain_flags target)
    cmake_parse_arguments(PARSE_ARGV 1 arg "NOFPU" "" "")
    bulkhead_freestanding_flags(${target})
    target_compile_options(${target} PRIVATE -isystem ${BULKHEAD_SYSROOT}/include)
    if(arg_NOFPU)
        target_compile_options(${target} PRIVATE -mgeneral-regs-only)
    endif()
    target_link_libraries(${target} PRIVATE bulkhead_abi_domain)
endfunction()

# bulkhead_domain_library(NAME SOURCES file... [NOFPU]): code shared by domains.
function(bulkhead_domain_library name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "NOFPU" "" "SOURCES")
    add_library(${name} STATIC ${arg_SOURCES})
    set(options "")
    if(arg_NOFPU)
        set(options NOFPU)
    endif()
    bulkhead_domain_flags(${name} ${options})
endfunction()

# bulkhead_domain(NAME SOURCES file... [NOFPU] [LIBS name...] [SCRIPT file] [BARE])
# makes domains/NAME/NAME.elf in the build folder. LIBS: `cbor`, `cipher` or targets of the tree.
# SCRIPT: a linker script, default domains/lib/domain.ld if it exists.
# BARE: without domains/lib.
function(bulkhead_domain name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "NOFPU;BARE" "SCRIPT" "SOURCES;LIBS")
    add_executable(${name} ${arg_SOURCES})
    set(options "")
    if(arg_NOFPU)
        set(options NOFPU)
    endif()
    bulkhead_domain_flags(${name} ${options})
    bulkhead_image_link_options(${name})
    set_target_properties(${name} PROPERTIES
        OUTPUT_NAME ${name}
        SUFFIX .elf
        RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/domains/${name})

    set(script ${CMAKE_SOURCE_DIR}/domains/lib/domain.ld)
    if(arg_SCRIPT)
        get_filename_component(script ${arg_SCRIPT} ABSOLUTE)
    endif()
    if(EXISTS ${script})
        target_link_options(${name} PRIVATE -Wl,-T,${script})
        set_target_properties(${name} PROPERTIES LINK_DEPENDS ${script})
    else()
        target_link_options(${name} PRIVATE -Wl,-Ttext-segment=0x400000 -Wl,-z,separate-code)
    endif()

    if(NOT arg_BARE)
        target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR}/domains/lib)
    endif()
    set(libraries "")
    foreach(library ${arg_LIBS})
        if(library STREQUAL cbor)
            list(APPEND libraries ${BULKHEAD_SYSROOT}/lib/libcbor.a)
        elseif(library STREQUAL cipher)
            list(APPEND libraries ${BULKHEAD_SYSROOT}/lib/libmbedcrypto.a)
        else()
            list(APPEND libraries ${library})
        endif()
    endforeach()
    # The domains' lib serves newlib's system calls, and uses newlib: one group.
    if(NOT arg_BARE)
        list(APPEND libraries bulkhead_lib)
    endif()
    target_link_libraries(${name} PRIVATE
        -Wl,--start-group ${libraries} ${BULKHEAD_SYSROOT}/lib/libc.a -Wl,--end-group
        ${BULKHEAD_LIBGCC})
endfunction()

# bulkhead_flat_image(NAME): also makes NAME.bin beside NAME.elf.
function(bulkhead_flat_image name)
    set(elf ${CMAKE_BINARY_DIR}/domains/${name}/${name}.elf)
    set(flat ${CMAKE_BINARY_DIR}/domains/${name}/${name}.bin)
    add_custom_command(OUTPUT ${flat}
        COMMAND ${CMAKE_OBJCOPY} -O binary ${elf} ${flat}
        DEPENDS ${name}
        VERBATIM)
    add_custom_target(${name}_flat ALL DEPENDS ${flat})
endfunction()

# The compiler's own arithmetic routines, for either compiler.
execute_process(COMMAND gcc -print-libgcc-file-name
    OUTPUT_VARIABLE BULKHEAD_LIBGCC OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
