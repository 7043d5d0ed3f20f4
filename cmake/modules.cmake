# The functions a CMakeLists.txt of this project is written with.
#
#   ks_module(<path under src> [DEPS <modules>] [LIBS <external targets>])
#       src/<path>/**/*.cc          -> library    ks_<path, / as _>
#       src/<path>/**/testing/*.cc  -> library    ks_<..>_testing   (fakes; tests link those of their DEPS too)
#       src/<path>/**/*_test.cc     -> executable ks_<..>_tests     (one ctest entry: unit.<path>)
#     Files are found by themselves; a new file needs no edit here. A folder without sources is fine.
#   ks_program(<name> MAIN <file> DEPS <modules>)
#   ks_test(<name> SOURCES <files> [DEPS <modules>] [LIBS ..] [ARGS ..] [LABELS ..] [TIMEOUT <s>] [NO_MAIN])
#       one executable and one ctest entry <name>; gtest's main unless NO_MAIN; run from the source root.
#   ks_bench(<name> SOURCES <files> [DEPS <modules>] [LIBS ..] [NO_MAIN])
#       an executable over Google Benchmark in <build>/bin; no ctest entry.
#   ks_fuzz(<name> SOURCES <files> [DEPS <modules>] [LIBS ..] [CORPUS <dir>] [RUNS <n>])
#       a libFuzzer target and a short ctest run; only where the compiler is clang with sanitizers.
#
# Modules are named by their path (sql, local/spanner); write DEPS that way everywhere.

include(GoogleTest)

# The library target of module <path>.
function(ks_target out path)
  string(REPLACE "/" "_" name ${path})
  set(${out} ks_${name} PARENT_SCOPE)
endfunction()

# The libraries of modules <paths>; with TESTING, their fakes too.
function(ks_targets out testing)
  set(result)
  foreach(path IN LISTS ARGN)
    ks_target(target ${path})
    list(APPEND result ${target})
    if(testing AND TARGET ${target}_testing)
      list(APPEND result ${target}_testing)
    endif()
  endforeach()
  set(${out} ${result} PARENT_SCOPE)
endfunction()

# A library of <files>, INTERFACE where there are none yet.
function(ks_library target files libs)
  if(files)
    add_library(${target} STATIC ${files})
    target_link_libraries(${target} PUBLIC ${libs} PRIVATE ks_warnings)
    target_include_directories(${target} PUBLIC ${CMAKE_SOURCE_DIR}/src)
  else()
    add_library(${target} INTERFACE)
    target_link_libraries(${target} INTERFACE ${libs})
    target_include_directories(${target} INTERFACE ${CMAKE_SOURCE_DIR}/src)
  endif()
endfunction()

function(ks_module path)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "DEPS;LIBS")
  set(dir ${CMAKE_SOURCE_DIR}/src/${path})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${dir}/*.cc)
  list(FILTER sources EXCLUDE REGEX "/main\\.cc$")

  # A module inside this one is declared before it and keeps its own files.
  get_property(modules GLOBAL PROPERTY KS_MODULES)
  foreach(other IN LISTS modules)
    if(path MATCHES "^${other}/")
      message(FATAL_ERROR "declare module ${path} before ${other}, which contains it")
    endif()
    if(other MATCHES "^${path}/")
      list(FILTER sources EXCLUDE REGEX "^${CMAKE_SOURCE_DIR}/src/${other}/")
    endif()
  endforeach()
  set_property(GLOBAL APPEND PROPERTY KS_MODULES ${path})

  set(tests ${sources})
  set(testing ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  list(FILTER testing INCLUDE REGEX "/testing/")
  list(FILTER testing EXCLUDE REGEX "_test\\.cc$")
  list(FILTER sources EXCLUDE REGEX "_test\\.cc$|/testing/")

  ks_target(target ${path})
  ks_targets(deps FALSE ${arg_DEPS})
  ks_library(${target} "${sources}" "${deps};${arg_LIBS}")

  ks_targets(fakes TRUE ${arg_DEPS})
  ks_library(${target}_testing "${testing}" "${target};${fakes};GTest::gmock")
  if(tests)
    ks_test(${target}_tests SOURCES ${tests} DEPS ${path} CTEST_NAME unit.${path} LABELS unit)
  endif()
endfunction()

function(ks_executable target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LIBS")
  add_executable(${target} ${arg_SOURCES})
  target_include_directories(${target} PRIVATE ${CMAKE_SOURCE_DIR}/src)
  target_link_libraries(${target} PRIVATE ${arg_LIBS} ks_warnings)
endfunction()

function(ks_program target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "MAIN" "DEPS")
  if(NOT EXISTS ${CMAKE_SOURCE_DIR}/${arg_MAIN})
    return()
  endif()
  ks_targets(libs FALSE ${arg_DEPS})
  ks_executable(${target} SOURCES ${CMAKE_SOURCE_DIR}/${arg_MAIN} LIBS ${libs})
  set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
endfunction()

# What every ctest entry gets: the source root as working directory, a timeout, sanitizer settings.
function(ks_test_properties name labels timeout)
  if(NOT timeout)
    set(timeout 300)
  endif()
  set_tests_properties(${name} PROPERTIES LABELS "${labels}" TIMEOUT ${timeout}
    ENVIRONMENT "KS_BUILD_DIR=${CMAKE_BINARY_DIR};\
TSAN_OPTIONS=suppressions=${CMAKE_SOURCE_DIR}/cmake/tsan.supp second_deadlock_stack=1;\
LSAN_OPTIONS=suppressions=${CMAKE_SOURCE_DIR}/cmake/lsan.supp print_suppressions=0")
endfunction()

function(ks_test target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "NO_MAIN" "TIMEOUT;CTEST_NAME" "SOURCES;DEPS;LIBS;ARGS;LABELS")
  ks_targets(libs TRUE ${arg_DEPS})
  set(main GTest::gmock_main)
  if(arg_NO_MAIN)
    set(main GTest::gmock)
  endif()
  ks_executable(${target} SOURCES ${arg_SOURCES} LIBS ${libs} ${arg_LIBS} ${main} GTest::gtest)
  if(NOT arg_CTEST_NAME)
    set(arg_CTEST_NAME ${target})
  endif()
  add_test(NAME ${arg_CTEST_NAME} COMMAND ${target} ${arg_ARGS} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  ks_test_properties(${arg_CTEST_NAME} "${arg_LABELS}" "${arg_TIMEOUT}")
endfunction()

function(ks_bench target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "NO_MAIN" "" "SOURCES;DEPS;LIBS")
  ks_targets(libs TRUE ${arg_DEPS})
  set(main benchmark::benchmark_main)
  if(arg_NO_MAIN)
    set(main benchmark::benchmark)
  endif()
  ks_executable(${target} SOURCES ${arg_SOURCES} LIBS ${libs} ${arg_LIBS} ${main})
endfunction()

function(ks_fuzz target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "CORPUS;RUNS" "SOURCES;DEPS;LIBS")
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang" OR NOT KS_SANITIZE MATCHES "address")
    return()
  endif()
  if(NOT arg_RUNS)
    set(arg_RUNS 20000)
  endif()
  ks_targets(libs TRUE ${arg_DEPS})
  ks_executable(${target} SOURCES ${arg_SOURCES} LIBS ${libs} ${arg_LIBS})
  target_compile_options(${target} PRIVATE -fsanitize=fuzzer)
  target_link_options(${target} PRIVATE -fsanitize=fuzzer)
  add_test(NAME fuzz.${target} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}
           COMMAND ${target} -runs=${arg_RUNS} -max_total_time=60 -rss_limit_mb=2048 ${arg_CORPUS})
  ks_test_properties(fuzz.${target} fuzz 120)
endfunction()
