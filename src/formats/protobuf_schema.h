// ProtobufSchema: message types, from a descriptor set or from `.proto` text, and the columns that
// one gives by itself.
//
// Text is compiled in this process; google/protobuf/*.proto are always there to import. Options of
// the user's own are dropped, and an import that cannot be had is an error only where a type of it
// is used: a registry knows files (confluent/meta.proto) that it hands out to nobody. Source:
// protobuf.dev/programming-guides/encoding, /proto3. Thread safety: immutable.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <google/protobuf/descriptor.h>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "formats/decoder.h"

namespace ks::formats {

class ProtobufSchema {
 public:
  // What `protoc --include_imports --descriptor_set_out` writes.
  static absl::StatusOr<ProtobufSchema> FromDescriptorSet(std::string_view bytes);
  // Text, or a FileDescriptorProto in base64, as registries hand out both. `imports`: by name.
  static absl::StatusOr<ProtobufSchema> FromText(
      std::string_view text, absl::Span<const std::pair<std::string, std::string>> imports = {});

  // By its full name, or the one message of the file; otherwise an error that says which there are.
  absl::StatusOr<const google::protobuf::Descriptor*> Message(std::string_view full_name) const;
  // The index of a message of the file, and of messages inside it; null when there is none.
  const google::protobuf::Descriptor* MessageAt(absl::Span<const int64_t> indexes) const;

  // Of a set the last.
  const google::protobuf::FileDescriptor* file() const { return file_; }

 private:
  std::shared_ptr<const google::protobuf::DescriptorPool> pool_;
  const google::protobuf::FileDescriptor* file_ = nullptr;
};

// Names of the files that `.proto` text imports.
absl::StatusOr<std::vector<std::string>> ProtobufImports(std::string_view text);

// Messages of google/protobuf that stand for something else than their fields.
enum class ProtobufKnown : uint8_t { kNone, kTimestamp, kDuration, kWrapper, kJson, kValue, kAny };
ProtobufKnown KnownMessage(const google::protobuf::Descriptor& message);

// The columns that hold every message of this type: docs/guide/formats.md.
Schema ProtobufColumns(const google::protobuf::Descriptor& message);

}  // namespace ks::formats
