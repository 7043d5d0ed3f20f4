#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "local/spanner/query/expression_columns.h"
#include "local/spanner/query/metadata_table.h"

namespace ks::local {

namespace {

constexpr MetadataColumn kSchemataColumns[] = {
    {"CATALOG_NAME", "STRING(MAX)"},
    {"SCHEMA_NAME", "STRING(MAX)"},
    {"EFFECTIVE_TIMESTAMP", "INT64", true},
    {"SCHEMA_OWNER", "STRING(MAX)", true},
};

constexpr MetadataColumn kTablesColumns[] = {
    {"TABLE_CATALOG", "STRING(MAX)"},
    {"TABLE_SCHEMA", "STRING(MAX)"},
    {"TABLE_NAME", "STRING(MAX)"},
    {"PARENT_TABLE_NAME", "STRING(MAX)", true},
    {"ON_DELETE_ACTION", "STRING(MAX)", true},
    {"TABLE_TYPE", "STRING(32)"},
    {"SPANNER_STATE", "STRING(MAX)", true},
    {"INTERLEAVE_TYPE", "STRING(MAX)", true},
    {"ROW_DELETION_POLICY_EXPRESSION", "STRING(MAX)", true},
};

constexpr MetadataColumn kColumnsColumns[] = {
    {"TABLE_CATALOG", "STRING(MAX)"},
    {"TABLE_SCHEMA", "STRING(MAX)"},
    {"TABLE_NAME", "STRING(MAX)"},
    {"COLUMN_NAME", "STRING(MAX)"},
    {"ORDINAL_POSITION", "INT64"},
    {"COLUMN_DEFAULT", "STRING(MAX)", true},
    {"DATA_TYPE", "STRING(MAX)", true},
    {"IS_NULLABLE", "STRING(MAX)", true},
    {"SPANNER_TYPE", "STRING(MAX)", true},
    {"IS_GENERATED", "STRING(MAX)"},
    {"GENERATION_EXPRESSION", "STRING(MAX)", true},
    {"IS_STORED", "STRING(MAX)", true},
    {"SPANNER_STATE", "STRING(MAX)", true},
    {"IS_IDENTITY", "STRING(MAX)", true},
    {"IDENTITY_GENERATION", "STRING(MAX)", true},
    {"IDENTITY_KIND", "STRING(MAX)", true},
    {"IDENTITY_START_WITH_COUNTER", "STRING(MAX)", true},
    {"IDENTITY_SKIP_RANGE_MIN", "STRING(MAX)", true},
    {"IDENTITY_SKIP_RANGE_MAX", "STRING(MAX)", true},
};

constexpr MetadataColumn kColumnOptionsColumns[] = {
    {"TABLE_CATALOG", "STRING(MAX)"}, {"TABLE_SCHEMA", "STRING(MAX)"},
    {"TABLE_NAME", "STRING(MAX)"},    {"COLUMN_NAME", "STRING(MAX)"},
    {"OPTION_NAME", "STRING(MAX)"},   {"OPTION_TYPE", "STRING(MAX)"},
    {"OPTION_VALUE", "STRING(MAX)"},
};

constexpr MetadataColumn kColumnColumnUsageColumns[] = {
    {"TABLE_CATALOG", "STRING(MAX)"},    {"TABLE_SCHEMA", "STRING(MAX)"},
    {"TABLE_NAME", "STRING(MAX)"},       {"COLUMN_NAME", "STRING(MAX)"},
    {"DEPENDENT_COLUMN", "STRING(MAX)"},
};

constexpr MetadataColumn kViewsColumns[] = {
    {"TABLE_CATALOG", "STRING(MAX)"}, {"TABLE_SCHEMA", "STRING(MAX)"},
    {"TABLE_NAME", "STRING(MAX)"},    {"VIEW_DEFINITION", "STRING(MAX)", true},
    {"SECURITY_TYPE", "STRING(MAX)"},
};

constexpr MetadataColumn kDatabaseOptionsColumns[] = {
    {"CATALOG_NAME", "STRING(MAX)"}, {"SCHEMA_NAME", "STRING(MAX)"},
    {"OPTION_NAME", "STRING(MAX)"},  {"OPTION_TYPE", "STRING(MAX)"},
    {"OPTION_VALUE", "STRING(MAX)"},
};

constexpr const char* kMetadataSchemas[] = {"INFORMATION_SCHEMA", "SPANNER_SYS"};

void FillSchemata(const Schema& schema, MetadataRows* rows) {
  const auto add = [&](std::string_view name) {
    rows->push_back({Text(""), Text(name), Int(0), Text("")});
  };
  add("");
  for (const char* name : kMetadataSchemas) add(name);
  for (const std::string& name : schema.named_schemas) add(name);
}

MetadataRow Name(std::string_view full_name) {
  const auto [schema, name] = SplitName(full_name);
  return {Text(""), Text(schema), Text(name)};
}

template <typename... Values>
void Add(MetadataRow row, MetadataRows* rows, Values... values) {
  (row.push_back(std::move(values)), ...);
  rows->push_back(std::move(row));
}

sql::Value ParentOf(const Table& table) {
  return table.interleave == InterleaveKind::kNone ? NullText() : Text(table.parent);
}

sql::Value OnDeleteOf(const Table& table) {
  if (table.interleave != InterleaveKind::kInParent) return NullText();
  return Text(table.on_delete == OnDelete::kCascade ? "CASCADE" : "NO ACTION");
}

// A table that is not interleaved says IN PARENT, as in Spanner.
sql::Value InterleaveOf(const Table& table) {
  return Text(table.interleave == InterleaveKind::kIn ? "IN" : "IN PARENT");
}

sql::Value PolicyOf(const Table& table) {
  if (!table.row_deletion_policy.has_value()) return NullText();
  const RowDeletionPolicy& policy = *table.row_deletion_policy;
  return Text(absl::StrCat("OLDER_THAN(", table.columns[policy.column].name, ", INTERVAL ",
                           policy.days, " DAY)"));
}

void FillTables(const Schema& schema, MetadataRows* rows) {
  for (const auto& table : schema.tables) {
    Add(Name(table->name), rows, ParentOf(*table), OnDeleteOf(*table), Text("BASE TABLE"),
        Text("COMMITTED"), InterleaveOf(*table), PolicyOf(*table));
    for (const std::string& synonym : table->synonyms) {
      Add(Name(synonym), rows, NullText(), NullText(), Text("SYNONYM"), NullText(), Text(""),
          NullText());
    }
  }
  for (const auto& view : schema.views) {
    Add(Name(view->name), rows, NullText(), NullText(), Text("VIEW"), NullText(), Text(""),
        NullText());
  }
  for (const MetadataTable* table : MetadataTables()) {
    rows->push_back({Text(""), Text(table->schema), Text(table->name), NullText(), NullText(),
                     Text("VIEW"), NullText(), Text(""), NullText()});
  }
}

sql::Value NumberText(const std::optional<int64_t>& number) {
  return number.has_value() ? Text(absl::StrCat(*number)) : NullText();
}

void AddColumn(const Table& table, size_t position, MetadataRows* rows) {
  const Column& column = table.columns[position];
  MetadataRow row = Name(table.name);
  const bool generated = column.generated != GeneratedKind::kNone;
  const SequenceParameters identity = column.identity.value_or(SequenceParameters());
  const bool is_identity = column.identity.has_value();
  Add(std::move(row), rows, Text(column.name), Int(static_cast<int64_t>(position) + 1),
      TextOrNull(column.default_expression), NullText(), YesNo(!column.not_null),
      Text(column.SpannerType()), Text(generated ? "ALWAYS" : "NEVER"),
      TextOrNull(column.generated_expression),
      generated ? YesNo(column.generated == GeneratedKind::kStored) : NullText(), Text("COMMITTED"),
      YesNo(is_identity), is_identity ? Text("BY DEFAULT") : NullText(),
      is_identity ? Text("BIT_REVERSED_POSITIVE_SEQUENCE") : NullText(),
      NumberText(identity.start_counter), NumberText(identity.skip_min),
      NumberText(identity.skip_max));
}

std::string TypeName(sql::TypeRef type) {
  if (type->is_array()) return absl::StrCat("ARRAY<", TypeName(type->element()), ">");
  const bool sized = type->Is(sql::TypeKind::kString) || type->Is(sql::TypeKind::kBytes);
  return sized ? type->ToString() + "(MAX)" : type->ToString();
}

void AddPlainColumn(MetadataRow name, std::string_view column, int64_t position, bool nullable,
                    std::string_view type, MetadataRows* rows) {
  Add(std::move(name), rows, Text(column), Int(position), NullText(), NullText(), YesNo(nullable),
      Text(type), Text("NEVER"), NullText(), NullText(), Text("COMMITTED"), YesNo(false),
      NullText(), NullText(), NullText(), NullText(), NullText());
}

void FillColumns(const Schema& schema, MetadataRows* rows) {
  for (const auto& table : schema.tables) {
    for (size_t i = 0; i < table->columns.size(); ++i) AddColumn(*table, i, rows);
  }
  for (const auto& view : schema.views) {
    const std::vector<View::Column> columns = ColumnsOfView(schema, *view);
    for (size_t i = 0; i < columns.size(); ++i) {
      AddPlainColumn(Name(view->name), columns[i].name, static_cast<int64_t>(i) + 1, true,
                     TypeName(columns[i].type), rows);
    }
  }
  for (const MetadataTable* table : MetadataTables()) {
    for (size_t i = 0; i < table->columns.size(); ++i) {
      const MetadataColumn& column = table->columns[i];
      AddPlainColumn({Text(""), Text(table->schema), Text(table->name)}, column.name,
                     static_cast<int64_t>(i) + 1, column.nullable, column.type, rows);
    }
  }
}

const char* OptionType(std::string_view value) {
  if (value.empty() || value.front() == '\'' || value.front() == '"') return "STRING";
  const bool boolean =
      absl::EqualsIgnoreCase(value, "true") || absl::EqualsIgnoreCase(value, "false");
  return boolean ? "BOOL" : "INT64";
}

// The value without quotes; booleans in capitals, as Spanner shows them.
std::string OptionValue(std::string_view value) {
  const bool quoted = value.size() >= 2 && (value.front() == '\'' || value.front() == '"');
  if (quoted) return std::string(value.substr(1, value.size() - 2));
  return absl::AsciiStrToUpper(value);
}

void FillColumnOptions(const Schema& schema, MetadataRows* rows) {
  for (const auto& table : schema.tables) {
    for (const Column& column : table->columns) {
      const auto add = [&](std::string_view name, std::string_view type, std::string_view value) {
        Add(Name(table->name), rows, Text(column.name), Text(name), Text(type), Text(value));
      };
      if (column.allow_commit_timestamp) add("allow_commit_timestamp", "BOOL", "TRUE");
      for (const OptionEntry& option : column.options) {
        add(option.name, OptionType(option.value), OptionValue(option.value));
      }
    }
  }
}

// Columns that a generated column's expression names.
void FillColumnColumnUsage(const Schema& schema, MetadataRows* rows) {
  for (const auto& table : schema.tables) {
    for (const Column& column : table->columns) {
      if (column.generated == GeneratedKind::kNone) continue;
      for (const int used : ColumnsNamedIn(*table, column.generated_expression)) {
        Add(Name(table->name), rows, Text(table->columns[used].name), Text(column.name));
      }
    }
  }
}

void FillViews(const Schema& schema, MetadataRows* rows) {
  for (const auto& view : schema.views) {
    Add(Name(view->name), rows, Text(view->query),
        Text(view->security_invoker ? "INVOKER" : "DEFINER"));
  }
}

void FillDatabaseOptions(const Schema& schema, MetadataRows* rows) {
  rows->push_back(
      {Text(""), Text(""), Text("database_dialect"), Text("STRING"), Text("GOOGLE_STANDARD_SQL")});
  for (const OptionEntry& option : schema.database_options) {
    rows->push_back({Text(""), Text(""), Text(option.name), Text(OptionType(option.value)),
                     Text(OptionValue(option.value))});
  }
}

constexpr MetadataTable kTables[] = {
    {"INFORMATION_SCHEMA", "SCHEMATA", kSchemataColumns, &FillSchemata},
    {"INFORMATION_SCHEMA", "TABLES", kTablesColumns, &FillTables},
    {"INFORMATION_SCHEMA", "COLUMNS", kColumnsColumns, &FillColumns},
    {"INFORMATION_SCHEMA", "COLUMN_OPTIONS", kColumnOptionsColumns, &FillColumnOptions},
    {"INFORMATION_SCHEMA", "COLUMN_COLUMN_USAGE", kColumnColumnUsageColumns,
     &FillColumnColumnUsage},
    {"INFORMATION_SCHEMA", "VIEWS", kViewsColumns, &FillViews},
    {"INFORMATION_SCHEMA", "DATABASE_OPTIONS", kDatabaseOptionsColumns, &FillDatabaseOptions},
};

}  // namespace

absl::Span<const MetadataTable> TableMetadata() { return kTables; }

}  // namespace ks::local
