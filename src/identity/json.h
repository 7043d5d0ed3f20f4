// What servers and credentials files say in JSON, read without trusting that it is there.
// Thread safety: pure functions.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace ks::identity {

// Null where `text` is no JSON.
nlohmann::json ParseJson(const std::string& text);

// The member `name` of an object; null where there is no such thing.
nlohmann::json Member(const nlohmann::json& object, const char* name);

// A text member; `otherwise` where it is not there or no text.
std::string TextOf(const nlohmann::json& object, const char* name, std::string_view otherwise = "");

// A time as RFC 3339 writes it, in nanoseconds since the Unix epoch; 0 for anything else.
int64_t NanosOf(const std::string& rfc3339);
// The other way round, to the microsecond.
std::string Rfc3339Of(int64_t nanos);

}  // namespace ks::identity
