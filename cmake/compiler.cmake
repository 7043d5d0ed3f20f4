# How everything is compiled: language, warnings, sanitizers, and what makes builds quick.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
set(CMAKE_ARCHIVE_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib)

set(KS_SANITIZE "" CACHE STRING "sanitizers to build with, as -fsanitize= takes them")

# -g1 keeps line tables, which is what a backtrace needs, at a third of the size of -g.
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1 -DNDEBUG")
set(CMAKE_CXX_FLAGS_DEBUG "-O0 -g1")
if(KS_SANITIZE)
  set(CMAKE_CXX_FLAGS_DEBUG "-O1 -g1")
  add_compile_options(-fsanitize=${KS_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${KS_SANITIZE})
endif()

# Only our own targets ask for these (ks_warnings), so that other people's code may warn in peace.
add_library(ks_warnings INTERFACE)
target_compile_options(ks_warnings INTERFACE -Wall -Wextra -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 reports these inside its own std::string, std::optional and std::variant (PR 105651,
  # 105562).
  # Designated initialisers may leave out fields that have defaults.
  target_compile_options(ks_warnings INTERFACE -Wno-restrict -Wno-maybe-uninitialized
                         -Wno-missing-field-initializers)
else()
  target_compile_options(ks_warnings INTERFACE -Wthread-safety -Wno-missing-field-initializers)
endif()

find_program(KS_CCACHE ccache)
if(KS_CCACHE)
  # Paths relative to the source tree and no hashing of the working directory: all build directories
  # of one tree, and clones of it, share their hits.
  set(launcher ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR}
               CCACHE_NOHASHDIR=1 ${KS_CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${launcher})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${launcher})
endif()

find_program(KS_MOLD mold)
if(KS_MOLD)
  add_link_options(-fuse-ld=mold)
endif()
add_link_options(-Wl,--as-needed)
