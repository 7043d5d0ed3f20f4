// How the rows of store.h are read and written: what its files share. Thread safety: pure
// functions.
#pragma once

#include <google/spanner/v1/spanner.pb.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "base/status_macros.h"
#include "control/store.h"
#include "identity/json.h"
#include "pipeline/mutation_writer.h"
#include "sql/functions/moments.h"

namespace ks::control::rows {

namespace v1 = google::spanner::v1;
using google::protobuf::ListValue;
using governance::Actor;
using pipeline::Cell;
using pipeline::MutationKind;
using sql::Value;

inline v1::ExecuteSqlRequest Sql(const std::string& text) {
  v1::ExecuteSqlRequest request;
  request.set_sql(text);
  return request;
}

inline v1::ExecuteSqlRequest SqlWith(const std::string& text, std::string_view id) {
  v1::ExecuteSqlRequest request = Sql(text);
  (*request.mutable_params()->mutable_fields())["id"].set_string_value(std::string(id));
  (*request.mutable_param_types())["id"].set_code(v1::STRING);
  return request;
}

inline std::string Text(const ListValue& row, int i) { return row.values(i).string_value(); }
inline int64_t Number(const ListValue& row, int i) {
  int64_t number = 0;
  return absl::SimpleAtoi(row.values(i).string_value(), &number) ? number : 0;
}
inline int64_t Nanos(const ListValue& row, int i) {
  return identity::NanosOf(row.values(i).string_value());
}

inline Value Moment(int64_t nanos) { return Value::Timestamp(sql::MomentOfNanos(nanos)); }

inline void Append(MutationKind kind, std::string_view table, const std::vector<Cell>& row,
                   std::string* wire) {
  pipeline::WireBuffer buffer;
  pipeline::AppendMutationOf(kind, table, row, &buffer);
  wire->append(buffer.view());
}

template <typename Row>
absl::StatusOr<std::vector<Row>> ReadAll(const Reader& reader, v1::ExecuteSqlRequest request,
                                         Row (*make)(const ListValue&)) {
  KS_ASSIGN_OR_RETURN(const auto result, reader(std::move(request)));
  std::vector<Row> rows;
  for (const ListValue& row : result->rows()) rows.push_back(make(row));
  return rows;
}

template <typename Row>
absl::StatusOr<std::optional<Row>> ReadOne(const Reader& reader, v1::ExecuteSqlRequest request,
                                           Row (*make)(const ListValue&)) {
  KS_ASSIGN_OR_RETURN(std::vector<Row> rows, ReadAll(reader, std::move(request), make));
  if (rows.empty()) return std::nullopt;
  return std::move(rows.front());
}

}  // namespace ks::control::rows
