// One folder under tests/pipelines: a pipeline, its input, and what it leaves in Spanner.
//
//   pipeline.yaml    the pipeline
//   target.sql       the target's DDL, if the tables exist; else they are those that `plan --ddl`
//   would create input.jsonl      a record per line: {"key": …, "value": …, "partition": 0,
//   "offset": 7, "timestamp": 1700000000000,
//                    "headers": {…}}. Strings are bytes as they are, null is none, anything else is
//                    its JSON text. Offsets count up by themselves. {"source": "orders", "topic":
//                    "o"} says where from when there are several.
//                    {"commit": true} commits what has gathered; so does the end.
//                    {"$hex": "00ff"} stands for bytes that are no text.
//   registry.json    schemas by number and by subject, for pipelines with a registry: Avro's, or
//                    {"schemaType": …, "schema": its text, "references": {name: text}}; "down": a
//                    number at which it does not answer
//   expected.rows    the tables at the end, dead letters, what was counted
//   expected.error   instead: the error of the file
#pragma once

#include <string>

#include "absl/status/status.h"
#include "pipeline/spec.h"

namespace ks::pipeline {

// What the case in `folder` gives, in the form of expected.rows or expected.error; `is_error` says
// which.
std::string RunGoldenCase(const std::string& folder, bool* is_error);

// As ResolveSchemas, with the schemas of the case in `folder`.
absl::Status ResolveCaseSchemas(const std::string& folder, PipelineSpec* spec);

std::string ReadFile(const std::string& path);  // empty when there is none

}  // namespace ks::pipeline
