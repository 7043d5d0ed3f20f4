// Any bytes given as a stored key end in values or in an error; values encode to the bytes they
// came from (key_codec.h's invariant), but for NaN and -0.0, which have one encoding each.
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "local/spanner/storage/key_codec.h"

using namespace ks;

namespace {

local::KeyShape ShapeOf(uint8_t choice) {
  using sql::Type;
  const sql::TypeRef types[] = {Type::Bool(),    Type::Int64(),   Type::Float64(),
                                Type::Float32(), Type::Numeric(), Type::String(),
                                Type::Bytes(),   Type::Date(),    Type::Timestamp()};
  local::KeyShape shape;
  shape.parts.push_back({.type = types[choice % std::size(types)], .descending = choice % 2 == 0});
  shape.parts.push_back({.type = types[choice / 16 % std::size(types)]});
  return shape;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const local::KeyShape shape = ShapeOf(data[0]);
  const std::string_view key(reinterpret_cast<const char*>(data) + 1, size - 1);
  sql::Arena arena;
  std::vector<sql::Datum> values(shape.parts.size());
  if (!local::DecodeKey(shape, key, arena, values.data()).ok()) return 0;
  const std::string again = local::EncodeKey(shape, values);
  std::vector<sql::Datum> second(shape.parts.size());
  if (!local::DecodeKey(shape, again, arena, second.data()).ok()) std::abort();
  if (local::EncodeKey(shape, second) != again) std::abort();
  return 0;
}
