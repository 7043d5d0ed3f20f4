#include "governance/audit/verified_log.h"

#include <google/spanner/v1/spanner.pb.h>

#include <charconv>
#include <utility>

#include "absl/strings/numbers.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "governance/audit/audit_log.h"
#include "governance/audit/verifier.h"
#include "governance/errors.h"
#include "governance/hash.h"
#include "governance/limits.h"
#include "identity/pkce.h"

namespace ks::governance {
namespace {

// 60 bits are a number of Spanner's without a sign.
constexpr size_t kDigits = 15;
constexpr char kDigestSql[] = R"sql(SELECT COUNT(*),
  BIT_XOR(CAST(CONCAT('0x', SUBSTR(Digest, 1, 15)) AS INT64)),
  BIT_XOR(CAST(CONCAT('0x', SUBSTR(Digest, 16, 15)) AS INT64)),
  BIT_XOR(CAST(CONCAT('0x', SUBSTR(Digest, 31, 15)) AS INT64)),
  BIT_XOR(CAST(CONCAT('0x', SUBSTR(Digest, 46, 15)) AS INT64))
FROM (SELECT TO_HEX(SHA256(CONCAT(@key, ':', CAST(Seq AS STRING), ':', Entry))) AS Digest
      FROM kafka_spanner.AuditLog WHERE Seq < @size))sql";

}  // namespace

void EntryDigest::Add(uint64_t seq, std::string_view entry) {
  const std::string hash = Sha256Hex(StrCat(key_, ":", seq, ":", entry));
  for (size_t i = 0; i < bits_.size(); ++i) {
    int64_t part = 0;
    const char* const from = hash.data() + i * kDigits;
    std::from_chars(from, from + kDigits, part, 16);
    bits_[i] ^= part;
  }
  ++count_;
}

absl::StatusOr<EntryDigest> EntryDigest::Ask(spanner::Client& client, uint64_t size) const {
  google::spanner::v1::ExecuteSqlRequest request;
  request.set_sql(kDigestSql);
  auto& params = *request.mutable_params()->mutable_fields();
  params["key"].set_string_value(key_);
  params["size"].set_string_value(StrCat(size));
  (*request.mutable_param_types())["key"].set_code(google::spanner::v1::STRING);
  (*request.mutable_param_types())["size"].set_code(google::spanner::v1::INT64);
  KS_ASSIGN_OR_RETURN(const auto rows, client.QueryNow(std::move(request)));
  EntryDigest digest(key_);
  if (rows->rows_size() != 1) return digest;
  const auto& row = rows->rows(0);
  bool read = absl::SimpleAtoi(row.values(0).string_value(), &digest.count_);
  // NULL over no entries.
  for (size_t i = 0; i < digest.bits_.size() && digest.count_ > 0; ++i) {
    const auto& value = row.values(static_cast<int>(i) + 1);
    read = absl::SimpleAtoi(value.string_value(), &digest.bits_[i]) && read;
  }
  if (!read) return absl::InternalError("Spanner's digest of the audit log is no number");
  return digest;
}

// What to begin with: nothing, or what holds already.
VerifiedLog::Memory VerifiedLog::Remembered(uint64_t size, bool whole, int64_t now_nanos) {
  const absl::MutexLock lock(&mu_);
  if (!whole && memory_ && memory_->tree.size() <= size) return *memory_;
  return {EntryDigest(identity::RandomText()), Frontier(), now_nanos};
}

absl::StatusOr<VerifiedLog::Verdict> VerifiedLog::Verify(spanner::Client& client,
                                                         const std::string& note, bool whole,
                                                         int64_t now_nanos) {
  KS_ASSIGN_OR_RETURN(const Checkpoint checkpoint, key_.Open(note));
  Memory memory = Remembered(checkpoint.size, whole, now_nanos);
  const uint64_t from = memory.tree.size();
  if (checkpoint.size - from > kVerifiedAtOnceMax) return TooLongToVerify();
  Verdict verdict{.whole_nanos = memory.whole_nanos};
  if (from > 0) {
    KS_ASSIGN_OR_RETURN(const EntryDigest now, memory.digest.Ask(client, from));
    if (now != memory.digest) verdict.holds = EntriesChanged(0, from);
  }
  Verifier verifier(key_, {}, memory.tree);
  const absl::Status read = ReadEntries(client, from, [&](uint64_t seq, const std::string& entry) {
    // What was appended since is not covered by the checkpoint: it is left for the next time.
    if (from + verdict.read >= checkpoint.size) return;
    ++verdict.read;
    memory.digest.Add(seq, entry);
    verdict.holds.Update(verifier.AddEntry(verdict.read, entry));
  });
  if (absl::IsUnavailable(read) || absl::IsDeadlineExceeded(read)) return read;
  verdict.holds.Update(read);
  verdict.holds.Update(verifier.AddCheckpoint(note));
  if (verdict.holds.ok()) verdict.holds = verifier.Finish();
  const absl::MutexLock lock(&mu_);
  if (verdict.holds.ok()) {
    memory.tree = verifier.tree();
    memory_ = std::move(memory);
  } else {
    memory_.reset();
  }
  return verdict;
}

}  // namespace ks::governance
