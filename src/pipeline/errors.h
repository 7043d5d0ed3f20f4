// Every error of this module that a person reads, one function each: where, what is wrong, what to do next.
//
// Errors of a pipeline file carry its text and a caret (SourceText::Error); the functions here make their words.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace ks::pipeline {

// ---- The pipeline file
std::string UnknownField(std::string_view path, std::string_view field, const std::vector<std::string>& known);
std::string RepeatedField(std::string_view path, std::string_view field);
std::string MissingRequired(std::string_view path, std::string_view field);
std::string ExpectedMapping(std::string_view path, std::string_view found);
std::string ExpectedList(std::string_view path, std::string_view found);
std::string ExpectedText(std::string_view path, std::string_view found);
std::string ExpectedNumber(std::string_view path, std::string_view found, int64_t min, int64_t max);
std::string ExpectedOneOf(std::string_view path, std::string_view found, const std::vector<std::string>& known);
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
std::string FormatNotYet(std::string_view format);
std::string NotYaml(std::string_view reason);
absl::Status FileTooLarge(std::string_view file, size_t bytes);

}  // namespace ks::pipeline
