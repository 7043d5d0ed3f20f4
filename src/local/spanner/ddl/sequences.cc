// CREATE, ALTER and DROP SEQUENCE, and the parameters that identity columns have too.
// Source: https://cloud.google.com/spanner/docs/reference/standard-sql/data-definition-language
#include <algorithm>
#include <charconv>

#include "absl/strings/match.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "local/spanner/ddl/handlers.h"
#include "local/spanner/query/expression_columns.h"
#include "local/spanner/schema/ddl_errors.h"

namespace ks::local {
namespace {

constexpr std::string_view kBitReversed = "bit_reversed_positive";

absl::Status Validate(const SequenceParameters& parameters) {
  if (parameters.skip_min.has_value() != parameters.skip_max.has_value()) {
    return errors::SkipRangeHalf();
  }
  if (parameters.skip_min && *parameters.skip_min > *parameters.skip_max) {
    return errors::SkipRangeOrder();
  }
  if (parameters.start_counter.value_or(1) <= 0) return errors::StartCounterNotPositive();
  return absl::OkStatus();
}

std::optional<int64_t> Integer(const std::vector<OptionEntry>& options, std::string_view name) {
  const OptionEntry* option = FindOption(options, name);
  if (option == nullptr) return std::nullopt;
  int64_t value = 0;
  std::from_chars(option->value.data(), option->value.data() + option->value.size(), value);
  return value;
}

absl::Status TakeOptions(std::string_view text, Sequence& sequence) {
  SequenceParameters& p = sequence.parameters;
  const OptionEntry* kind = FindOption(sequence.options, "sequence_kind");
  if (kind != nullptr && Unquoted(*kind) != kBitReversed) {
    return errors::BadStatement(text, StrCat("Unsupported sequence kind: ", Unquoted(*kind)));
  }
  p.kind_written = kind != nullptr;
  p.skip_min = Integer(sequence.options, "skip_range_min");
  p.skip_max = Integer(sequence.options, "skip_range_max");
  p.start_counter = Integer(sequence.options, "start_with_counter");
  return absl::OkStatus();
}

bool HasDefaultKind(const Schema& schema) {
  return FindOption(schema.database_options, "default_sequence_kind") != nullptr;
}

Sequence* EditSequence(Schema& schema, std::string_view name) {
  for (Sequence& sequence : schema.sequences) {
    if (absl::EqualsIgnoreCase(sequence.name, name)) return &sequence;
  }
  return nullptr;
}

}  // namespace

absl::StatusOr<SequenceParameters> MakeParameters(Schema& schema,
                                                  const sql::SequenceClauses& clauses,
                                                  std::string_view column) {
  SequenceParameters parameters;
  parameters.kind_written = clauses.bit_reversed_positive;
  if (!parameters.kind_written && !HasDefaultKind(schema)) {
    return column.empty() ? errors::SequenceWithoutKind() : errors::IdentityWithoutKind(column);
  }
  if (clauses.skip_range) {
    parameters.skip_min = clauses.skip_range->first;
    parameters.skip_max = clauses.skip_range->second;
  }
  parameters.start_counter = clauses.start_counter;
  KS_RETURN_IF_ERROR(Validate(parameters));
  parameters.space = schema.next_space++;
  return parameters;
}

absl::Status ChangeParameters(const sql::SequenceClauses& clauses, SequenceParameters& parameters) {
  if (clauses.no_skip_range) parameters.skip_min = parameters.skip_max = std::nullopt;
  if (clauses.skip_range) {
    parameters.skip_min = clauses.skip_range->first;
    parameters.skip_max = clauses.skip_range->second;
  }
  if (clauses.restart_counter) parameters.start_counter = clauses.restart_counter;
  return Validate(parameters);
}

std::string UserOfSequence(const Schema& schema, std::string_view sequence) {
  for (const auto& table : schema.tables) {
    for (const Column& column : table->columns) {
      for (const std::string& expression :
           {column.default_expression, column.generated_expression}) {
        for (const std::string& used : SequencesNamedIn(schema, *table, expression)) {
          if (absl::EqualsIgnoreCase(used, sequence)) return StrCat(table->name, ".", column.name);
        }
      }
    }
  }
  return "";
}

absl::Status CreateSequence(DdlContext& context, const sql::Statement& statement) {
  const auto& create = sql::As<sql::CreateSequenceStatement>(statement);
  std::string name = sql::Dotted(create.sequence.name);
  if (create.if_not_exists && context.schema()->FindSequence(name) != nullptr) {
    return absl::OkStatus();
  }
  return context.Change([&](Schema& next) -> absl::Status {
    Sequence sequence;
    sequence.name = name;
    sequence.by_clauses = !create.sequence.clauses.empty();
    if (sequence.by_clauses && !create.sequence.options.empty()) {
      return errors::SequenceTwice(name);
    }
    if (sequence.by_clauses) {
      KS_ASSIGN_OR_RETURN(sequence.parameters, MakeParameters(next, create.sequence.clauses, ""));
    } else {
      KS_RETURN_IF_ERROR(SetOptions(OptionsOf::kSequence, context.text, create.sequence.options,
                                    sequence.options));
      KS_RETURN_IF_ERROR(TakeOptions(context.text, sequence));
      if (!sequence.parameters.kind_written && !HasDefaultKind(next)) {
        return errors::SequenceWithoutKind();
      }
      KS_RETURN_IF_ERROR(Validate(sequence.parameters));
      sequence.parameters.space = next.next_space++;
    }
    next.sequences.push_back(std::move(sequence));
    return absl::OkStatus();
  });
}

absl::Status AlterSequence(DdlContext& context, const sql::Statement& statement) {
  const auto& alter = sql::As<sql::AlterSequenceStatement>(statement);
  std::string name = sql::Dotted(alter.name);
  if (alter.if_exists && context.schema()->FindSequence(name) == nullptr) return absl::OkStatus();
  return context.Change([&](Schema& next) -> absl::Status {
    Sequence* sequence = EditSequence(next, name);
    if (sequence == nullptr) return errors::ObjectNotFound("Sequence", name);
    const auto before = sequence->parameters.start_counter;
    if (!alter.options.empty()) {
      KS_RETURN_IF_ERROR(
          SetOptions(OptionsOf::kSequence, context.text, alter.options, sequence->options));
      KS_RETURN_IF_ERROR(TakeOptions(context.text, *sequence));
      KS_RETURN_IF_ERROR(Validate(sequence->parameters));
    } else {
      KS_RETURN_IF_ERROR(ChangeParameters(alter.clauses, sequence->parameters));
    }
    // A counter that starts anew is another counter.
    if (sequence->parameters.start_counter != before || alter.clauses.restart_counter) {
      sequence->parameters.space = next.next_space++;
    }
    return absl::OkStatus();
  });
}

absl::Status DropSequence(DdlContext& context, const sql::Statement& statement) {
  const auto& drop = sql::As<sql::DropSequenceStatement>(statement);
  std::string name = sql::Dotted(drop.name);
  if (drop.if_exists && context.schema()->FindSequence(name) == nullptr) return absl::OkStatus();
  return context.Change([&](Schema& next) -> absl::Status {
    if (next.FindSequence(name) == nullptr) return errors::ObjectNotFound("Sequence", name);
    std::string user = UserOfSequence(next, name);
    if (!user.empty()) return errors::SequenceInUse(next.FindSequence(name)->name, user);
    std::erase_if(next.sequences,
                  [&](const Sequence& s) { return absl::EqualsIgnoreCase(s.name, name); });
    return absl::OkStatus();
  });
}

}  // namespace ks::local
