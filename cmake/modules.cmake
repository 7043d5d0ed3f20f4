# The functions a CMakeLists.txt of this project is written with.
#
#   ks_module(<path under src> [LIBS <external targets>] [THREADED] [FUZZED])
#       src/<path>/**/*.cc          -> library    ks_<path, / as _>
#       src/<path>/**/testing/*.cc  -> library    ks_<..>_testing   (fakes)
#       src/<path>/**/*_test.cc     -> executable ks_<..>_tests     (one ctest entry: unit.<path>)
#     Whom a module sees stands in tools/layers.txt; it is linked with those, its tests with their
#     fakes too. Files are found by themselves; a folder without sources is fine. FUZZED: a fuzzer
#     sees which of its code runs.
#   ks_program(<name> MAIN <file> DEPS <modules>)
#   ks_test(<name> SOURCES <files> [DEPS <modules>] [LIBS ..] [ARGS ..] [LABELS ..] [TIMEOUT <s>]
#           [SANITIZED] [THREADED] [SERIAL] [NO_MAIN])
#       one executable and one ctest entry <name>, run from the source root; gtest's main unless
#       NO_MAIN. SERIAL: nothing else runs meanwhile.
#   ks_bench(<name> SOURCES <files> [DEPS <modules>] [LIBS ..] [NO_MAIN])
#       an executable over Google Benchmark in <build>/bin; no ctest entry.
#   ks_fuzz(<name> SOURCES <files> [DEPS <modules>] [LIBS ..] [CORPUS <dir>] [RUNS <n>])
#       a libFuzzer target with a short ctest run, fuzz.<name>; only in the asan preset.
#
# Modules are named by their path: sql, local/spanner. The asan preset has the ctest entries of all
# modules and of what is SANITIZED; tsan those of what is THREADED. Target `checks` builds whatever
# the preset's ctest needs.

set(KS_ASAN FALSE)
set(KS_TSAN FALSE)
if(KS_SANITIZE MATCHES "address")
  set(KS_ASAN TRUE)
elseif(KS_SANITIZE MATCHES "thread")
  set(KS_TSAN TRUE)
endif()
add_custom_target(checks)
if(KS_TSAN)
  include(tsan)
endif()

file(STRINGS tools/layers.txt KS_LAYERS REGEX "^[a-z][a-z_/]*:")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS tools/layers.txt)

# The modules that module <path> sees.
function(ks_layer_below out path)
  set(above)
  foreach(line IN LISTS KS_LAYERS)
    string(REGEX MATCHALL "[a-z_/.]+" words "${line}")
    list(POP_FRONT words name)
    if(name STREQUAL path)
      if(words STREQUAL "..")
        set(words ${above})
      endif()
      set(${out} ${words} PARENT_SCOPE)
      return()
    endif()
    list(APPEND above ${name})
  endforeach()
  message(FATAL_ERROR "tools/layers.txt has no line for module ${path}")
endfunction()

# The libraries of modules <paths>.
function(ks_targets out)
  list(TRANSFORM ARGN REPLACE "/" "_")
  list(TRANSFORM ARGN PREPEND "ks_")
  set(${out} ${ARGN} PARENT_SCOPE)
endfunction()

# A library of <files>, INTERFACE where there are none yet.
function(ks_library target files libs)
  set(visibility INTERFACE)
  if(files)
    set(visibility PUBLIC)
    add_library(${target} STATIC ${files})
    target_link_libraries(${target} PRIVATE ks_warnings)
  else()
    add_library(${target} INTERFACE)
  endif()
  target_link_libraries(${target} ${visibility} ${libs})
  target_include_directories(${target} ${visibility} ${CMAKE_SOURCE_DIR}/src)
endfunction()

function(ks_module path)
  cmake_parse_arguments(PARSE_ARGV 1 arg "THREADED;FUZZED" "" "LIBS")
  set(dir ${CMAKE_SOURCE_DIR}/src/${path})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${dir}/*.cc)
  list(FILTER sources EXCLUDE REGEX "/main\\.cc$")

  # Modules inside this one keep their own files.
  foreach(line IN LISTS KS_LAYERS)
    string(REGEX MATCH "^[a-z_/]+" other "${line}")
    if(other MATCHES "^${path}/")
      list(FILTER sources EXCLUDE REGEX "^${CMAKE_SOURCE_DIR}/src/${other}/")
    endif()
  endforeach()

  set(tests ${sources})
  set(testing ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  list(FILTER testing INCLUDE REGEX "/testing/")
  list(FILTER testing EXCLUDE REGEX "_test\\.cc$")
  list(FILTER sources EXCLUDE REGEX "_test\\.cc$|/testing/")

  ks_layer_below(below ${path})
  ks_targets(deps ${below})
  ks_targets(target ${path})
  ks_library(${target} "${sources}" "${deps};${arg_LIBS}")
  if(KS_ASAN AND arg_FUZZED)  # counts what runs, for fuzzers to see what is new
    target_compile_options(${target} PRIVATE -fsanitize=fuzzer-no-link)
  endif()

  list(TRANSFORM deps APPEND "_testing" OUTPUT_VARIABLE fakes)
  ks_library(${target}_testing "${testing}" "${target};${fakes};GTest::gmock")
  if(tests)
    if(arg_THREADED)
      set(threaded THREADED)
    endif()
    ks_test(${target}_tests SOURCES ${tests} DEPS ${path} CTEST_NAME unit.${path} LABELS unit
            SANITIZED ${threaded})
  endif()
endfunction()

function(ks_executable target sources libs)
  add_executable(${target} ${sources})
  target_include_directories(${target} PRIVATE ${CMAKE_SOURCE_DIR}/src)
  target_link_libraries(${target} PRIVATE ${libs} ks_warnings $<$<BOOL:${KS_TSAN}>:ks_tsan>)
endfunction()

function(ks_program target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "MAIN" "DEPS")
  if(NOT EXISTS ${CMAKE_SOURCE_DIR}/${arg_MAIN})
    return()
  endif()
  ks_targets(libs ${arg_DEPS})
  ks_executable(${target} ${CMAKE_SOURCE_DIR}/${arg_MAIN} "${libs}")
  set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
endfunction()

# A ctest entry, and what every entry has: the source root to run in, a timeout, sanitizer settings.
function(ks_add_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "SERIAL" "TIMEOUT" "COMMAND;LABELS")
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 300)
  endif()
  set(suppressions suppressions=${CMAKE_SOURCE_DIR}/cmake)
  # What RocksDB and gRPC do among themselves is not seen whole, as they are built without the
  # sanitizer.
  set(tsan_options "ignore_noninstrumented_modules=1")
  set(prefix)
  if(KS_ASAN)
    set(prefix asan.)
  elseif(KS_TSAN)
    set(prefix tsan.)
  endif()
  add_test(NAME ${prefix}${name} COMMAND ${arg_COMMAND} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  set_tests_properties(${prefix}${name} PROPERTIES
    LABELS "${arg_LABELS}" TIMEOUT ${arg_TIMEOUT} RUN_SERIAL ${arg_SERIAL}
    ENVIRONMENT "KS_BUILD_DIR=${CMAKE_BINARY_DIR};\
TSAN_OPTIONS=${suppressions}/tsan/suppressions.txt ${tsan_options};\
LSAN_OPTIONS=${suppressions}/asan/leak_suppressions.txt print_suppressions=0")
endfunction()

function(ks_test target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "NO_MAIN;SANITIZED;THREADED;SERIAL" "TIMEOUT;CTEST_NAME"
                        "SOURCES;DEPS;LIBS;ARGS;LABELS")
  ks_targets(libs ${arg_DEPS})
  list(TRANSFORM libs APPEND "_testing")
  set(main GTest::gmock_main)
  if(arg_NO_MAIN)
    set(main GTest::gmock)
  endif()
  ks_executable(${target} "${arg_SOURCES}" "${libs};${arg_LIBS};${main};GTest::gtest")
  if((KS_ASAN AND NOT arg_SANITIZED) OR (KS_TSAN AND NOT arg_THREADED))
    return()
  endif()
  add_dependencies(checks ${target})
  if(NOT arg_CTEST_NAME)
    set(arg_CTEST_NAME ${target})
  endif()
  set(serial)
  if(arg_SERIAL)
    set(serial SERIAL)
  endif()
  ks_add_test(${arg_CTEST_NAME} COMMAND ${target} ${arg_ARGS} LABELS ${arg_LABELS}
              TIMEOUT ${arg_TIMEOUT} ${serial})
endfunction()

function(ks_bench target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "NO_MAIN" "" "SOURCES;DEPS;LIBS")
  ks_targets(libs ${arg_DEPS})
  list(TRANSFORM libs APPEND "_testing")
  set(main benchmark::benchmark_main)
  if(arg_NO_MAIN)
    set(main benchmark::benchmark)
  endif()
  ks_executable(${target} "${arg_SOURCES}" "${libs};${arg_LIBS};${main}")
endfunction()

set(KS_FUZZ_SECONDS 10 CACHE STRING "how long each fuzz target runs at most")
function(ks_fuzz target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "CORPUS;RUNS" "SOURCES;DEPS;LIBS")
  if(NOT KS_ASAN)
    return()
  endif()
  if(NOT arg_RUNS)
    set(arg_RUNS 20000)
  endif()
  ks_targets(libs ${arg_DEPS})
  ks_executable(${target} "${arg_SOURCES}" "${libs};${arg_LIBS}")
  target_compile_options(${target} PRIVATE -fsanitize=fuzzer)
  target_link_options(${target} PRIVATE -fsanitize=fuzzer)
  add_dependencies(checks ${target})
  # What it finds worth keeping goes into the first folder, never into the source tree.
  set(found ${CMAKE_CURRENT_BINARY_DIR}/${target}.found)
  file(MAKE_DIRECTORY ${found})
  ks_add_test(fuzz.${target} LABELS fuzz TIMEOUT 120
              COMMAND ${target} -runs=${arg_RUNS} -max_total_time=${KS_FUZZ_SECONDS}
                      -timeout=20 -rss_limit_mb=2048 -artifact_prefix=${found}.
                      ${found} ${arg_CORPUS})
endfunction()
