#include "identity/json.h"

#include "absl/time/time.h"

namespace ks::identity {

using nlohmann::json;

json ParseJson(const std::string& text) {
  json parsed = json::parse(text, nullptr, /*allow_exceptions=*/false);
  return parsed.is_discarded() ? json() : parsed;
}

json Member(const json& object, const char* name) {
  if (!object.is_object()) return json();
  const auto it = object.find(name);
  return it == object.end() ? json() : *it;
}

std::string TextOf(const json& object, const char* name, std::string_view otherwise) {
  const json member = Member(object, name);
  return member.is_string() ? member.get<std::string>() : std::string(otherwise);
}

int64_t NanosOf(const std::string& rfc3339) {
  absl::Time time;
  std::string error;
  if (!absl::ParseTime(absl::RFC3339_full, rfc3339, &time, &error)) return 0;
  return absl::ToUnixNanos(time);
}

std::string Rfc3339Of(int64_t nanos) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E6SZ", absl::FromUnixNanos(nanos), absl::UTCTimeZone());
}

}  // namespace ks::identity
