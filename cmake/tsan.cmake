# ks_tsan: what every executable of the tsan preset is linked with; why stands in absl_mutex.cc.
add_library(ks_tsan OBJECT ${CMAKE_SOURCE_DIR}/cmake/tsan/absl_mutex.cc)
target_link_libraries(ks_tsan PUBLIC ks_absl dl)
