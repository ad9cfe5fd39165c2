# unreel_room(NAME SOURCES file... USES room...): the static library unreel_NAME of the folder that calls it.
#
# -ffp-contract=off everywhere: fused multiply-add changes bits, and decision 5 of the design promises bits. A kernel that
# wants FMA asks for it by name.
function(unreel_flags target)
  target_include_directories(${target} PRIVATE "${CMAKE_SOURCE_DIR}/native")
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wshadow -Wno-unused-parameter -ffp-contract=off
                                           -fno-math-errno -ffunction-sections -fdata-sections)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION MATCHES "^12[.]")
    target_compile_options(${target} PRIVATE -Wno-restrict)  # false alarms on std::string sums: GCC bug 105651
  endif()
  if(UNREEL_SANITIZE)
    target_compile_options(${target} PRIVATE "-fsanitize=${UNREEL_SANITIZE}" -fno-omit-frame-pointer -g)
    target_link_options(${target} PRIVATE "-fsanitize=${UNREEL_SANITIZE}")
  endif()
endfunction()

function(unreel_room name)
  cmake_parse_arguments(ARG "" "" "SOURCES;USES" ${ARGN})
  set(target "unreel_${name}")
  add_library(${target} STATIC ${ARG_SOURCES})
  unreel_flags(${target})
  foreach(room IN LISTS ARG_USES)
    target_link_libraries(${target} PUBLIC "unreel_${room}")
  endforeach()
endfunction()

# unreel_highway(NAME): Google Highway for the kernels of one target. Vectors of SVE have no size at compile time and
# cannot be members or items, as the kernels want: ARM runs them on NEON. AVX3_DL, AVX-512 with products of bytes, is
# Intel's since Ice Lake; Highway leaves it out unless asked.
function(unreel_highway target)
  target_include_directories(${target} SYSTEM PRIVATE "${UNREEL_HIGHWAY}/include")
  target_compile_definitions(${target} PRIVATE "HWY_DISABLED_TARGETS=(HWY_SVE|HWY_SVE2|HWY_SVE_256|HWY_SVE2_128)"
                                               HWY_WANT_AVX3_DL)
  target_link_libraries(${target} PRIVATE "${UNREEL_HIGHWAY}/lib/libhwy.a")
endfunction()
