// Any bytes given to the whole engine — parse, analyze, plan, run, print — end in rows or an error.
// There are no tables: a statement can use what it makes itself.

#include <cstdint>
#include <string_view>

#include "sql/eval/query.h"
#include "sql/parser/error_location.h"

using namespace ks::sql;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view sql(reinterpret_cast<const char*>(data), size);
  ExecuteOptions options;
  options.now = {1700000000, 0};
  options.memory_limit_bytes = 64 << 20;
  int asked = 0;  // instead of a clock: a cross join of long arrays must end too
  options.check_alive = [&asked] {
    return ++asked > 1000 ? absl::DeadlineExceededError("enough") : absl::OkStatus();
  };
  const auto result = RunQuery(sql, nullptr, options);
  if (!result.ok()) {
    (void)WithLocation(sql, result.status());
    return 0;
  }
  for (const auto& row : result->rows) {
    for (const Value& value : row) (void)value.ToSql();
  }
  return 0;
}
