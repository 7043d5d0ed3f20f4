#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "local/spanner/query/metadata_table.h"

namespace ks::local {

namespace {

constexpr MetadataColumn kSequencesColumns[] = {
    {"CATALOG", "STRING(MAX)"},
    {"SCHEMA", "STRING(MAX)"},
    {"NAME", "STRING(MAX)"},
    {"DATA_TYPE", "STRING(MAX)"},
};

constexpr MetadataColumn kSequenceOptionsColumns[] = {
    {"CATALOG", "STRING(MAX)"},     {"SCHEMA", "STRING(MAX)"},      {"NAME", "STRING(MAX)"},
    {"OPTION_NAME", "STRING(MAX)"}, {"OPTION_TYPE", "STRING(MAX)"}, {"OPTION_VALUE", "STRING(MAX)"},
};

constexpr MetadataColumn kChangeStreamsColumns[] = {
    {"CHANGE_STREAM_CATALOG", "STRING(MAX)"},
    {"CHANGE_STREAM_SCHEMA", "STRING(MAX)"},
    {"CHANGE_STREAM_NAME", "STRING(MAX)"},
    {"ALL", "BOOL"},
};

constexpr MetadataColumn kChangeStreamTablesColumns[] = {
    {"CHANGE_STREAM_CATALOG", "STRING(MAX)"},
    {"CHANGE_STREAM_SCHEMA", "STRING(MAX)"},
    {"CHANGE_STREAM_NAME", "STRING(MAX)"},
    {"TABLE_CATALOG", "STRING(MAX)"},
    {"TABLE_SCHEMA", "STRING(MAX)"},
    {"TABLE_NAME", "STRING(MAX)"},
    {"ALL_COLUMNS", "BOOL"},
};

constexpr MetadataColumn kChangeStreamColumnsColumns[] = {
    {"CHANGE_STREAM_CATALOG", "STRING(MAX)"}, {"CHANGE_STREAM_SCHEMA", "STRING(MAX)"},
    {"CHANGE_STREAM_NAME", "STRING(MAX)"},    {"TABLE_CATALOG", "STRING(MAX)"},
    {"TABLE_SCHEMA", "STRING(MAX)"},          {"TABLE_NAME", "STRING(MAX)"},
    {"COLUMN_NAME", "STRING(MAX)"},
};

constexpr MetadataColumn kChangeStreamOptionsColumns[] = {
    {"CHANGE_STREAM_CATALOG", "STRING(MAX)"}, {"CHANGE_STREAM_SCHEMA", "STRING(MAX)"},
    {"CHANGE_STREAM_NAME", "STRING(MAX)"},    {"OPTION_NAME", "STRING(MAX)"},
    {"OPTION_TYPE", "STRING(MAX)"},           {"OPTION_VALUE", "STRING(MAX)"},
};

constexpr MetadataColumn kRoutinesColumns[] = {
    {"SPECIFIC_CATALOG", "STRING(MAX)"}, {"SPECIFIC_SCHEMA", "STRING(MAX)"},
    {"SPECIFIC_NAME", "STRING(MAX)"},    {"ROUTINE_CATALOG", "STRING(MAX)"},
    {"ROUTINE_SCHEMA", "STRING(MAX)"},   {"ROUTINE_NAME", "STRING(MAX)"},
    {"ROUTINE_TYPE", "STRING(MAX)"},     {"DATA_TYPE", "STRING(MAX)"},
    {"ROUTINE_BODY", "STRING(MAX)"},     {"ROUTINE_DEFINITION", "STRING(MAX)"},
    {"SECURITY_TYPE", "STRING(MAX)"},
};

constexpr MetadataColumn kRoutineOptionsColumns[] = {
    {"SPECIFIC_CATALOG", "STRING(MAX)"}, {"SPECIFIC_SCHEMA", "STRING(MAX)"},
    {"SPECIFIC_NAME", "STRING(MAX)"},    {"OPTION_NAME", "STRING(MAX)"},
    {"OPTION_TYPE", "STRING(MAX)"},      {"OPTION_VALUE", "STRING(MAX)"},
};

constexpr MetadataColumn kParametersColumns[] = {
    {"SPECIFIC_CATALOG", "STRING(MAX)"}, {"SPECIFIC_SCHEMA", "STRING(MAX)"},
    {"SPECIFIC_NAME", "STRING(MAX)"},    {"ORDINAL_POSITION", "INT64"},
    {"PARAMETER_NAME", "STRING(MAX)"},   {"DATA_TYPE", "STRING(MAX)"},
};

constexpr MetadataColumn kLocalityGroupOptionsColumns[] = {
    {"LOCALITY_GROUP_NAME", "STRING(MAX)"},
    {"OPTION_NAME", "STRING(MAX)"},
    {"OPTION_VALUE", "STRING(MAX)", true},
};

constexpr MetadataColumn kPropertyGraphsColumns[] = {
    {"PROPERTY_GRAPH_CATALOG", "STRING(MAX)"},
    {"PROPERTY_GRAPH_SCHEMA", "STRING(MAX)"},
    {"PROPERTY_GRAPH_NAME", "STRING(MAX)"},
    {"PROPERTY_GRAPH_METADATA_JSON", "JSON", true},
};

constexpr MetadataColumn kModelsColumns[] = {
    {"MODEL_CATALOG", "STRING(MAX)"},
    {"MODEL_SCHEMA", "STRING(MAX)"},
    {"MODEL_NAME", "STRING(MAX)"},
    {"IS_REMOTE", "BOOL"},
};

constexpr MetadataColumn kModelOptionsColumns[] = {
    {"MODEL_CATALOG", "STRING(MAX)"}, {"MODEL_SCHEMA", "STRING(MAX)"},
    {"MODEL_NAME", "STRING(MAX)"},    {"OPTION_NAME", "STRING(MAX)"},
    {"OPTION_TYPE", "STRING(MAX)"},   {"OPTION_VALUE", "STRING(MAX)"},
};

constexpr MetadataColumn kModelColumnsColumns[] = {
    {"MODEL_CATALOG", "STRING(MAX)"}, {"MODEL_SCHEMA", "STRING(MAX)"},
    {"MODEL_NAME", "STRING(MAX)"},    {"COLUMN_KIND", "STRING(MAX)"},
    {"COLUMN_NAME", "STRING(MAX)"},   {"ORDINAL_POSITION", "INT64"},
    {"DATA_TYPE", "STRING(MAX)"},     {"IS_EXPLICIT", "BOOL"},
};

constexpr MetadataColumn kModelColumnOptionsColumns[] = {
    {"MODEL_CATALOG", "STRING(MAX)"}, {"MODEL_SCHEMA", "STRING(MAX)"},
    {"MODEL_NAME", "STRING(MAX)"},    {"COLUMN_KIND", "STRING(MAX)"},
    {"COLUMN_NAME", "STRING(MAX)"},   {"OPTION_NAME", "STRING(MAX)"},
    {"OPTION_TYPE", "STRING(MAX)"},   {"OPTION_VALUE", "STRING(MAX)"},
};

void FillNothing(const Schema&, MetadataRows*) {}

MetadataRow Name(std::string_view full_name) {
  const auto [schema, name] = SplitName(full_name);
  return {Text(""), Text(schema), Text(name)};
}

MetadataRow Joined(MetadataRow left, MetadataRow right) {
  for (sql::Value& value : right) left.push_back(std::move(value));
  return left;
}

MetadataRow Option(const OptionEntry& option) {
  const std::string_view value = option.value;
  const bool quoted = value.size() >= 2 && (value.front() == '\'' || value.front() == '"');
  const bool boolean =
      absl::EqualsIgnoreCase(value, "true") || absl::EqualsIgnoreCase(value, "false");
  const char* type = quoted ? "STRING" : boolean ? "BOOL" : "INT64";
  return {Text(option.name), Text(type), Text(quoted ? value.substr(1, value.size() - 2) : value)};
}

void FillSequences(const Schema& schema, MetadataRows* rows) {
  for (const Sequence& sequence : schema.sequences) {
    rows->push_back(Joined(Name(sequence.name), {Text("INT64")}));
  }
}

void FillSequenceOptions(const Schema& schema, MetadataRows* rows) {
  for (const Sequence& sequence : schema.sequences) {
    std::vector<OptionEntry> options = sequence.options;
    if (sequence.by_clauses) {  // shown as the OPTIONS that say the same
      const SequenceParameters& p = sequence.parameters;
      if (p.kind_written) options.push_back({"sequence_kind", "'bit_reversed_positive'"});
      if (p.skip_min) options.push_back({"skip_range_min", absl::StrCat(*p.skip_min)});
      if (p.skip_max) options.push_back({"skip_range_max", absl::StrCat(*p.skip_max)});
      if (p.start_counter)
        options.push_back({"start_with_counter", absl::StrCat(*p.start_counter)});
    }
    for (const OptionEntry& option : options) {
      rows->push_back(Joined(Name(sequence.name), Option(option)));
    }
  }
}

void FillChangeStreams(const Schema& schema, MetadataRows* rows) {
  for (const ChangeStream& stream : schema.change_streams) {
    rows->push_back(Joined(Name(stream.name), {Flag(stream.for_all)}));
  }
}

void FillChangeStreamTables(const Schema& schema, MetadataRows* rows) {
  for (const ChangeStream& stream : schema.change_streams) {
    for (const ChangeStream::Watched& watched : stream.watched) {
      rows->push_back(
          Joined(Joined(Name(stream.name), Name(watched.table)), {Flag(watched.all_columns)}));
    }
  }
}

void FillChangeStreamColumns(const Schema& schema, MetadataRows* rows) {
  for (const ChangeStream& stream : schema.change_streams) {
    for (const ChangeStream::Watched& watched : stream.watched) {
      if (watched.all_columns) continue;
      for (const std::string& column : watched.columns) {
        rows->push_back(Joined(Joined(Name(stream.name), Name(watched.table)), {Text(column)}));
      }
    }
  }
}

void FillChangeStreamOptions(const Schema& schema, MetadataRows* rows) {
  for (const ChangeStream& stream : schema.change_streams) {
    for (const OptionEntry& option : stream.options) {
      if (option.value == "NULL") continue;
      rows->push_back(Joined(Name(stream.name), Option(option)));
    }
  }
}

// The functions that a database has: one to read each change stream with.
std::string ReaderOf(const ChangeStream& stream) { return absl::StrCat("READ_", stream.name); }

void FillRoutines(const Schema& schema, MetadataRows* rows) {
  for (const ChangeStream& stream : schema.change_streams) {
    rows->push_back(Joined(
        Name(ReaderOf(stream)),
        Joined(Name(ReaderOf(stream)), MetadataRow{Text("TABLE FUNCTION"), Text(""),
                                                   Text("EXTERNAL"), Text(""), Text("INVOKER")})));
  }
}

void FillParameters(const Schema& schema, MetadataRows* rows) {
  constexpr std::pair<const char*, const char*> kParameters[] = {
      {"start_timestamp", "TIMESTAMP"},  {"end_timestamp", "TIMESTAMP"},
      {"partition_token", "STRING"},     {"heartbeat_milliseconds", "INT64"},
      {"read_options", "ARRAY<STRING>"},
  };
  for (const ChangeStream& stream : schema.change_streams) {
    int64_t position = 0;
    for (const auto& [name, type] : kParameters) {
      rows->push_back(
          Joined(Name(ReaderOf(stream)), MetadataRow{Int(++position), Text(name), Text(type)}));
    }
  }
}

void FillLocalityGroupOptions(const Schema& schema, MetadataRows* rows) {
  for (const LocalityGroup& group : schema.locality_groups) {
    for (const OptionEntry& option : group.options) {
      rows->push_back({Text(group.name), Text(option.name), Text(option.value)});
    }
  }
}

constexpr MetadataTable kTables[] = {
    {"INFORMATION_SCHEMA", "SEQUENCES", kSequencesColumns, &FillSequences},
    {"INFORMATION_SCHEMA", "SEQUENCE_OPTIONS", kSequenceOptionsColumns, &FillSequenceOptions},
    {"INFORMATION_SCHEMA", "CHANGE_STREAMS", kChangeStreamsColumns, &FillChangeStreams},
    {"INFORMATION_SCHEMA", "CHANGE_STREAM_TABLES", kChangeStreamTablesColumns,
     &FillChangeStreamTables},
    {"INFORMATION_SCHEMA", "CHANGE_STREAM_COLUMNS", kChangeStreamColumnsColumns,
     &FillChangeStreamColumns},
    {"INFORMATION_SCHEMA", "CHANGE_STREAM_OPTIONS", kChangeStreamOptionsColumns,
     &FillChangeStreamOptions},
    {"INFORMATION_SCHEMA", "ROUTINES", kRoutinesColumns, &FillRoutines},
    {"INFORMATION_SCHEMA", "ROUTINE_OPTIONS", kRoutineOptionsColumns, &FillNothing},
    {"INFORMATION_SCHEMA", "PARAMETERS", kParametersColumns, &FillParameters},
    {"INFORMATION_SCHEMA", "LOCALITY_GROUP_OPTIONS", kLocalityGroupOptionsColumns,
     &FillLocalityGroupOptions},
    {"INFORMATION_SCHEMA", "PROPERTY_GRAPHS", kPropertyGraphsColumns, &FillNothing},
    {"INFORMATION_SCHEMA", "MODELS", kModelsColumns, &FillNothing},
    {"INFORMATION_SCHEMA", "MODEL_OPTIONS", kModelOptionsColumns, &FillNothing},
    {"INFORMATION_SCHEMA", "MODEL_COLUMNS", kModelColumnsColumns, &FillNothing},
    {"INFORMATION_SCHEMA", "MODEL_COLUMN_OPTIONS", kModelColumnOptionsColumns, &FillNothing},
};

}  // namespace

absl::Span<const MetadataTable> ObjectMetadata() { return kTables; }

}  // namespace ks::local
