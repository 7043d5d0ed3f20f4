// What of a record fits into the columns of kafka_spanner.DeadLetters. A dead letter that Spanner
// refuses would stop the pipeline, so it is made to fit, and its reason says what was left out.
//
// Thread safety: pure functions.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace ks::pipeline {

// The reason as valid UTF-8 (bytes that are none become U+FFFD) of at most
// kDeadLetterReasonBytesMax, `note` at its end.
std::string DeadLetterReason(std::string_view reason, std::string_view note);

// "; value: the first 10,485,760 of its N bytes are kept", or nothing when all are.
std::string CutNote(std::string_view what, size_t bytes);

}  // namespace ks::pipeline
