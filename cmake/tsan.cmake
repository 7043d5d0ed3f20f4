# ks_tsan: what every executable of the tsan preset is linked with (see tsan/absl_mutex.cc). The list
# of wrapped functions is read from the source, so that it stands in one place.
set(source ${CMAKE_SOURCE_DIR}/cmake/tsan/absl_mutex.cc)
add_library(ks_tsan OBJECT ${source})
target_link_libraries(ks_tsan PUBLIC ks_absl)
file(READ ${source} text)
string(REGEX MATCHALL "(WRAP|WRAP_CONST|ACQUIRES|ACQUIRES_IF_TRUE|RELEASES)\\([0-9][A-Za-z0-9_]+"
       wrapped "${text}")
foreach(entry IN LISTS wrapped)
  string(REGEX REPLACE "^[A-Z_]+\\(" "" name ${entry})
  if(entry MATCHES "CONST")
    target_link_options(ks_tsan PUBLIC -Wl,--wrap=_ZNK4absl7debian3${name})
  else()
    target_link_options(ks_tsan PUBLIC -Wl,--wrap=_ZN4absl7debian3${name})
  endif()
endforeach()
