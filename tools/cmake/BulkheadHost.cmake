# Programs that run on the building machine: unit tests and fuzzers of the tree's own code.

set(BULKHEAD_SANITIZERS -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)

# bulkhead_host_library(NAME SOURCES file...): tree code, built for the host.
function(bulkhead_host_library name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES")
    add_library(${name} STATIC ${arg_SOURCES})
    bulkhead_host_flags(${name})
endfunction()

function(bulkhead_host_flags target)
    bulkhead_flags(${target})
    target_compile_options(${target} PRIVATE -O1 ${BULKHEAD_SANITIZERS})
    if(BULKHEAD_BUILD STREQUAL fuzz)
        target_compile_options(${target} PRIVATE -fsanitize=fuzzer-no-link)
    endif()
    target_link_libraries(${target} PRIVATE bulkhead_abi)
endfunction()

# bulkhead_unit_test(NAME SOURCES file... [LIBS name...]): one test program, known to ctest.
function(bulkhead_unit_test name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LIBS")
    add_executable(${name} ${arg_SOURCES})
    bulkhead_host_flags(${name})
    target_link_libraries(${name} PRIVATE ${arg_LIBS})
    target_link_options(${name} PRIVATE ${BULKHEAD_SANITIZERS})
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/unit)
    add_test(NAME ${name} COMMAND ${name})
endfunction()

# bulkhead_fuzzer(NAME SOURCES file... [LIBS name...]): one libFuzzer program in build/fuzz/bin.
function(bulkhead_fuzzer name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LIBS")
    add_executable(${name} ${arg_SOURCES})
    bulkhead_host_flags(${name})
    target_link_libraries(${name} PRIVATE ${arg_LIBS})
    target_link_options(${name} PRIVATE ${BULKHEAD_SANITIZERS} -fsanitize=fuzzer)
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
endfunction()
