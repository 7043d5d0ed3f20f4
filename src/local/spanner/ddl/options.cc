// OPTIONS (name = value, …): one table says what each kind of object takes.
#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "local/spanner/ddl/handlers.h"
#include "local/spanner/schema/ddl_errors.h"

namespace ks::local {
namespace {

enum class ValueKind : uint8_t { kBool, kInteger, kString };

struct Known {
  OptionsOf kind;
  std::string_view name;
  ValueKind value;
};

constexpr Known kKnown[] = {
    {OptionsOf::kColumn, "allow_commit_timestamp", ValueKind::kBool},
    {OptionsOf::kColumn, "locality_group", ValueKind::kString},
    {OptionsOf::kColumn, "columnar_policy", ValueKind::kString},
    {OptionsOf::kTable, "locality_group", ValueKind::kString},
    {OptionsOf::kTable, "columnar_policy", ValueKind::kString},
    {OptionsOf::kTable, "interleave_in_split_enabled", ValueKind::kBool},
    {OptionsOf::kIndex, "locality_group", ValueKind::kString},
    {OptionsOf::kIndex, "columnar_policy", ValueKind::kString},
    {OptionsOf::kDatabase, "version_retention_period", ValueKind::kString},
    {OptionsOf::kDatabase, "default_leader", ValueKind::kString},
    {OptionsOf::kDatabase, "read_lease_regions", ValueKind::kString},
    {OptionsOf::kDatabase, "optimizer_version", ValueKind::kInteger},
    {OptionsOf::kDatabase, "optimizer_statistics_package", ValueKind::kString},
    {OptionsOf::kDatabase, "default_sequence_kind", ValueKind::kString},
    {OptionsOf::kDatabase, "default_time_zone", ValueKind::kString},
    {OptionsOf::kDatabase, "columnar_policy", ValueKind::kString},
    {OptionsOf::kChangeStream, "retention_period", ValueKind::kString},
    {OptionsOf::kChangeStream, "value_capture_type", ValueKind::kString},
    {OptionsOf::kChangeStream, "exclude_ttl_deletes", ValueKind::kBool},
    {OptionsOf::kChangeStream, "exclude_insert", ValueKind::kBool},
    {OptionsOf::kChangeStream, "exclude_update", ValueKind::kBool},
    {OptionsOf::kChangeStream, "exclude_delete", ValueKind::kBool},
    {OptionsOf::kChangeStream, "allow_txn_exclusion", ValueKind::kBool},
    {OptionsOf::kChangeStream, "partition_mode", ValueKind::kString},
    {OptionsOf::kSequence, "sequence_kind", ValueKind::kString},
    {OptionsOf::kSequence, "skip_range_min", ValueKind::kInteger},
    {OptionsOf::kSequence, "skip_range_max", ValueKind::kInteger},
    {OptionsOf::kSequence, "start_with_counter", ValueKind::kInteger},
    {OptionsOf::kLocalityGroup, "storage", ValueKind::kString},
    {OptionsOf::kLocalityGroup, "ssd_to_hdd_spill_timespan", ValueKind::kString},
    {OptionsOf::kPlacement, "instance_partition", ValueKind::kString},
    {OptionsOf::kPlacement, "default_leader", ValueKind::kString},
    {OptionsOf::kPlacement, "read_lease_regions", ValueKind::kString},
};

const Known* FindKnown(OptionsOf kind, std::string_view name) {
  for (const Known& known : kKnown) {
    if (known.kind == kind && known.name == name) return &known;
  }
  return nullptr;
}

std::string_view Supported(ValueKind kind) {
  switch (kind) {
    case ValueKind::kBool:
      return "Supported option values are true, false, and null.";
    case ValueKind::kInteger:
      return "Supported option values are integers and null.";
    case ValueKind::kString:
      return "Supported values are non-empty strings only.";
  }
  return "";
}

bool Fits(ValueKind kind, const sql::OptionValue& value) {
  if (std::holds_alternative<std::monostate>(value)) return true;
  switch (kind) {
    case ValueKind::kBool:
      return std::holds_alternative<bool>(value);
    case ValueKind::kInteger:
      return std::holds_alternative<int64_t>(value);
    case ValueKind::kString:
      return std::holds_alternative<std::string>(value) && !std::get<std::string>(value).empty();
  }
  return false;
}

std::string Text(const sql::OptionValue& value) {
  struct Printer {
    std::string operator()(std::monostate) const { return "NULL"; }
    std::string operator()(bool v) const { return v ? "true" : "false"; }
    std::string operator()(int64_t v) const { return StrCat(v); }
    std::string operator()(double v) const { return StrCat(v); }
    std::string operator()(const std::string& v) const {
      return StrCat("'", absl::CEscape(v), "'");
    }
  };
  return std::visit(Printer(), value);
}

}  // namespace

absl::Status SetOptions(OptionsOf kind, std::string_view text,
                        const std::vector<sql::Option>& options,
                        std::vector<OptionEntry>& entries) {
  for (const sql::Option& option : options) {
    const std::string& name = option.name.name;
    const Known* known = FindKnown(kind, name);
    if (known == nullptr) {
      return errors::BadStatement(text, StrCat("Option: ", name, " is unknown."));
    }
    if (!Fits(known->value, option.value)) {
      return errors::BadStatement(
          text, StrCat("Unexpected value for option: ", name, ". ", Supported(known->value)));
    }
    bool null = std::holds_alternative<std::monostate>(option.value);
    auto there = std::find_if(entries.begin(), entries.end(),
                              [&](const OptionEntry& e) { return e.name == name; });
    if (null && kind != OptionsOf::kChangeStream) {
      if (there != entries.end()) entries.erase(there);
    } else if (there != entries.end()) {
      there->value = Text(option.value);
    } else {
      entries.push_back({name, Text(option.value)});
    }
  }
  return absl::OkStatus();
}

const OptionEntry* FindOption(const std::vector<OptionEntry>& entries, std::string_view name) {
  for (const OptionEntry& entry : entries) {
    if (entry.name == name && entry.value != "NULL") return &entry;
  }
  return nullptr;
}

std::string Unquoted(const OptionEntry& option) {
  std::string text;
  if (option.value.size() < 2 || option.value.front() != '\'') return option.value;
  absl::CUnescape(AbslView(std::string_view(option.value).substr(1, option.value.size() - 2)),
                  &text);
  return text;
}

}  // namespace ks::local
