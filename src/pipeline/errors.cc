#include "pipeline/errors.h"

#include <utility>

#include "absl/strings/str_join.h"
#include "base/nearest_name.h"
#include "base/str_cat.h"
#include "pipeline/limits.h"
#include "pipeline/source_text.h"

namespace ks::pipeline {
namespace {

// `from.kafka` or, for the file itself, "a pipeline file".
std::string In(std::string_view path) {
  return path.empty() ? "a pipeline file" : StrCat("`", path, "`");
}

// "; did you mean `x`?" or what there is to choose from.
std::string Hint(std::string_view name, const std::vector<std::string>& known) {
  const std::string nearest = NearestName(name, known);
  if (!nearest.empty()) return StrCat("; did you mean `", nearest, "`?");
  return StrCat("; known are ", absl::StrJoin(known, ", "));
}

}  // namespace

std::string UnknownField(std::string_view path, std::string_view field,
                         const std::vector<std::string>& known) {
  return StrCat("unknown field `", Excerpt(field), "` in ", In(path), Hint(field, known));
}

std::string RepeatedField(std::string_view path, std::string_view field) {
  return StrCat("field `", Excerpt(field), "` stands twice in ", In(path), "; keep one");
}

std::string HeaderIsSecret(std::string_view header) {
  return StrCat("`", header,
                "` holds a secret, which does not belong into this file: write `username` and "
                "`password`, `token` or `oauth` instead, with secret://…");
}

std::string OneCredential(std::string_view path) {
  return StrCat("`", path, "`: expected one of `username` with `password`, `token` and `oauth`");
}

std::string MissingRequired(std::string_view path, std::string_view field) {
  return StrCat(In(path), " needs the field `", field, "`");
}

std::string ExpectedMapping(std::string_view path, std::string_view found) {
  return StrCat(In(path), ": expected fields (`name: value`), found ", found);
}

std::string ExpectedList(std::string_view path, std::string_view found) {
  return StrCat(In(path), ": expected a list (`- …`), found ", found);
}

std::string ExpectedText(std::string_view path, std::string_view found) {
  return StrCat(In(path), ": expected text, found ", found);
}

std::string ExpectedNumber(std::string_view path, std::string_view found, int64_t min,
                           int64_t max) {
  return StrCat(In(path), ": expected a whole number from ", min, " to ", max, ", found `", found,
                "`");
}

std::string ExpectedOneOf(std::string_view path, std::string_view found,
                          const std::vector<std::string>& known) {
  const std::string nearest = NearestName(found, known);
  return StrCat(In(path), ": expected ", absl::StrJoin(known, " | "), ", found `", found, "`",
                nearest.empty() ? "" : StrCat("; did you mean `", nearest, "`?"));
}

std::string ExpectedBytes(std::string_view path, std::string_view found) {
  return StrCat(In(path), ": expected a size such as 64MiB, 8MB or 1000000, found `", found, "`");
}

std::string ExpectedDuration(std::string_view path, std::string_view found) {
  return StrCat(In(path), ": expected a duration such as 500ms, 30s, 5m or 1h, found `", found,
                "`");
}

std::string ExpectedTimestamp(std::string_view path, std::string_view found) {
  return StrCat(
      In(path),
      ": expected earliest, latest or an RFC 3339 timestamp such as 2024-01-31T00:00:00Z, found `",
      found, "`");
}

std::string EmptySection(std::string_view path) {
  return StrCat(In(path), " is empty; it needs at least one entry");
}

std::string ExpectedDatabase(std::string_view found) {
  return StrCat(
      "`to.spanner.database`: expected projects/PROJECT/instances/INSTANCE/databases/DATABASE, "
      "found `",
      found, "`");
}

std::string ExpectedSelect(std::string_view path) {
  return StrCat(In(path),
                ": expected a SELECT, found nothing; for example `SELECT id AS Id, name AS Name`");
}

std::string ExpectedPipelineName(std::string_view found) {
  return StrCat("`pipeline`: expected a name of letters, digits, `_`, `-`, `.`, at most ",
                kPipelineNameBytesMax, " long, found `", Excerpt(found), "`");
}

std::string ExpectedType(std::string_view path, std::string_view found) {
  return StrCat(In(path), ": expected a GoogleSQL type such as `STRING NOT NULL`, found ", found);
}

std::string UnknownSource(std::string_view name, const std::vector<std::string>& known) {
  return StrCat("there is no source `", name, "` under `from`", Hint(name, known));
}

std::string ReservedName(std::string_view name) {
  return StrCat(
      "`", name,
      "` cannot be a column's name: names that begin with `_` are the record's metadata (_topic, ",
      "_partition, _offset, _timestamp, _key, _headers)");
}

std::string TopicAndTopics() { return "give `topic` or `topics`, not both"; }

std::string PropertyHasField(std::string_view property, std::string_view field) {
  return StrCat("`", property, "` has its own place: write it as `", field, "` beside `brokers`");
}

std::string SchemaFileOrRegistry(std::string_view path) {
  return StrCat("`", path, "`: expected one of `schema_file: PATH` and `registry: {url: …}`");
}

absl::Status WrongFixtureLine(size_t line, std::string_view what) {
  return absl::InvalidArgumentError(StrCat("input.jsonl:", line, ": ", what));
}

std::string NoFieldsInSchema() { return "the schema has no fields"; }

absl::Status NoReadableFile(std::string_view path) {
  return absl::NotFoundError(StrCat("cannot read the schema file ", path));
}

std::string UnresolvedSchema() {
  return "the schema of this source lies outside the pipeline file and was not read";
}

std::string NoKeyFormat(std::string_view format) {
  return StrCat("`", format,
                "` is a format of values; a key may be json, avro, debezium, csv, string, bytes, "
                "int64 or float64");
}

std::string ExpectedDelimiter(std::string_view found) {
  return StrCat("`delimiter`: expected one character, no quote and no line break, found `", found,
                "`");
}

std::string NotYaml(std::string_view reason, std::string_view line) {
  if (line.find('\t') <= line.find_first_not_of(" \t")) {
    return "this is not YAML: a tab cannot indent; use spaces";
  }
  static constexpr std::pair<std::string_view, std::string_view> kMeanings[] = {
      {"end of map not found", "this line is indented otherwise than its neighbours"},
      {"end of sequence not found", "expected a line that begins with `- `, as those above do"},
      {"end of map flow not found", "this `{` is not closed, or a comma is missing behind it"},
      {"end of sequence flow not found", "this `[` is not closed, or a comma is missing behind it"},
      {"illegal map value", "a `: ` too many; put text that has one into quotes"},
      {"illegal EOF in scalar", "a quote is not closed"},
      {"unknown token", "this character cannot begin a value; put the value into quotes"},
  };
  for (const auto& [said, meaning] : kMeanings) {
    if (reason == said) return StrCat("this is not YAML: ", meaning);
  }
  return StrCat("this is not YAML: ", reason);
}

absl::Status FileTooLarge(std::string_view file, size_t bytes) {
  return absl::InvalidArgumentError(StrCat(file, ": a pipeline file has at most ",
                                           kPipelineFileBytesMax, " bytes, this has ", bytes,
                                           "; is it the right file?"));
}

std::string AssertionFailed(std::string_view message, std::string_view check) {
  if (!message.empty()) return std::string(message);
  return StrCat("assertion failed: ", check);
}

std::string TombstoneRefused(std::string_view table, std::string_view reason) {
  if (reason.empty()) return StrCat("table `", table, "` has `tombstones: dead_letter`");
  return StrCat("the tombstone names no row of `", table, "`: ", reason);
}

absl::Status RecordStopsPipeline(std::string_view topic, int32_t partition, int64_t offset,
                                 std::string_view stage, std::string_view reason) {
  return absl::FailedPreconditionError(StrCat(
      "record ", topic, "/", partition, "@", offset, " cannot be written (", stage, "): ", reason,
      ". The pipeline says to stop at such records: mend the cause, or allow `else: dead_letter` "
      "or `on_error: ",
      "dead_letter`, then start it again"));
}

absl::Status UnexpectedWireValue(sql::TypeRef type, std::string_view found) {
  return absl::InternalError(StrCat("Spanner sent a value that is no ", type->ToString(), ": ",
                                    found.substr(0, kErrorExcerptBytes)));
}

absl::Status WrongPartialRow(std::string_view table, size_t values) {
  return absl::InternalError(StrCat("a row of `", table, "` came with ", values,
                                    " values, which is not what was asked for"));
}

}  // namespace ks::pipeline
