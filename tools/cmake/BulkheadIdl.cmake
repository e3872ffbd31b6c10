# Runs the IDL compiler when CMake configures, and again whenever idl/ or gen/ changes, so that the
# names of the generated files are known to every room. Files that did not change keep their time.
#
# Targets to link (include directories only):
#   bulkhead_abi           <bulkhead/*.h>
#   bulkhead_abi_kernel    and generated/kernel
#   bulkhead_abi_domain    and generated/domain
#   bulkhead_abi_guest     and generated/guest
# Variable: BULKHEAD_GENERATED, the folder itself, for generated sources that a room compiles.

set(BULKHEAD_GENERATED ${CMAKE_BINARY_DIR}/generated)

function(bulkhead_idl)
    file(GLOB interfaces CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/idl/*.idl)
    file(GLOB_RECURSE compiler CONFIGURE_DEPENDS
        ${CMAKE_SOURCE_DIR}/gen/*.py ${CMAKE_SOURCE_DIR}/gen/*.j2 ${CMAKE_SOURCE_DIR}/gen/*.lark
        ${CMAKE_SOURCE_DIR}/idl/released/*)
    set(inputs ${interfaces} ${compiler})
    list(FILTER inputs EXCLUDE REGEX __pycache__)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${inputs})

    if(interfaces AND compiler)
        execute_process(
            COMMAND /usr/bin/python3 ${CMAKE_SOURCE_DIR}/tools/cmake/generate.py
                --out ${BULKHEAD_GENERATED} ${interfaces}
            WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}
            RESULT_VARIABLE status)
        if(NOT status EQUAL 0)
            message(FATAL_ERROR "the IDL compiler refused its input (status ${status})")
        endif()
    endif()

    add_library(bulkhead_abi INTERFACE)
    target_include_directories(bulkhead_abi INTERFACE ${BULKHEAD_GENERATED}/include)
    foreach(side kernel domain guest)
        add_library(bulkhead_abi_${side} INTERFACE)
        target_include_directories(bulkhead_abi_${side} INTERFACE ${BULKHEAD_GENERATED}/${side})
        target_link_libraries(bulkhead_abi_${side} INTERFACE bulkhead_abi)
    endforeach()
endfunction()
