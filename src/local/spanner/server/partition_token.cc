#include "local/spanner/server/partition_token.h"

#include "base/status_macros.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "google/spanner/v1/spanner.pb.h"
#include "local/spanner/server/errors.h"
#include "local/spanner/server/wire.h"

namespace ks::local {

namespace pb = google::spanner::v1;

namespace {

constexpr std::string_view kMark = "ksp1";
constexpr uint32_t kFingerprint = 1, kTable = 2, kStart = 3, kLimit = 4, kTransaction = 5;

// FNV-1a: the same in every process.
uint64_t Hash(std::string_view bytes, uint64_t seed) {
  uint64_t hash = seed;
  for (const char c : bytes) hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001b3u;
  return (hash ^ 0xFF) * 0x100000001b3u;  // an end mark
}
constexpr uint64_t kSeed = 0xcbf29ce484222325u;

// Maps in one order.
std::string Deterministic(const google::protobuf::Message& message) {
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream out(&stream);
    out.SetSerializationDeterministic(true);
    message.SerializeToCodedStream(&out);
  }
  return bytes;
}

template <typename Request>
uint64_t OfRead(const Request& request) {
  uint64_t hash = Hash(request.table(), kSeed);
  hash = Hash(request.index(), hash);
  for (const std::string& column : request.columns()) hash = Hash(column, hash);
  return Hash(Deterministic(request.key_set()), hash);
}

template <typename Request>
uint64_t OfQuery(const Request& request) {
  return Hash(Deterministic(request.params()), Hash(request.sql(), kSeed));
}

}  // namespace

std::string PrintPartitionToken(const PartitionToken& token) {
  std::string out(kMark);
  WriteTag(kFingerprint, WireType::kVarint, &out);
  WriteVarint(token.fingerprint, &out);
  WriteBytes(kTable, token.table, &out);
  WriteBytes(kTransaction, token.transaction, &out);
  for (const KeySpan& span : token.spans) {
    WriteBytes(kStart, span.start, &out);
    WriteBytes(kLimit, span.limit, &out);
  }
  return out;
}

absl::StatusOr<PartitionToken> ParsePartitionToken(std::string_view text) {
  if (text.substr(0, kMark.size()) != kMark) return errors::PartitionTokenInvalid();
  PartitionToken token;
  WireReader reader(text.substr(kMark.size()));
  WireField field;
  while (reader.Next(&field)) {
    if (field.number == kFingerprint) token.fingerprint = field.number_value;
    if (field.number == kTable) token.table = std::string(field.bytes);
    if (field.number == kTransaction) token.transaction = std::string(field.bytes);
    if (field.number == kStart) token.spans.push_back({std::string(field.bytes), std::string()});
    if (field.number == kLimit && !token.spans.empty())
      token.spans.back().limit = std::string(field.bytes);
  }
  if (!reader.ok()) return errors::PartitionTokenInvalid();
  return token;
}

namespace {

template <typename Request>
absl::StatusOr<PartitionToken> Checked(const Request& request, uint64_t fingerprint) {
  KS_ASSIGN_OR_RETURN(PartitionToken token, ParsePartitionToken(request.partition_token()));
  if (token.fingerprint != fingerprint) return errors::PartitionOfOtherRequest();
  if (token.transaction != request.transaction().id()) {
    return errors::PartitionOfOtherTransaction();
  }
  return token;
}

}  // namespace

absl::StatusOr<PartitionToken> TokenOf(const pb::ReadRequest& request) {
  return Checked(request, OfRead(request));
}
absl::StatusOr<PartitionToken> TokenOf(const pb::ExecuteSqlRequest& request) {
  return Checked(request, OfQuery(request));
}

uint64_t FingerprintRead(const pb::ReadRequest& request) { return OfRead(request); }
uint64_t FingerprintRead(const pb::PartitionReadRequest& request) { return OfRead(request); }
uint64_t FingerprintQuery(const pb::ExecuteSqlRequest& request) { return OfQuery(request); }
uint64_t FingerprintQuery(const pb::PartitionQueryRequest& request) { return OfQuery(request); }

uint64_t FingerprintStream(const pb::ReadRequest& request) {
  const uint64_t hash = Hash(request.partition_token(), OfRead(request));
  return (hash ^ static_cast<uint64_t>(request.limit())) * 0x100000001b3u;
}
uint64_t FingerprintStream(const pb::ExecuteSqlRequest& request) {
  return Hash(request.partition_token(), OfQuery(request));
}

}  // namespace ks::local
