#include "local/spanner/schema/proto_types.h"

#include <algorithm>
#include <set>

#include "base/status_macros.h"
#include "local/spanner/schema/proto_errors.h"

namespace ks::local {

namespace pb = google::protobuf;

namespace {

absl::Status CheckFeatures(const std::string& name, const pb::Descriptor* message) {
  for (const std::string_view restricted : {"spanner", "tech.spanner"}) {
    if (name.starts_with(std::string(restricted) + ".")) {
      return errors::ProtoPackageRestricted(name, restricted);
    }
  }
  if (message != nullptr && message->extension_count() > 0) {
    return errors::ProtoExtensions(message->full_name());
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::shared_ptr<const ProtoTypes>> ProtoTypes::Make(
    const pb::FileDescriptorSet& files, const std::vector<std::string>& names) {
  std::shared_ptr<ProtoTypes> types(new ProtoTypes());
  types->names_ = names;
  std::sort(types->names_.begin(), types->names_.end());
  KS_RETURN_IF_ERROR(types->Keep(files));
  for (const std::string& name : types->names_) {
    const pb::Descriptor* message = types->pool_.FindMessageTypeByName(name);
    if (message == nullptr && types->pool_.FindEnumTypeByName(name) == nullptr) {
      return errors::ProtoDescriptorMissing(name);
    }
    KS_RETURN_IF_ERROR(CheckFeatures(name, message));
  }
  return types;
}

absl::Status ProtoTypes::Keep(const pb::FileDescriptorSet& files) {
  pb::SimpleDescriptorDatabase all;
  for (const pb::FileDescriptorProto& file : files.file()) {
    if (!all.Add(file)) return errors::ProtoFileTwice(file.name());
  }
  std::set<std::string> kept;
  for (const std::string& name : names_) {
    pb::FileDescriptorProto file;
    if (!all.FindFileContainingSymbol(name, &file)) return errors::ProtoDescriptorMissing(name);
    if (kept.insert(file.name()).second) *files_.add_file() = std::move(file);
  }
  std::sort(files_.mutable_file()->begin(), files_.mutable_file()->end(),
            [](const auto& a, const auto& b) { return a.name() < b.name(); });
  for (const pb::FileDescriptorProto& file : files_.file()) files_by_name_.Add(file);
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<const ProtoTypes>> ProtoTypes::Read(
    std::string_view descriptors, const std::vector<std::string>& names) {
  pb::FileDescriptorSet files;
  if (!files.ParseFromArray(descriptors.data(), static_cast<int>(descriptors.size()))) {
    return errors::ProtoDescriptorsUnreadable();
  }
  return Make(files, names);
}

sql::TypeRef ProtoTypes::Find(std::string_view full_name) const {
  if (FindMessage(full_name) != nullptr) return sql::Type::Proto(full_name);
  if (FindEnum(full_name) != nullptr) return sql::Type::Enum(full_name);
  return nullptr;
}

const pb::Descriptor* ProtoTypes::FindMessage(std::string_view full_name) const {
  if (!std::binary_search(names_.begin(), names_.end(), full_name)) return nullptr;
  return pool_.FindMessageTypeByName(std::string(full_name));
}

const pb::EnumDescriptor* ProtoTypes::FindEnum(std::string_view full_name) const {
  if (!std::binary_search(names_.begin(), names_.end(), full_name)) return nullptr;
  return pool_.FindEnumTypeByName(std::string(full_name));
}

std::string ProtoTypes::descriptors() const { return files_.SerializeAsString(); }

}  // namespace ks::local
