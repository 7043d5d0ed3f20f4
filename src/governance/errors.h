// Every error of this module that a person reads, one function each: what is wrong, what to do
// next.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace ks::governance {

// ---- Keys and checkpoints
absl::Status NoPrivateKey(std::string_view reference);
absl::Status NoPublicKey(std::string_view file);
absl::Status NoCheckpoint(std::string_view reason);
absl::Status CannotSign();
absl::Status CannotKeepCheckpoint(std::string_view path, std::string_view reason);
absl::Status TooLongToVerify();
// A topic without a checkpoint of this log, which was said to be there.
absl::Status NoneInTopic(std::string_view topic, std::string_view origin);
absl::Status CannotReadCheckpoints(std::string_view path, std::string_view reason);

// ---- The log in Spanner
absl::Status NoFrontier(uint64_t size, size_t bytes);
absl::Status LogOutOfOrder(int64_t expected, std::string_view found);
absl::Status LogWasChanged(uint64_t checkpoint_size);
absl::Status LogIsShorter(uint64_t checkpoint_size, uint64_t entries);
absl::Status IntentNotRecorded(const absl::Status& why);
absl::Status ResultNotRecorded(const absl::Status& result, const absl::Status& why);
absl::Status NoAuditSection(std::string_view file);

// ---- A policy file. Texts for SourceText::Error.
std::string ExpectedPrincipal(std::string_view path, std::string_view found);
std::string ExpectedMoment(std::string_view path, std::string_view found);
std::string ExceptOfApproval();
std::string OnlyOfApproval(std::string_view field);
std::string UnknownMask(std::string_view function, std::string_view nearest);
absl::Status VolatileCondition(std::string_view function);

// ---- Verifying an export
absl::Status NotAnEvent(std::string_view file, size_t line);
absl::Status EntryDuplicated(size_t line, uint64_t seq);
absl::Status EntryMissing(size_t line, uint64_t expected, uint64_t found);
absl::Status EntryReordered(size_t line, uint64_t expected, uint64_t found);
absl::Status EventDiffersFromEntry(size_t line, uint64_t seq);
absl::Status EntriesChanged(uint64_t from, uint64_t to);
absl::Status ExportTruncated(uint64_t entries, uint64_t signed_size);
absl::Status NothingSigned();
absl::Status EndNotSigned(uint64_t signed_size, uint64_t entries);
absl::Status ForeignCheckpoint(std::string_view origin, std::string_view other);
absl::Status NoSuchEntry(std::string_view id);
absl::Status NoSuchSize(uint64_t size, uint64_t signed_size);

}  // namespace ks::governance
