# Every library the program uses, under one name each. From Debian, except ks_rdkafka and ks_protos,
# which tools/setup/run builds once into build/deps for all presets.

set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(CURL REQUIRED)
find_package(ICU REQUIRED COMPONENTS uc i18n)
find_package(ZLIB REQUIRED)
find_package(Protobuf REQUIRED)
find_package(absl CONFIG REQUIRED)
find_package(gRPC CONFIG REQUIRED)
find_package(RocksDB CONFIG REQUIRED)
find_package(simdjson CONFIG REQUIRED)
find_package(nlohmann_json CONFIG REQUIRED)
find_package(yaml-cpp CONFIG REQUIRED)
find_package(CLI11 CONFIG REQUIRED)
find_package(spdlog CONFIG REQUIRED)
find_package(prometheus-cpp CONFIG REQUIRED)
find_package(benchmark CONFIG REQUIRED)
find_package(GTest CONFIG REQUIRED)

# All of Abseil that we use, in one name: the linker drops what a target does not need.
add_library(ks_absl INTERFACE)
target_link_libraries(ks_absl INTERFACE
  absl::base absl::bits absl::btree absl::cleanup absl::cord absl::core_headers absl::fixed_array
  absl::flat_hash_map absl::flat_hash_set absl::function_ref absl::any_invocable absl::hash
  absl::inlined_vector absl::int128 absl::node_hash_map absl::node_hash_set absl::random_random
  absl::span absl::stacktrace absl::status absl::statusor absl::str_format absl::strings
  absl::symbolize absl::failure_signal_handler absl::synchronization absl::time absl::variant)

# These come without a CMake file in Debian.
function(ks_system_library name lib header)
  string(MAKE_C_IDENTIFIER KS_LIB_${name} var)
  find_library(${var} ${lib} REQUIRED)
  find_file(${var}_HEADER ${header} REQUIRED)
  add_library(${name} INTERFACE IMPORTED GLOBAL)
  target_link_libraries(${name} INTERFACE ${${var}} ${ARGN})
endfunction()
ks_system_library(ks_psl psl libpsl.h)
ks_system_library(ks_edit edit histedit.h)
ks_system_library(httplib::httplib cpp-httplib httplib.h Threads::Threads OpenSSL::SSL ZLIB::ZLIB)
target_compile_definitions(httplib::httplib INTERFACE
  CPPHTTPLIB_OPENSSL_SUPPORT CPPHTTPLIB_ZLIB_SUPPORT CPPHTTPLIB_BROTLI_SUPPORT)

set(KS_DEPS_DIR ${CMAKE_SOURCE_DIR}/build/deps)
foreach(step IN ITEMS abseil librdkafka protos)
  if(NOT EXISTS ${KS_DEPS_DIR}/stamps/${step})
    message(FATAL_ERROR "build/deps/stamps/${step} is missing: run `tools/setup/run deps` first.")
  endif()
endforeach()

# Abseil's headers with std::string_view welcome (tools/setup/abseil.patch); before all others.
include_directories(BEFORE SYSTEM ${KS_DEPS_DIR}/abseil)

add_library(ks_protos STATIC IMPORTED GLOBAL)
set_target_properties(ks_protos PROPERTIES
  IMPORTED_LOCATION ${KS_DEPS_DIR}/lib/libks_protos.a
  INTERFACE_INCLUDE_DIRECTORIES ${KS_DEPS_DIR}/protos/include)
target_link_libraries(ks_protos INTERFACE gRPC::grpc++ gRPC::grpc++_reflection
                                           protobuf::libprotobuf)

pkg_check_modules(RDKAFKA IMPORTED_TARGET GLOBAL QUIET rdkafka>=2.6.1)
if(TARGET PkgConfig::RDKAFKA)
  add_library(ks_rdkafka ALIAS PkgConfig::RDKAFKA)
else()
  find_library(KS_ZSTD zstd REQUIRED)
  find_library(KS_LZ4 lz4 REQUIRED)
  add_library(ks_rdkafka STATIC IMPORTED GLOBAL)
  set_target_properties(ks_rdkafka PROPERTIES
    IMPORTED_LOCATION ${KS_DEPS_DIR}/lib/librdkafka.a
    INTERFACE_INCLUDE_DIRECTORIES ${KS_DEPS_DIR}/include)
  target_link_libraries(ks_rdkafka INTERFACE
    CURL::libcurl OpenSSL::SSL OpenSSL::Crypto ZLIB::ZLIB ${KS_ZSTD} ${KS_LZ4} Threads::Threads
    m dl)
endif()
