#include "local/spanner/query/change_stream_query.h"

#include <array>
#include <charconv>
#include <cstring>
#include <map>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "local/spanner/limits.h"
#include "local/spanner/query/change_stream_errors.h"
#include "local/spanner/txn/change_streams.h"
#include "sql/parser/lexer.h"

namespace ks::local {
namespace {

using sql::Token;
using sql::TokenKind;
using sql::Type;
using sql::Value;

// ---- The statement ----

struct Argument {
  std::string_view name;
  sql::TypeRef type;
};

const std::array<Argument, 5>& Arguments() {
  static const auto& arguments = *new std::array<Argument, 5>{{
      {"start_timestamp", Type::Timestamp()},
      {"end_timestamp", Type::Timestamp()},
      {"partition_token", Type::String()},
      {"heartbeat_milliseconds", Type::Int64()},
      {"read_options", Type::Array(Type::String())},
  }};
  return arguments;
}

bool IsWord(const Token& token, std::string_view word) {
  return token.kind == TokenKind::kWord && token.value == word;
}
bool IsSymbol(const Token& token, std::string_view symbol) {
  return token.kind == TokenKind::kSymbol && token.text == symbol;
}

class QueryParser {
 public:
  QueryParser(std::vector<Token> tokens, const ParameterLookup& parameters)
      : tokens_(std::move(tokens)), parameters_(parameters) {}

  // The name of the function behind the first FROM, where it is READ_…; else empty.
  std::string FindFunction() {
    for (size_t i = 0; i + 2 < tokens_.size(); ++i) {
      const Token& name = tokens_[i + 1];
      const bool named = name.kind == TokenKind::kWord || name.kind == TokenKind::kQuoted;
      if (IsWord(tokens_[i], "FROM") && named && IsSymbol(tokens_[i + 2], "(") &&
          absl::StartsWithIgnoreCase(AbslView(name.text), "READ_")) {
        function_ = std::string(name.text);
        return function_;
      }
    }
    return "";
  }

  // SELECT ChangeRecord FROM READ_s(name => value, …)
  absl::StatusOr<std::map<std::string_view, Value>> Parse() {
    const bool begins = tokens_.size() > 5 && IsWord(tokens_[0], "SELECT") &&
                        IsWord(tokens_[1], "CHANGERECORD") && IsWord(tokens_[2], "FROM") &&
                        IsSymbol(tokens_[4], "(");
    if (!begins) return errors::StreamQuerySyntax(function_);
    at_ = 5;
    std::map<std::string_view, Value> values;
    size_t position = 0;
    while (!IsSymbol(Peek(), ")")) {
      const Argument* argument = nullptr;
      KS_RETURN_IF_ERROR(TakeName(position++, &argument));
      KS_ASSIGN_OR_RETURN(values[argument->name], TakeValue(*argument));
      if (!IsSymbol(Peek(), ",")) break;
      ++at_;
    }
    if (!IsSymbol(Peek(), ")")) return errors::StreamQuerySyntax(function_);
    ++at_;
    if (IsSymbol(Peek(), ";")) ++at_;
    if (Peek().kind != TokenKind::kEnd) return errors::StreamQuerySyntax(function_);
    return values;
  }

 private:
  const Token& Peek() const { return tokens_[std::min(at_, tokens_.size() - 1)]; }

  absl::Status TakeName(size_t position, const Argument** argument) {
    const auto& all = Arguments();
    *argument = position < all.size() ? &all[position] : nullptr;
    if (at_ + 1 < tokens_.size() && IsSymbol(tokens_[at_ + 1], "=>")) {
      *argument = nullptr;
      for (const Argument& known : all) {
        if (absl::EqualsIgnoreCase(AbslView(known.name), AbslView(Peek().text))) *argument = &known;
      }
      at_ += 2;
    }
    return *argument != nullptr ? absl::OkStatus() : errors::StreamQuerySyntax(function_);
  }

  absl::StatusOr<Value> TakeValue(const Argument& argument) {
    if (IsWord(Peek(), "NULL")) {
      ++at_;
      return Value::Null(argument.type);
    }
    if (IsSymbol(Peek(), "@")) {
      const std::string name(tokens_[std::min(at_ + 1, tokens_.size() - 1)].text);
      at_ += 2;
      return parameters_(name, argument.type);
    }
    if (IsWord(Peek(), "TIMESTAMP") && argument.type->Is(sql::TypeKind::kTimestamp)) ++at_;
    const Token& token = Peek();
    ++at_;
    if (token.kind == TokenKind::kString && argument.type->Is(sql::TypeKind::kTimestamp)) {
      KS_ASSIGN_OR_RETURN(const auto time, sql::ParseTimestamp(token.value, sql::kDefaultTimeZone));
      return Value::Timestamp(time);
    }
    if (token.kind == TokenKind::kString && argument.type->Is(sql::TypeKind::kString)) {
      return Value::String(token.value);
    }
    int64_t number = 0;
    const bool integer =
        token.kind == TokenKind::kInteger && argument.type->Is(sql::TypeKind::kInt64) &&
        std::from_chars(token.text.data(), token.text.data() + token.text.size(), number).ec ==
            std::errc();
    if (integer) return Value::Int64(number);
    return errors::StreamArgument(function_, argument.name);
  }

  const std::vector<Token> tokens_;
  const ParameterLookup& parameters_;
  std::string function_;
  size_t at_ = 0;
};

absl::StatusOr<ChangeStreamQuery> ToQuery(const ChangeStream& stream,
                                          const std::map<std::string_view, Value>& values) {
  const auto find = [&](std::string_view name) -> const Value* {
    const auto found = values.find(name);
    return found == values.end() || found->second.null() ? nullptr : &found->second;
  };
  ChangeStreamQuery query;
  query.stream = stream.name;
  const Value* start = find("start_timestamp");
  if (start == nullptr) return errors::StreamStartMissing();
  query.start = FromSqlTimestamp(start->datum().timestamp());
  if (const Value* end = find("end_timestamp")) {
    query.end = FromSqlTimestamp(end->datum().timestamp());
    if (*query.end < query.start) return errors::StreamStartAfterEnd(query.start, *query.end);
  }
  if (const Value* token = find("partition_token")) query.token = token->datum().str();
  const Value* heartbeat = find("heartbeat_milliseconds");
  if (heartbeat == nullptr) return errors::StreamHeartbeatMissing();
  query.heartbeat_millis = heartbeat->datum().int64();
  if (query.heartbeat_millis < limits::kStreamHeartbeatMinMillis ||
      query.heartbeat_millis > limits::kStreamHeartbeatMaxMillis) {
    return errors::StreamHeartbeat(limits::kStreamHeartbeatMinMillis,
                                   limits::kStreamHeartbeatMaxMillis, query.heartbeat_millis);
  }
  if (find("read_options") != nullptr) return errors::StreamReadOptions();
  return query;
}

// ---- Records ----

sql::TypeRef StructOf(std::vector<sql::StructField> fields) {
  return Type::Struct(std::move(fields));
}

struct Types {
  sql::TypeRef column = StructOf({{"name", Type::String()},
                                  {"type", Type::Json()},
                                  {"is_primary_key", Type::Bool()},
                                  {"ordinal_position", Type::Int64()}});
  sql::TypeRef mod = StructOf(
      {{"keys", Type::Json()}, {"new_values", Type::Json()}, {"old_values", Type::Json()}});
  sql::TypeRef data = StructOf({{"commit_timestamp", Type::Timestamp()},
                                {"record_sequence", Type::String()},
                                {"server_transaction_id", Type::String()},
                                {"is_last_record_in_transaction_in_partition", Type::Bool()},
                                {"table_name", Type::String()},
                                {"column_types", Type::Array(column)},
                                {"mods", Type::Array(mod)},
                                {"mod_type", Type::String()},
                                {"value_capture_type", Type::String()},
                                {"number_of_records_in_transaction", Type::Int64()},
                                {"number_of_partitions_in_transaction", Type::Int64()},
                                {"transaction_tag", Type::String()},
                                {"is_system_transaction", Type::Bool()}});
  sql::TypeRef heartbeat = StructOf({{"timestamp", Type::Timestamp()}});
  sql::TypeRef child = StructOf(
      {{"token", Type::String()}, {"parent_partition_tokens", Type::Array(Type::String())}});
  sql::TypeRef children = StructOf({{"start_timestamp", Type::Timestamp()},
                                    {"record_sequence", Type::String()},
                                    {"child_partitions", Type::Array(child)}});
  sql::TypeRef change = StructOf({{"data_change_record", Type::Array(data)},
                                  {"heartbeat_record", Type::Array(heartbeat)},
                                  {"child_partitions_record", Type::Array(children)}});
};

const Types& TheTypes() {
  static const auto& types = *new Types();
  return types;
}

Value Json(std::string_view text) { return Value(Type::Json(), sql::Datum::Str(text)); }
Value Time(CommitTimestamp timestamp) { return Value::Timestamp(ToSqlTimestamp(timestamp)); }
Value Sequence(int64_t number) {
  std::string digits = StrCat(number);
  return Value::String(std::string(8 - std::min<size_t>(8, digits.size()), '0') + digits);
}

// A row with one of the three lists filled.
Value Row(std::vector<Value> data, std::vector<Value> heartbeats, std::vector<Value> children) {
  const Types& types = TheTypes();
  const Value change = Value::Struct(
      types.change, {Value::Array(types.data, data), Value::Array(types.heartbeat, heartbeats),
                     Value::Array(types.children, children)});
  return Value::Array(types.change, {change});
}

Value DataRow(CommitTimestamp timestamp, const ChangeRecord& record) {
  const Types& types = TheTypes();
  std::vector<Value> columns;
  for (const auto& c : record.columns) {
    columns.push_back(Value::Struct(
        types.column,
        {Value::String(c.name), Json(c.type), Value::Bool(c.is_key), Value::Int64(c.ordinal)}));
  }
  std::vector<Value> mods;
  for (const auto& m : record.mods) {
    mods.push_back(
        Value::Struct(types.mod, {Json(m.keys), Json(m.new_values), Json(m.old_values)}));
  }
  return Row({Value::Struct(
                 types.data,
                 {Time(timestamp), Sequence(record.sequence),
                  Value::String(StrCat(timestamp.value())), Value::Bool(record.last_in_partition),
                  Value::String(record.table), Value::Array(types.column, columns),
                  Value::Array(types.mod, mods), Value::String(record.mod_type),
                  Value::String(record.capture_type), Value::Int64(record.records_in_transaction),
                  Value::Int64(record.partitions_in_transaction),
                  Value::String(record.transaction_tag), Value::Bool(record.system)})},
             {}, {});
}

Value HeartbeatRow(CommitTimestamp timestamp) {
  return Row({}, {Value::Struct(TheTypes().heartbeat, {Time(timestamp)})}, {});
}

Value ChildrenRow(const ChangeStream& stream, CommitTimestamp start, int64_t sequence,
                  const std::vector<StreamPartition>& children,
                  const std::vector<StreamPartition>& parents) {
  const Types& types = TheTypes();
  std::vector<Value> tokens;
  for (const StreamPartition& parent : parents) {
    tokens.push_back(Value::String(PrintToken(stream, parent)));
  }
  std::vector<Value> made;
  for (const StreamPartition& child : children) {
    made.push_back(Value::Struct(types.child, {Value::String(PrintToken(stream, child)),
                                               Value::Array(Type::String(), tokens)}));
  }
  return Row({}, {},
             {Value::Struct(types.children,
                            {Time(start), Sequence(sequence), Value::Array(types.child, made)})});
}

// ---- Reading ----

class Reader {
 public:
  Reader(DatabaseCore& core, const ChangeStream& stream, const ChangeStreamQuery& query,
         const ChangeStreamOutput& output)
      : core_(core), stream_(stream), query_(query), output_(output) {}

  absl::Status Run() {
    KS_RETURN_IF_ERROR(CheckStart());
    if (!query_.token) return Tokens();
    const auto partition = ParseToken(stream_, *query_.token);
    if (!partition) return errors::StreamToken(*query_.token);
    return Partition(*partition);
  }

 private:
  absl::Status CheckStart() const {
    const CommitTimestamp now = core_.oracle().Now();
    const CommitTimestamp oldest(
        std::max(stream_.created_micros, now.value() - RetentionMicros(stream_)));
    const CommitTimestamp latest(now.value() + limits::kStreamFutureMicros);
    if (query_.start < oldest) return errors::StreamStartTooOld(oldest, query_.start);
    if (query_.start > latest) return errors::StreamStartTooLate(oldest, latest, query_.start);
    return absl::OkStatus();
  }

  // The partitions of the moment `start`, each in a record of its own.
  absl::Status Tokens() {
    const int64_t period = PeriodOf(stream_, query_.start);
    for (int n = 0; n < PartitionsIn(period); ++n) {
      KS_RETURN_IF_ERROR(output_.emit(ChildrenRow(stream_, query_.start, n, {{period, n}}, {})));
    }
    return absl::OkStatus();
  }

  absl::Status Partition(const StreamPartition& partition) {
    const CommitTimestamp first = PeriodStart(stream_, partition.period);
    const CommitTimestamp after = PeriodStart(stream_, partition.period + 1);
    if (query_.start < first || query_.start > after) {
      return errors::StreamTokenStart(first, after, query_.start);
    }
    const bool to_its_end = !query_.end || *query_.end >= after;
    const CommitTimestamp last(to_its_end ? after.value() - 1 : query_.end->value());
    CommitTimestamp next = query_.start;
    CommitTimestamp sent = query_.start;
    while (next <= last) {
      KS_RETURN_IF_ERROR(output_.check_alive());
      const int64_t poll = limits::kStreamPollMillis * 1'000;
      const CommitTimestamp until(
          std::min(last.value(), std::max(core_.oracle().Now().value(), next.value() + poll)));
      KS_RETURN_IF_ERROR(core_.oracle().WaitUntilReadable(until));
      KS_RETURN_IF_ERROR(Records(partition, next, until, &sent));
      if (until.value() - sent.value() >= query_.heartbeat_millis * 1'000) {
        KS_RETURN_IF_ERROR(output_.emit(HeartbeatRow(until)));
        sent = until;
      }
      next = CommitTimestamp(until.value() + 1);
    }
    if (!to_its_end) return absl::OkStatus();
    const std::vector<StreamPartition> children = ChildrenOf(partition);
    return output_.emit(ChildrenRow(stream_, after, 0, children, ParentsOf(children[0])));
  }

  absl::Status Records(const StreamPartition& partition, CommitTimestamp from, CommitTimestamp to,
                       CommitTimestamp* sent) {
    auto entries =
        core_.store().Scan(EntriesBetween(stream_, from, CommitTimestamp(to.value() + 1)), kLatest);
    for (; entries->Valid(); entries->Next()) {
      KS_RETURN_IF_ERROR(output_.check_alive());
      KS_ASSIGN_OR_RETURN(const ChangeRecord record, DecodeChangeRecord(entries->value()));
      if (record.partition != partition.number) continue;
      *sent = TimestampOfEntry(entries->key());
      KS_RETURN_IF_ERROR(output_.emit(DataRow(*sent, record)));
    }
    return entries->status();
  }

  DatabaseCore& core_;
  const ChangeStream& stream_;
  const ChangeStreamQuery& query_;
  const ChangeStreamOutput& output_;
};

}  // namespace

absl::StatusOr<std::optional<ChangeStreamQuery>> ParseChangeStreamQuery(
    const Schema& schema, std::string_view text, const ParameterLookup& parameters) {
  if (!absl::StrContains(absl::AsciiStrToUpper(AbslView(text)), "READ_")) return std::nullopt;
  sql::TokenList tokens = sql::Tokenize(text);
  if (!tokens.error.ok()) return std::nullopt;  // the SQL parser tells it better
  QueryParser parser(std::move(tokens.tokens), parameters);
  const std::string function = parser.FindFunction();
  if (function.empty()) return std::nullopt;
  const ChangeStream* stream = schema.FindChangeStream(function.substr(strlen("READ_")));
  if (stream == nullptr) return errors::StreamFunctionNotFound(function);
  KS_ASSIGN_OR_RETURN(const auto values, parser.Parse());
  KS_ASSIGN_OR_RETURN(ChangeStreamQuery query, ToQuery(*stream, values));
  return std::optional<ChangeStreamQuery>(std::move(query));
}

sql::TypeRef ChangeRecordType() { return Type::Array(TheTypes().change); }

absl::Status RunChangeStreamQuery(DatabaseCore& core, const ChangeStreamQuery& query,
                                  const ChangeStreamOutput& output) {
  const std::shared_ptr<const Schema> schema = core.schema();
  const ChangeStream* stream = schema->FindChangeStream(query.stream);
  if (stream == nullptr) return errors::StreamFunctionNotFound("READ_" + query.stream);
  return Reader(core, *stream, query, output).Run();
}

}  // namespace ks::local
