// Every error of this module that a person reads, one function each: where, what is wrong, what to
// do next.
//
// Errors of a pipeline file carry its text and a caret (SourceText::Error); the functions here make
// their words.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "sql/types/type.h"

namespace ks::pipeline {

// ---- The pipeline file
std::string UnknownField(std::string_view path, std::string_view field,
                         const std::vector<std::string>& known);
std::string RepeatedField(std::string_view path, std::string_view field);
// Of a registry: a header that would hold a secret; more than one way to show who asks.
std::string HeaderIsSecret(std::string_view header);
std::string OneCredential(std::string_view path);
std::string MissingRequired(std::string_view path, std::string_view field);
std::string ExpectedMapping(std::string_view path, std::string_view found);
std::string ExpectedList(std::string_view path, std::string_view found);
std::string ExpectedText(std::string_view path, std::string_view found);
std::string ExpectedNumber(std::string_view path, std::string_view found, int64_t min, int64_t max);
std::string ExpectedOneOf(std::string_view path, std::string_view found,
                          const std::vector<std::string>& known);
std::string ExpectedBytes(std::string_view path, std::string_view found);
std::string ExpectedDuration(std::string_view path, std::string_view found);
std::string ExpectedTimestamp(std::string_view path, std::string_view found);
std::string EmptySection(std::string_view path);
std::string ExpectedDatabase(std::string_view found);
std::string ExpectedSelect(std::string_view path);
std::string ExpectedPipelineName(std::string_view found);
std::string ExpectedType(std::string_view path, std::string_view found);
std::string UnknownSource(std::string_view name, const std::vector<std::string>& known);
std::string ReservedName(std::string_view name);
std::string TopicAndTopics();
std::string PropertyHasField(std::string_view property, std::string_view field);
std::string SchemaFileOrRegistry(std::string_view path);
std::string NoKeyFormat(std::string_view format);
std::string ExpectedDelimiter(std::string_view found);
// `line` is the text of the line.
std::string NotYaml(std::string_view reason, std::string_view line);
absl::Status FileTooLarge(std::string_view file, size_t bytes);

// ---- The plan: a pipeline against its target
std::string UnusedSource(std::string_view name);
std::string NotYet(std::string_view what);
std::string ModeAgainstGroupBy(std::string_view mode, bool grouped);
std::string UnnamedOutput();
std::string RepeatedOutput(std::string_view name);
std::string TargetIsView(std::string_view table);
std::string UnknownColumn(std::string_view column, std::string_view table,
                          const std::vector<std::string>& known);
std::string GeneratedColumn(std::string_view column, std::string_view table);
std::string UnknownTargetType(std::string_view column, std::string_view type);
std::string Unstorable(std::string_view output, sql::TypeRef type);
std::string WrongColumnType(std::string_view column, sql::TypeRef type,
                            std::string_view spanner_type, sql::TypeRef found);
std::string MissingNotNull(std::string_view column, std::string_view table);
std::string MissingPrimaryKey(std::string_view column, std::string_view table);
std::string Unaligned(std::string_view table, const std::vector<std::string>& primary_key);
std::string DerivedKey(std::string_view table);
std::string GuessedPrimaryKey(std::string_view table, std::string_view column);
std::string CannotDelete(std::string_view reason);
std::string TombstonesBecomeDeadLetters(std::string_view reason);
std::string AggregateNameIsTable(std::string_view name, std::string_view partials);
std::string PartialsDiffer(std::string_view table, std::string_view found);
absl::Status WrongSchemaRow(size_t query, size_t expected, size_t found);
absl::Status UnmergeableAggregate(std::string_view name);
absl::Status UnstorableType(std::string_view output, sql::TypeRef type);
absl::Status UnusableKeyType(std::string_view output, sql::TypeRef type);
absl::Status RepeatedGroupKey(std::string_view name);
absl::Status ExpressionOverAggregates(std::string_view name);
absl::Status HavingInPipeline();
absl::Status GroupKeyNotSelected();
absl::Status PartialColumnTaken(std::string_view name);

absl::Status WrongFixtureLine(size_t line, std::string_view what);
std::string NoFieldsInSchema();
absl::Status NoReadableFile(std::string_view path);
std::string UnresolvedSchema();

// ---- A record
std::string AssertionFailed(std::string_view message, std::string_view check);
std::string TombstoneRefused(std::string_view table, std::string_view reason);
absl::Status RecordStopsPipeline(std::string_view topic, int32_t partition, int64_t offset,
                                 std::string_view stage, std::string_view reason);

// ---- What Spanner answers
absl::Status UnexpectedWireValue(sql::TypeRef type, std::string_view found);
absl::Status WrongPartialRow(std::string_view table, size_t values);

// Aggregates that take back what a row was before.
std::string OverWithoutChanges(std::string_view mode, std::string_view format);
absl::Status NotTakenBack(std::string_view function, std::string_view why);
std::string ChangesBetweenEvents(std::string_view column);
std::string TimeInTakenBack();
std::string NoRowBefore();  // of a record
std::string SkippedFromRows(std::string_view table);
std::string IgnoredFieldsOfRows(std::string_view table);
std::string DeadLettersBesideRows(std::string_view table, std::string_view snapshot);

}  // namespace ks::pipeline
