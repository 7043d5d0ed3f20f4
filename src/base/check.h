// KS_CHECK: a programmer's error ends the process, in release builds too. No input of a user may
// reach one.
#pragma once

#include <cstdio>
#include <cstdlib>

#define KS_CHECK(condition)                                                              \
  do {                                                                                   \
    if (!(condition)) [[unlikely]] {                                                     \
      std::fprintf(stderr, "%s:%d: check failed: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                      \
    }                                                                                    \
  } while (false)
