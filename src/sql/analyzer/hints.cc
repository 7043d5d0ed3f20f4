#include "sql/analyzer/hints.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "sql/parser/error_location.h"

namespace ks::sql {
namespace {

struct KnownHint {
  HintPlace place;
  std::string_view name;
  std::string_view values;  // `A|B`; empty: anything
};

constexpr std::string_view kBool = "TRUE|FALSE";
constexpr std::string_view kJoinMethods =
    "HASH_JOIN|APPLY_JOIN|MERGE_JOIN|PUSH_BROADCAST_HASH_JOIN";

constexpr KnownHint kHints[] = {
    {HintPlace::kStatement, "ALLOW_DISTRIBUTED_MERGE", kBool},
    {HintPlace::kStatement, "ALLOW_SEARCH_INDEXES_IN_TRANSACTION", kBool},
    {HintPlace::kStatement, "ALLOW_TIMESTAMP_PREDICATE_PUSHDOWN", kBool},
    {HintPlace::kStatement, "EXECUTION_METHOD", "DEFAULT|BATCH|ROW"},
    {HintPlace::kStatement, "FORCE_INDEX", "_BASE_TABLE"},
    {HintPlace::kStatement, "FORCE_JOIN_ORDER", kBool},
    {HintPlace::kStatement, "JOIN_METHOD", kJoinMethods},
    {HintPlace::kStatement, "LOCK_SCANNED_RANGES", "EXCLUSIVE|SHARED"},
    {HintPlace::kStatement, "OPTIMIZER_STATISTICS_PACKAGE", ""},
    {HintPlace::kStatement, "OPTIMIZER_VERSION", ""},
    {HintPlace::kStatement, "PARAMETER_SENSITIVE", "ALWAYS|AUTO|NEVER"},
    {HintPlace::kStatement, "PDML_MAX_PARALLELISM", ""},
    {HintPlace::kStatement, "SCAN_METHOD", "AUTO|BATCH|ROW"},
    {HintPlace::kStatement, "USE_ADDITIONAL_PARALLELISM", kBool},
    {HintPlace::kStatement, "USE_UNENFORCED_FOREIGN_KEY", kBool},
    {HintPlace::kTable, "FORCE_INDEX", ""},
    {HintPlace::kTable, "GROUPBY_SCAN_OPTIMIZATION", kBool},
    {HintPlace::kTable, "INDEX_STRATEGY", "FORCE_INDEX_UNION"},
    {HintPlace::kTable, "SCAN_METHOD", "AUTO|BATCH|ROW"},
    {HintPlace::kTable, "SEEKABLE_KEY_SIZE", ""},
    {HintPlace::kJoin, "BATCH_MODE", kBool},
    {HintPlace::kJoin, "FORCE_JOIN_ORDER", kBool},
    {HintPlace::kJoin, "HASH_JOIN_BUILD_SIDE", "BUILD_LEFT|BUILD_RIGHT"},
    {HintPlace::kJoin, "HASH_JOIN_EXECUTION", "MULTI_PASS|ONE_PASS"},
    {HintPlace::kJoin, "JOIN_METHOD", kJoinMethods},
    {HintPlace::kJoin, "JOIN_TYPE", kJoinMethods},
    {HintPlace::kGroupBy, "GROUP_METHOD", "HASH_GROUP|STREAM_GROUP"},
    {HintPlace::kGroupBy, "GROUP_TYPE", "HASH_GROUP|STREAM_GROUP"},
};

// What the hint's value says, in upper case, and as messages show it.
struct HintText {
  std::string value;
  std::string shown;
};
HintText TextOf(const Expr& value) {
  if (value.kind == ExprKind::kPath) {
    const std::string& name = As<PathExpr>(value).path.back().name;
    return {absl::AsciiStrToUpper(name), absl::StrCat("\"", name, "\"")};
  }
  if (value.kind != ExprKind::kLiteral) return {"", "an expression"};
  const auto& literal = As<LiteralExpr>(value);
  if (literal.literal == LiteralKind::kBool) {
    const std::string_view word = literal.bool_value ? "TRUE" : "FALSE";
    return {std::string(word), std::string(word)};
  }
  const bool text = literal.literal == LiteralKind::kString;
  return {absl::AsciiStrToUpper(literal.text),
          text ? absl::StrCat("\"", literal.text, "\"") : literal.text};
}

absl::Status CheckHint(const HintEntry& entry, HintPlace place) {
  const std::string name = absl::AsciiStrToUpper(entry.name.name);
  for (const KnownHint& known : kHints) {
    if (known.place != place || known.name != name) continue;
    const HintText text = TextOf(*entry.value);
    const std::vector<std::string> allowed = absl::StrSplit(known.values, '|');
    if (known.values.empty() ||
        std::find(allowed.begin(), allowed.end(), text.value) != allowed.end()) {
      return absl::OkStatus();
    }
    return ErrorAt(
        entry.value->range.begin,
        absl::StrCat("Invalid hint value for: ", entry.name.name, " hint: ", text.shown, "."));
  }
  return ErrorAt(entry.name.range.begin, absl::StrCat("Unsupported hint: ", entry.name.name, "."));
}

}  // namespace

absl::Status CheckHints(const Hint* hint, HintPlace place) {
  if (hint == nullptr) return absl::OkStatus();
  for (const HintEntry& entry : hint->entries) {
    const std::string engine = absl::AsciiStrToUpper(entry.qualifier.name);
    if (!engine.empty() && engine != "SPANNER") continue;
    const absl::Status checked = CheckHint(entry, place);
    if (!checked.ok()) return checked;
  }
  return absl::OkStatus();
}

}  // namespace ks::sql
