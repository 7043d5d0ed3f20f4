// A fixture: a folder with a pipeline, records, and what they leave in Spanner; run without Kafka
// and without Spanner.
//
//   pipeline.yaml    the pipeline
//   target.sql       the target's DDL, if the tables exist; else they are those that `plan --ddl`
//                    would create
//   input.jsonl      a record per line: {"key": …, "value": …, "partition": 0, "offset": 7,
//                    "timestamp": 1700000000000, "headers": {…}}. Strings are bytes as they are,
//                    null is none, {"$hex": "00ff"} stands for bytes that are no text, anything
//                    else is its JSON text. Offsets count up by themselves. {"source": "orders",
//                    "topic": "o"} says where from when there are several.
//                    {"commit": true} commits what has gathered; so does the end.
//   registry.json    schemas by number and by subject, for pipelines with a registry: Avro's, or
//                    {"schemaType": …, "schema": its text, "references": {name: text}}; "down": a
//                    number at which it does not answer
//   expected.rows    the tables at the end, dead letters, what was counted
//   expected.error   instead: the error of the file
//
// For users `kafka-spanner test` (docs/guide/testing.md); our own cases are tests/pipelines.
// Thread safety: none.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "pipeline/spec.h"

namespace ks::pipeline {

struct FixtureAnswer {
  bool is_error = false;  // of the pipeline file: text is in the form of expected.error
  std::string text;       // else of expected.rows
};

// `pipeline_file`: where it lies, if not in the folder. INVALID_ARGUMENT when the fixture itself is
// wrong, with the line.
absl::StatusOr<FixtureAnswer> RunFixture(const std::string& folder,
                                         const std::string& pipeline_file = "");

// As ResolveSchemas, with the schemas of the fixture in `folder`.
absl::Status ResolveFixtureSchemas(const std::string& folder, PipelineSpec* spec);

std::string ReadFile(const std::string& path);  // empty when there is none

// What a person needs to see of two texts: their lines that differ, `-` of the first and `+` of the
// second, with a line around them.
std::string LineDiff(std::string_view expected, std::string_view actual);

}  // namespace ks::pipeline
