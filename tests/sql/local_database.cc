#include "local_database.h"

#include <google/longrunning/operations.grpc.pb.h>
#include <google/protobuf/util/json_util.h>
#include <google/spanner/admin/database/v1/spanner_database_admin.grpc.pb.h>
#include <google/spanner/v1/spanner.grpc.pb.h>
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <cstdlib>
#include <initializer_list>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string_view>

#include "absl/strings/ascii.h"
#include "base/str_cat.h"
#include "local/spanner/server/server.h"
#include "local/spanner/server/value_codec.h"
#include "sql/analyzer/analyzer.h"
#include "value_text.h"

namespace ks::sql {
namespace {

using google::protobuf::util::JsonStringToMessage;
namespace admin = google::spanner::admin::database::v1;
namespace lro = google::longrunning;
namespace spanner = google::spanner::v1;

constexpr int kDeadlineSeconds = 30;

template <typename T>
T Must(absl::StatusOr<T> value) {
  if (value.ok()) return *std::move(value);
  std::cerr << value.status() << "\n";
  std::exit(1);
}

template <typename Status>
absl::StatusOr<bool> Checked(const Status& status) {
  if (status.ok()) return true;
  return absl::Status(static_cast<absl::StatusCode>(status.code()), std::string(status.message()));
}

TypeRef TypeOf(const std::string& text) {
  return Must(AnalyzeExpression(StrCat("CAST(NULL AS ", text, ")"), {})).expr->type;
}

nlohmann::json ToJson(const google::protobuf::Value& value) {
  switch (value.kind_case()) {
    case google::protobuf::Value::kBoolValue:
      return value.bool_value();
    case google::protobuf::Value::kNumberValue:
      return value.number_value();
    case google::protobuf::Value::kStringValue:
      return value.string_value();
    case google::protobuf::Value::kListValue: {
      nlohmann::json list = nlohmann::json::array();
      for (const auto& element : value.list_value().values()) list.push_back(ToJson(element));
      return list;
    }
    default:
      return nullptr;
  }
}

absl::Status FromGrpc(const grpc::Status& status) {
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
}

// The first word, in upper case, behind a statement hint.
std::string FirstWord(std::string_view statement) {
  if (statement.starts_with("@{")) statement.remove_prefix(statement.find('}') + 1);
  while (!statement.empty() && absl::ascii_isspace(statement[0])) statement.remove_prefix(1);
  size_t end = 0;
  while (end < statement.size() && absl::ascii_isalpha(statement[end])) ++end;
  std::string word(statement.substr(0, end));
  absl::AsciiStrToUpper(&word);
  return word;
}

bool IsOneOf(const std::string& word, std::initializer_list<const char*> words) {
  for (const char* one : words) {
    if (word == one) return true;
  }
  return false;
}

struct Context : grpc::ClientContext {
  Context() {
    set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(kDeadlineSeconds));
  }
};

}  // namespace

struct LocalDatabase::Parts {
  std::unique_ptr<local::LocalSpannerServer> server;
  std::unique_ptr<spanner::Spanner::Stub> data;
  std::unique_ptr<admin::DatabaseAdmin::Stub> ddl;
  std::unique_ptr<lro::Operations::Stub> operations;
  std::string database;
  std::string session;
  int databases = 0;

  absl::Status UpdateDdl(const std::string& statement);
  absl::StatusOr<spanner::ResultSet> Execute(const TextCase& test, bool dml);
};

LocalDatabase::LocalDatabase() : parts_(std::make_unique<Parts>()) {
  local::ServerOptions options;
  options.listen_address = "127.0.0.1:0";
  parts_->server = Must(local::LocalSpannerServer::Start(options));
  const auto channel =
      grpc::CreateChannel(parts_->server->address(), grpc::InsecureChannelCredentials());
  parts_->data = spanner::Spanner::NewStub(channel);
  parts_->operations = lro::Operations::NewStub(channel);
  parts_->ddl = admin::DatabaseAdmin::NewStub(channel);
  Reset();
}

LocalDatabase::~LocalDatabase() { parts_->server->Shutdown(0); }

void LocalDatabase::Reset() {
  parts_->database = StrCat("projects/tests/instances/local/databases/sql-", ++parts_->databases);
  Must(Checked(parts_->server->EnsureDatabase(parts_->database)));
  spanner::CreateSessionRequest request;
  request.set_database(parts_->database);
  spanner::Session session;
  Context context;
  const grpc::Status status = parts_->data->CreateSession(&context, request, &session);
  Must(Checked(FromGrpc(status)));
  parts_->session = session.name();
}

absl::Status LocalDatabase::Parts::UpdateDdl(const std::string& statement) {
  admin::UpdateDatabaseDdlRequest request;
  request.set_database(database);
  request.add_statements(statement);
  lro::Operation operation;
  Context start;
  const grpc::Status started = ddl->UpdateDatabaseDdl(&start, request, &operation);
  if (!started.ok()) return FromGrpc(started);
  lro::WaitOperationRequest wait;
  wait.set_name(operation.name());
  Context context;
  const grpc::Status waited = operations->WaitOperation(&context, wait, &operation);
  if (!waited.ok()) return FromGrpc(waited);
  return absl::Status(static_cast<absl::StatusCode>(operation.error().code()),
                      operation.error().message());
}

absl::StatusOr<spanner::ResultSet> LocalDatabase::Parts::Execute(const TextCase& test, bool dml) {
  spanner::ExecuteSqlRequest request;
  request.set_session(session);
  request.set_sql(test.statement);
  for (const CaseParameter& parameter : test.parameters) {
    google::protobuf::Value value;
    Must(Checked(JsonStringToMessage(parameter.value, &value)));
    (*request.mutable_params()->mutable_fields())[parameter.name] = value;
    if (parameter.type.empty()) continue;
    local::ToProto(TypeOf(parameter.type), &(*request.mutable_param_types())[parameter.name]);
  }
  if (dml) {
    request.mutable_transaction()->mutable_begin()->mutable_read_write();
    request.set_seqno(1);
  }
  spanner::ResultSet result;
  Context context;
  const grpc::Status executed = data->ExecuteSql(&context, request, &result);
  if (!executed.ok()) return FromGrpc(executed);
  if (!dml) return result;
  spanner::CommitRequest commit;
  commit.set_session(session);
  commit.set_transaction_id(result.metadata().transaction().id());
  spanner::CommitResponse committed;
  Context end;
  const grpc::Status status = data->Commit(&end, commit, &committed);
  if (!status.ok()) return FromGrpc(status);
  return result;
}

std::vector<std::string> LocalDatabase::Answer(const TextCase& test) {
  const std::string word = FirstWord(test.statement);
  if (IsOneOf(word, {"CREATE", "ALTER", "DROP", "GRANT", "REVOKE", "ANALYZE", "RENAME"})) {
    const absl::Status status = parts_->UpdateDdl(test.statement);
    return {status.ok() ? "= done" : ErrorText(status)};
  }
  const bool dml = IsOneOf(word, {"INSERT", "UPDATE", "DELETE"});
  const auto result = parts_->Execute(test, dml);
  if (!result.ok()) return {ErrorText(result.status())};
  const auto& fields = result->metadata().row_type().fields();
  const bool any_order = !test.answer.empty() && test.answer[0].starts_with("~");
  std::string head = any_order ? "~" : "=";
  if (dml) StrAppend(&head, " ", result->stats().row_count_exact(), " rows");
  if (dml && !fields.empty()) head += ":";
  std::vector<TypeRef> types;
  for (const auto& field : fields) {
    types.push_back(Must(local::FromProto(field.type())));
    StrAppend(&head, types.size() > 1 ? ", " : " ", field.name(), field.name().empty() ? "" : " ",
              types.back()->ToString());
  }
  std::vector<std::string> lines = {head};
  for (const auto& row : result->rows()) {
    std::string line;
    for (size_t i = 0; i < types.size(); ++i) {
      StrAppend(&line, i > 0 ? ", " : "", ValueText(types[i], ToJson(row.values(i))));
    }
    lines.push_back(std::move(line));
  }
  return lines;
}

std::string LocalDatabase::FirstValue(const std::string& query) {
  const auto result = parts_->Execute({.statement = query}, false);
  if (!result.ok()) return ErrorText(result.status());
  const TypeRef type = Must(local::FromProto(result->metadata().row_type().fields(0).type()));
  if (result->rows().empty()) return type->ToString() + " no row";
  return StrCat(type->ToString(), " ", ValueText(type, ToJson(result->rows(0).values(0))));
}

}  // namespace ks::sql
