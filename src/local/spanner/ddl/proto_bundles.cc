// CREATE, ALTER and DROP PROTO BUNDLE: which messages and enums of the descriptors that came with
// the statements are types of the database.
#include <algorithm>

#include "base/status_macros.h"
#include "base/str_cat.h"
#include "local/spanner/ddl/handlers.h"
#include "local/spanner/schema/proto_errors.h"
#include "local/spanner/schema/proto_types.h"

namespace ks::local {
namespace {

namespace pb = google::protobuf;

absl::StatusOr<pb::FileDescriptorSet> GivenFiles(const DdlContext& context) {
  if (context.proto_descriptors.empty()) return errors::ProtoDescriptorsEmpty();
  pb::FileDescriptorSet files;
  if (!files.ParseFromArray(context.proto_descriptors.data(),
                            static_cast<int>(context.proto_descriptors.size()))) {
    return errors::ProtoDescriptorsUnreadable();
  }
  return files;
}

// `given` instead of the files of the same names, and the rest as it was.
pb::FileDescriptorSet Merged(const pb::FileDescriptorSet& before, pb::FileDescriptorSet given) {
  for (const pb::FileDescriptorProto& file : before.file()) {
    const bool replaced = std::any_of(given.file().begin(), given.file().end(),
                                      [&](const auto& g) { return g.name() == file.name(); });
    if (!replaced) *given.add_file() = file;
  }
  return given;
}

absl::Status Insert(const std::vector<sql::Path>& types, std::vector<std::string>* names) {
  for (const sql::Path& path : types) {
    const std::string name = sql::Dotted(path);
    if (std::find(names->begin(), names->end(), name) != names->end()) {
      return errors::ProtoTypeTwice(name);
    }
    names->push_back(name);
  }
  return absl::OkStatus();
}

absl::Status Update(const std::vector<sql::Path>& types, const std::vector<std::string>& names) {
  for (const sql::Path& path : types) {
    const std::string name = sql::Dotted(path);
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      return errors::ProtoTypeToUpdateMissing(name);
    }
  }
  return absl::OkStatus();
}

absl::Status Erase(const std::vector<sql::Path>& types, std::vector<std::string>* names) {
  for (const sql::Path& path : types) {
    const std::string name = sql::Dotted(path);
    if (std::erase(*names, name) == 0) return errors::ProtoTypeToDeleteMissing(name);
  }
  return absl::OkStatus();
}

// The type of a column that the bundle has not (any longer).
absl::Status CheckColumns(const Schema& schema) {
  for (const auto& table : schema.tables) {
    for (const Column& column : table->columns) {
      const sql::TypeRef type = column.type->is_array() ? column.type->element() : column.type;
      if (!type->Is(sql::TypeKind::kProto) && !type->Is(sql::TypeKind::kEnum)) continue;
      if (schema.proto_types != nullptr &&
          schema.proto_types->FindType(type->full_name()) == type) {
        continue;
      }
      return errors::ProtoTypeInUse(type->full_name(), table->name, column.name);
    }
  }
  return absl::OkStatus();
}

// A bundle without types is none.
absl::Status SetTypes(const pb::FileDescriptorSet& files, const std::vector<std::string>& names,
                      Schema& next) {
  next.proto_types = nullptr;
  if (!names.empty()) {
    KS_ASSIGN_OR_RETURN(next.proto_types, ProtoTypes::Make(files, names));
  }
  return CheckColumns(next);
}

}  // namespace

absl::Status CreateProtoBundle(DdlContext& context, const sql::Statement& statement) {
  const auto& create = sql::As<sql::CreateProtoBundleStatement>(statement);
  return context.Change([&](Schema& next) -> absl::Status {
    KS_ASSIGN_OR_RETURN(const pb::FileDescriptorSet files, GivenFiles(context));
    std::vector<std::string> names;
    KS_RETURN_IF_ERROR(Insert(create.types, &names));
    return SetTypes(files, names, next);
  });
}

absl::Status AlterProtoBundle(DdlContext& context, const sql::Statement& statement) {
  const auto& alter = sql::As<sql::AlterProtoBundleStatement>(statement);
  return context.Change([&](Schema& next) -> absl::Status {
    if (next.proto_types == nullptr) return errors::ProtoBundleMissing("alter");
    std::vector<std::string> names = next.proto_types->names();
    KS_RETURN_IF_ERROR(Insert(alter.insert, &names));
    KS_RETURN_IF_ERROR(Update(alter.update, names));
    KS_RETURN_IF_ERROR(Erase(alter.erase, &names));
    pb::FileDescriptorSet files = next.proto_types->files();
    if (!alter.insert.empty() || !alter.update.empty()) {
      KS_ASSIGN_OR_RETURN(pb::FileDescriptorSet given, GivenFiles(context));
      files = Merged(files, std::move(given));
    }
    return SetTypes(files, names, next);
  });
}

absl::Status DropProtoBundle(DdlContext& context, const sql::Statement&) {
  return context.Change([](Schema& next) -> absl::Status {
    if (next.proto_types == nullptr) return errors::ProtoBundleMissing("drop");
    return SetTypes({}, {}, next);
  });
}

}  // namespace ks::local
