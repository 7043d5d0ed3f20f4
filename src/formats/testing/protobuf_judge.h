// Google's own reader of Protobuf as the judge of ours: dynamic messages and Protobuf's JSON
// mapping.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <google/protobuf/descriptor.h>
#include <google/protobuf/dynamic_message.h>

namespace ks::formats {

class ProtobufJudge {
 public:
  // `type` outlives it.
  explicit ProtobufJudge(const google::protobuf::Descriptor& type);

  std::unique_ptr<google::protobuf::Message> New() const;
  // The message as JSON in the form of ComparableJson(); nothing when it cannot be read or has
  // none.
  std::optional<std::string> Json(std::string_view bytes) const;

 private:
  const google::protobuf::Descriptor& type_;
  mutable google::protobuf::DynamicMessageFactory factory_;
};

// The same text for two ways of writing equal JSON: 64-bit numbers are text or not, 1.0 is 1.
std::string ComparableJson(std::string_view json);

}  // namespace ks::formats
