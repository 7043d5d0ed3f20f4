// ProtoTypes: the messages and enums that a database's proto bundle names, with the files that
// declare them.
//
// Of what a client sends only the files that declare a named type are kept; a field of a type from
// elsewhere has a placeholder for it. Thread safety: immutable; it lives as long as a schema or a
// statement holds it, and its descriptors with it. Source:
// https://cloud.google.com/spanner/docs/reference/standard-sql/protocol-buffers
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor.pb.h"
#include "google/protobuf/descriptor_database.h"
#include "google/protobuf/dynamic_message.h"
#include "sql/proto_catalog.h"
#include "sql/types/type.h"

namespace ks::local {

class ProtoTypes : public sql::ProtoCatalog {
 public:
  // `names` in any order, each once. NOT_FOUND when no file declares one; INVALID_ARGUMENT when the
  // files do not fit together or have what Spanner does not take.
  static absl::StatusOr<std::shared_ptr<const ProtoTypes>> Make(
      const google::protobuf::FileDescriptorSet& files, const std::vector<std::string>& names);
  // Of what descriptors() gave.
  static absl::StatusOr<std::shared_ptr<const ProtoTypes>> Read(
      std::string_view descriptors, const std::vector<std::string>& names);

  // Null when the bundle does not name it. Names are compared letter by letter.
  sql::TypeRef FindType(std::string_view full_name) const override;
  absl::StatusOr<sql::ProtoField> FindField(sql::TypeRef message,
                                            std::string_view name) const override;
  std::vector<std::string> RequiredFields(sql::TypeRef message) const override;
  std::optional<int32_t> EnumNumber(sql::TypeRef type, std::string_view name) const override;
  std::optional<std::string> EnumName(sql::TypeRef type, int64_t number) const override;
  absl::StatusOr<std::string> ParseText(sql::TypeRef message, std::string_view text) const override;
  std::optional<std::string> PrintText(sql::TypeRef message, std::string_view bytes) const override;
  // Of the named types.
  const google::protobuf::Descriptor* FindMessage(std::string_view full_name) const;
  const google::protobuf::EnumDescriptor* FindEnum(std::string_view full_name) const;

  const std::vector<std::string>& names() const { return names_; }  // sorted
  // A serialized google.protobuf.FileDescriptorSet: the files that are kept, by name.
  std::string descriptors() const;
  const google::protobuf::FileDescriptorSet& files() const { return files_; }

 private:
  ProtoTypes() : pool_(&files_by_name_) { pool_.AllowUnknownDependencies(); }
  // The type of one value of a field; null: there is none in SQL, or not in the bundle.
  sql::TypeRef ElementType(const google::protobuf::FieldDescriptor& field) const;
  absl::Status Keep(const google::protobuf::FileDescriptorSet& files);
  // Null: the bundle has no such message.
  std::unique_ptr<google::protobuf::Message> NewMessage(sql::TypeRef type) const;

  std::vector<std::string> names_;
  google::protobuf::FileDescriptorSet files_;
  google::protobuf::SimpleDescriptorDatabase files_by_name_;
  google::protobuf::DescriptorPool pool_;
  mutable google::protobuf::DynamicMessageFactory messages_;  // has a lock of its own
};

}  // namespace ks::local
