// Condition: a GoogleSQL expression over an action, the actor, the pipeline and the effect, as a
// policy file writes it after `when:`.
//
//   verb        STRING
//   now         TIMESTAMP
//   actor       STRUCT<issuer STRING, subject STRING, groups ARRAY<STRING>, roles ARRAY<STRING>>
//   pipeline    STRUCT<name STRING, environment STRING, labels JSON>
//   effect      STRUCT<records INT64, … (each Fact), ddl STRING, personal ARRAY<STRING>>
//
// Deterministic and without subqueries over tables: the same action always gets the same answer.
// Thread safety: immutable; any thread may ask.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "governance/policy/request.h"
#include "sql/analyzer/analyzer.h"

namespace ks::governance {

// What a policy file says about a pipeline.
struct PipelineFacts {
  std::string environment;
  std::map<std::string, std::string> labels;
};

class Condition {
 public:
  // The error carries the byte offset of its place (sql/parser/error_location.h).
  static absl::StatusOr<Condition> Parse(std::string_view text);

  // Nothing where it is NULL or fails, as it does over a fact that is unknown; `why` says which.
  std::optional<bool> Holds(const Request& request, const PipelineFacts& pipeline,
                            const std::vector<std::string>& roles, std::string* why) const;
  const std::string& text() const { return text_; }

 private:
  std::string text_;
  std::shared_ptr<const sql::AnalyzedExpression> analyzed_;
};

}  // namespace ks::governance
