# ks_tsan: what every executable of the tsan preset is linked with; why stands in absl_mutex.cc.
add_library(ks_tsan OBJECT ${CMAKE_SOURCE_DIR}/cmake/tsan/absl_mutex.cc)
target_link_libraries(ks_tsan PUBLIC ks_absl dl)
# GNU ld: mold 1 exports from an executable what a shared library asks for, whatever the map says.
set(ks_tsan_map ${CMAKE_SOURCE_DIR}/cmake/tsan/own_templates.map)
target_link_options(ks_tsan INTERFACE -fuse-ld=bfd -Wl,--version-script=${ks_tsan_map})
