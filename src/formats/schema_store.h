// SchemaStore: where schemas of messages lie, by number and by subject: a registry with Confluent's
// API (registry.h), or one in memory. Thread safety: may be used from any thread. ById and Latest
// may block, up to their deadline, the first time a schema is asked for; who may not wait says
// Prepare first.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace ks::formats {

struct RegisteredSchema {
  std::string type = "AVRO";  // AVRO, PROTOBUF, JSON
  std::string text;
  // The schemas that the text uses: the name it calls each by, and its text; each after those that
  // it uses itself.
  std::vector<std::pair<std::string, std::string>> references;
};
using RegisteredSchemaPtr = std::shared_ptr<const RegisteredSchema>;

class SchemaStore {
 public:
  virtual ~SchemaStore() = default;
  // NOT_FOUND: there is none, as the store says. Any other error: it cannot be asked now.
  virtual absl::StatusOr<RegisteredSchemaPtr> ById(int32_t id) = 0;
  virtual absl::StatusOr<RegisteredSchemaPtr> Latest(std::string_view subject) = 0;

  // Never blocks. True: ById(id) has its answer at hand, be it an error. False: the schema is being
  // fetched, with patience; `told` is called, on another thread, with an error for each attempt
  // that came to nothing and with OK at the end, when ById has its answer.
  using Told = std::function<void(absl::Status)>;
  virtual bool Prepare(int32_t /*id*/, const Told& /*told*/) { return true; }
};

// The number in front of a message that a registry's serializer wrote: a zero byte and four bytes.
inline constexpr size_t kFrameBytes = 5;
bool ReadFrame(std::string_view message, int32_t* id);

}  // namespace ks::formats
