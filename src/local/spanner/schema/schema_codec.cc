#include "local/spanner/schema/schema_codec.h"

#include <nlohmann/json.hpp>

#include "base/status_macros.h"
#include "local/spanner/schema/proto_types.h"

namespace ks::local {
namespace {

using Json = nlohmann::json;

// ---- Writing ----

Json Options(const std::vector<OptionEntry>& options) {
  Json out = Json::array();
  for (const OptionEntry& option : options) out.push_back({option.name, option.value});
  return out;
}

Json Keys(const std::vector<KeyColumn>& keys) {
  Json out = Json::array();
  for (const KeyColumn& key : keys) out.push_back({key.column, key.descending});
  return out;
}

// PROTO and ENUM print as their bare names; a mark tells which.
std::string TypeText(sql::TypeRef type) {
  if (type->is_array()) return "A" + TypeText(type->element());
  if (type->Is(sql::TypeKind::kProto)) return "P" + type->full_name();
  if (type->Is(sql::TypeKind::kEnum)) return "E" + type->full_name();
  return "T" + type->ToString();
}

Json WriteSequenceParameters(const SequenceParameters& p) {
  Json out = {{"space", p.space}, {"kind_written", p.kind_written}};
  if (p.skip_min) out["skip_min"] = *p.skip_min;
  if (p.skip_max) out["skip_max"] = *p.skip_max;
  if (p.start_counter) out["start_counter"] = *p.start_counter;
  return out;
}

Json WriteColumn(const Column& c) {
  Json out = {{"id", c.id}, {"name", c.name}, {"type", TypeText(c.type)}, {"not_null", c.not_null}};
  if (c.max_length != 0) out["max_length"] = c.max_length;
  if (c.vector_length) out["vector_length"] = *c.vector_length;
  if (c.hidden) out["hidden"] = true;
  if (!c.default_expression.empty()) out["default"] = c.default_expression;
  if (!c.on_update_expression.empty()) out["on_update"] = c.on_update_expression;
  if (c.generated != GeneratedKind::kNone) {
    out["generated"] = static_cast<int>(c.generated);
    out["generated_as"] = c.generated_expression;
  }
  if (c.placement_key) out["placement_key"] = true;
  if (c.identity) out["identity"] = WriteSequenceParameters(*c.identity);
  if (c.commit_timestamp_written) out["allow_commit_timestamp"] = c.allow_commit_timestamp;
  if (!c.options.empty()) out["options"] = Options(c.options);
  return out;
}

Json WriteTable(const Table& t) {
  Json columns = Json::array();
  for (const Column& column : t.columns) columns.push_back(WriteColumn(column));
  Json checks = Json::array();
  for (const CheckConstraint& c : t.checks) {
    checks.push_back({{"name", c.name},
                      {"generated_name", c.generated_name},
                      {"expression", c.expression},
                      {"enforced", c.enforced}});
  }
  Json foreign_keys = Json::array();
  for (const ForeignKey& k : t.foreign_keys) {
    foreign_keys.push_back({{"name", k.name},
                            {"generated_name", k.generated_name},
                            {"columns", k.columns},
                            {"table", k.referenced_table},
                            {"referenced", k.referenced_columns},
                            {"on_delete", static_cast<int>(k.on_delete)},
                            {"on_delete_written", k.on_delete_written},
                            {"enforced", k.enforced},
                            {"enforcement_written", k.enforcement_written}});
  }
  Json out = {{"name", t.name},
              {"space", t.space},
              {"next_column_id", t.next_column_id},
              {"columns", columns},
              {"key", Keys(t.key)},
              {"interleave", static_cast<int>(t.interleave)},
              {"parent", t.parent},
              {"on_delete", static_cast<int>(t.on_delete)},
              {"checks", checks},
              {"foreign_keys", foreign_keys},
              {"synonyms", t.synonyms},
              {"options", Options(t.options)}};
  if (t.row_deletion_policy) {
    out["row_deletion"] = {t.row_deletion_policy->column, t.row_deletion_policy->days};
  }
  return out;
}

Json WriteIndex(const Index& i) {
  return {{"name", i.name},
          {"space", i.space},
          {"table", i.table},
          {"key", Keys(i.key)},
          {"storing", i.storing},
          {"unique", i.unique},
          {"null_filtered", i.null_filtered},
          {"not_null_columns", i.not_null_columns},
          {"interleave_in", i.interleave_in},
          {"backfilled", i.backfilled},
          {"managed", i.managed},
          {"options", Options(i.options)}};
}

Json WriteView(const View& v) {
  Json columns = Json::array();
  for (const View::Column& c : v.columns) columns.push_back({c.name, TypeText(c.type)});
  return {
      {"name", v.name}, {"query", v.query}, {"invoker", v.security_invoker}, {"columns", columns}};
}

Json WriteStream(const ChangeStream& s) {
  Json watched = Json::array();
  for (const auto& w : s.watched) watched.push_back({w.table, w.all_columns, w.columns});
  return {{"name", s.name},   {"space", s.space},   {"created", s.created_micros},
          {"all", s.for_all}, {"watched", watched}, {"options", Options(s.options)}};
}

// ---- Reading: any surprise throws inside nlohmann, and DecodeSchema turns that into DATA_LOSS
// ----

std::vector<OptionEntry> ReadOptions(const Json& in) {
  std::vector<OptionEntry> options;
  for (const Json& pair : in) options.push_back({pair.at(0), pair.at(1)});
  return options;
}

std::vector<KeyColumn> ReadKeys(const Json& in) {
  std::vector<KeyColumn> keys;
  for (const Json& pair : in) keys.push_back({pair.at(0), pair.at(1)});
  return keys;
}

sql::TypeRef ReadType(std::string_view text) {
  std::string_view rest = text.substr(1);
  switch (text.at(0)) {
    case 'A':
      return sql::Type::Array(ReadType(rest));
    case 'P':
      return sql::Type::Proto(rest);
    case 'E':
      return sql::Type::Enum(rest);
    default: {
      sql::TypeRef type = sql::Type::FromName(rest);
      // A view may give STRUCT columns nowhere: Spanner refuses them; so all others are simple.
      return type != nullptr ? type : sql::Type::String();
    }
  }
}

template <typename T>
std::optional<T> Optional(const Json& in, const char* field) {
  if (!in.contains(field)) return std::nullopt;
  return in.at(field).get<T>();
}

SequenceParameters ReadSequenceParameters(const Json& in) {
  return {in.at("space"), in.at("kind_written"), Optional<int64_t>(in, "skip_min"),
          Optional<int64_t>(in, "skip_max"), Optional<int64_t>(in, "start_counter")};
}

Column ReadColumn(const Json& in) {
  Column c;
  c.id = in.at("id");
  c.name = in.at("name");
  c.type = ReadType(in.at("type").get<std::string>());
  c.not_null = in.at("not_null");
  c.max_length = in.value("max_length", int64_t{0});
  c.vector_length = Optional<int64_t>(in, "vector_length");
  c.hidden = in.value("hidden", false);
  c.default_expression = in.value("default", "");
  c.on_update_expression = in.value("on_update", "");
  c.generated = static_cast<GeneratedKind>(in.value("generated", 0));
  c.generated_expression = in.value("generated_as", "");
  c.placement_key = in.value("placement_key", false);
  if (in.contains("identity")) c.identity = ReadSequenceParameters(in.at("identity"));
  c.commit_timestamp_written = in.contains("allow_commit_timestamp");
  c.allow_commit_timestamp = in.value("allow_commit_timestamp", false);
  c.options = ReadOptions(in.value("options", Json::array()));
  return c;
}

void ReadConstraints(const Json& in, Table& t) {
  for (const Json& c : in.at("checks")) {
    t.checks.push_back(
        {c.at("name"), c.at("generated_name"), c.at("expression"), c.at("enforced")});
  }
  for (const Json& k : in.at("foreign_keys")) {
    ForeignKey key;
    key.name = k.at("name");
    key.generated_name = k.at("generated_name");
    key.columns = k.at("columns").get<std::vector<int>>();
    key.referenced_table = k.at("table");
    key.referenced_columns = k.at("referenced").get<std::vector<std::string>>();
    key.on_delete = static_cast<OnDelete>(k.at("on_delete").get<int>());
    key.on_delete_written = k.value("on_delete_written", false);
    key.enforced = k.at("enforced");
    key.enforcement_written = k.value("enforcement_written", false);
    t.foreign_keys.push_back(std::move(key));
  }
}

std::unique_ptr<Table> ReadTable(const Json& in) {
  auto t = std::make_unique<Table>();
  t->name = in.at("name");
  t->space = in.at("space");
  t->next_column_id = in.at("next_column_id");
  for (const Json& column : in.at("columns")) t->columns.push_back(ReadColumn(column));
  t->key = ReadKeys(in.at("key"));
  t->interleave = static_cast<InterleaveKind>(in.at("interleave").get<int>());
  t->parent = in.at("parent");
  t->on_delete = static_cast<OnDelete>(in.at("on_delete").get<int>());
  ReadConstraints(in, *t);
  t->synonyms = in.at("synonyms").get<std::vector<std::string>>();
  t->options = ReadOptions(in.at("options"));
  if (in.contains("row_deletion")) {
    t->row_deletion_policy =
        RowDeletionPolicy{in.at("row_deletion").at(0), in.at("row_deletion").at(1)};
  }
  return t;
}

std::unique_ptr<Index> ReadIndex(const Json& in) {
  auto i = std::make_unique<Index>();
  i->name = in.at("name");
  i->space = in.at("space");
  i->table = in.at("table");
  i->key = ReadKeys(in.at("key"));
  i->storing = in.at("storing").get<std::vector<int>>();
  i->unique = in.at("unique");
  i->null_filtered = in.at("null_filtered");
  i->not_null_columns = in.at("not_null_columns").get<std::vector<int>>();
  i->interleave_in = in.at("interleave_in");
  i->backfilled = in.at("backfilled");
  i->managed = in.at("managed");
  i->options = ReadOptions(in.at("options"));
  return i;
}

std::unique_ptr<View> ReadView(const Json& in) {
  auto v = std::make_unique<View>();
  v->name = in.at("name");
  v->query = in.at("query");
  v->security_invoker = in.at("invoker");
  for (const Json& c : in.at("columns")) {
    v->columns.push_back({c.at(0), ReadType(c.at(1).get<std::string>())});
  }
  return v;
}

ChangeStream ReadStream(const Json& in) {
  ChangeStream s;
  s.name = in.at("name");
  s.space = in.at("space");
  s.created_micros = in.at("created");
  s.for_all = in.at("all");
  for (const Json& w : in.at("watched")) {
    s.watched.push_back({w.at(0), w.at(1), w.at(2).get<std::vector<std::string>>()});
  }
  s.options = ReadOptions(in.at("options"));
  return s;
}

absl::Status ReadProtoTypes(const Json& in, Schema& schema) {
  const auto names = in.value("proto_bundle", std::vector<std::string>());
  if (names.empty()) return absl::OkStatus();
  const auto& files = in.at("proto_descriptors").get_binary();
  const std::string_view descriptors(reinterpret_cast<const char*>(files.data()), files.size());
  KS_ASSIGN_OR_RETURN(schema.proto_types, ProtoTypes::Read(descriptors, names));
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<const Schema>> ReadSchema(const Json& in) {
  auto s = std::make_shared<Schema>();
  s->version = in.at("version");
  s->since = CommitTimestamp(in.at("since").get<int64_t>());
  s->next_space = in.at("next_space");
  s->named_schemas = in.at("schemas").get<std::vector<std::string>>();
  for (const Json& table : in.at("tables")) s->tables.push_back(ReadTable(table));
  for (const Json& index : in.at("indexes")) s->indexes.push_back(ReadIndex(index));
  for (const Json& view : in.at("views")) s->views.push_back(ReadView(view));
  for (const Json& q : in.at("sequences")) {
    s->sequences.push_back({q.at("name"), q.at("by_clauses"),
                            ReadSequenceParameters(q.at("parameters")),
                            ReadOptions(q.at("options"))});
  }
  for (const Json& stream : in.at("change_streams")) {
    s->change_streams.push_back(ReadStream(stream));
  }
  for (const Json& role : in.at("roles")) s->roles.push_back({role.get<std::string>()});
  for (const Json& p : in.at("privileges")) {
    s->privileges.push_back({p.at("action"), p.at("columns").get<std::vector<std::string>>(),
                             static_cast<GranteeObject>(p.at("kind").get<int>()), p.at("object"),
                             p.at("role")});
  }
  for (const Json& g : in.value("locality_groups", Json::array())) {
    s->locality_groups.push_back({g.at("name"), ReadOptions(g.at("options"))});
  }
  for (const Json& p : in.value("placements", Json::array())) {
    s->placements.push_back({p.at("name"), ReadOptions(p.at("options"))});
  }
  s->database_name = in.value("database_name", "");
  s->database_options = ReadOptions(in.at("options"));
  KS_RETURN_IF_ERROR(ReadProtoTypes(in, *s));
  s->Finish();
  return s;
}

}  // namespace

std::string EncodeSchema(const Schema& s) {
  Json out = {{"version", s.version},
              {"since", s.since.value()},
              {"next_space", s.next_space},
              {"schemas", s.named_schemas},
              {"database_name", s.database_name},
              {"options", Options(s.database_options)}};
  for (const char* list : {"tables", "indexes", "views", "sequences", "change_streams",
                           "locality_groups", "placements", "roles", "privileges"}) {
    out[list] = Json::array();
  }
  for (const auto& table : s.tables) out["tables"].push_back(WriteTable(*table));
  for (const auto& index : s.indexes) out["indexes"].push_back(WriteIndex(*index));
  for (const auto& view : s.views) out["views"].push_back(WriteView(*view));
  for (const Sequence& q : s.sequences) {
    out["sequences"].push_back({{"name", q.name},
                                {"by_clauses", q.by_clauses},
                                {"parameters", WriteSequenceParameters(q.parameters)},
                                {"options", Options(q.options)}});
  }
  for (const ChangeStream& stream : s.change_streams) {
    out["change_streams"].push_back(WriteStream(stream));
  }
  for (const LocalityGroup& g : s.locality_groups) {
    out["locality_groups"].push_back({{"name", g.name}, {"options", Options(g.options)}});
  }
  for (const Placement& p : s.placements) {
    out["placements"].push_back({{"name", p.name}, {"options", Options(p.options)}});
  }
  for (const Role& role : s.roles) out["roles"].push_back(role.name);
  for (const Privilege& p : s.privileges) {
    out["privileges"].push_back({{"action", p.action},
                                 {"columns", p.columns},
                                 {"kind", static_cast<int>(p.object)},
                                 {"object", p.object_name},
                                 {"role", p.role}});
  }
  if (s.proto_types != nullptr) {
    const std::string files = s.proto_types->descriptors();
    out["proto_bundle"] = s.proto_types->names();
    out["proto_descriptors"] = Json::binary(std::vector<uint8_t>(files.begin(), files.end()));
  }
  std::vector<uint8_t> bytes = Json::to_cbor(out);
  return std::string(bytes.begin(), bytes.end());
}

absl::StatusOr<std::shared_ptr<const Schema>> DecodeSchema(std::string_view bytes) {
  Json in = Json::from_cbor(bytes.begin(), bytes.end(), true, false);
  if (in.is_discarded()) return absl::DataLossError("stored schema cannot be read");
  try {  // the library's accessors report a missing field this way; nothing of ours throws
    return ReadSchema(in);
  } catch (const std::exception& e) {
    return absl::DataLossError(std::string("stored schema cannot be read: ") + e.what());
  }
}

}  // namespace ks::local
