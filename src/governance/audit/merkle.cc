#include "governance/audit/merkle.h"

#include <openssl/sha.h>

#include <bit>
#include <cstring>

#include "governance/errors.h"

namespace ks::governance {
namespace {

// The largest power of two below n; n > 1.
uint64_t SplitOf(uint64_t n) { return std::bit_floor(n - 1); }

// Section 2.1.2: `whole` says that the subtree is one the old tree has, too.
void AppendConsistency(absl::Span<const Hash> leaves, size_t old_size, bool whole, Hashes* proof) {
  if (old_size == leaves.size()) {
    if (!whole) proof->push_back(TreeHash(leaves));
    return;
  }
  const size_t split = SplitOf(leaves.size());
  if (old_size <= split) {
    AppendConsistency(leaves.first(split), old_size, whole, proof);
    proof->push_back(TreeHash(leaves.subspan(split)));
  } else {
    AppendConsistency(leaves.subspan(split), old_size - split, false, proof);
    proof->push_back(TreeHash(leaves.first(split)));
  }
}

}  // namespace

Hash LeafHash(std::string_view entry) {
  std::string bytes(1, '\0');
  bytes.append(entry);
  Hash hash;
  SHA256(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size(), hash.data());
  return hash;
}

Hash NodeHash(const Hash& left, const Hash& right) {
  std::array<uint8_t, 1 + 2 * kHashBytes> both;
  both[0] = 1;
  std::memcpy(&both[1], left.data(), kHashBytes);
  std::memcpy(&both[1 + kHashBytes], right.data(), kHashBytes);
  Hash hash;
  SHA256(both.data(), both.size(), hash.data());
  return hash;
}

Hash TreeHash(absl::Span<const Hash> leaves) {
  if (leaves.size() == 1) return leaves[0];
  if (leaves.empty()) {
    Hash hash;
    SHA256(nullptr, 0, hash.data());
    return hash;
  }
  const size_t split = SplitOf(leaves.size());
  return NodeHash(TreeHash(leaves.first(split)), TreeHash(leaves.subspan(split)));
}

Hashes InclusionProof(absl::Span<const Hash> leaves, size_t index) {
  if (leaves.size() <= 1) return {};
  const size_t split = SplitOf(leaves.size());
  const bool left = index < split;
  Hashes proof = left ? InclusionProof(leaves.first(split), index)
                      : InclusionProof(leaves.subspan(split), index - split);
  proof.push_back(TreeHash(left ? leaves.subspan(split) : leaves.first(split)));
  return proof;
}

// RFC 9162, section 2.1.3.2, which says what RFC 6962 leaves to the reader.
bool Included(const Hash& leaf, uint64_t index, uint64_t size, absl::Span<const Hash> proof,
              const Hash& root) {
  if (index >= size) return false;
  uint64_t node = index;
  uint64_t last = size - 1;
  Hash hash = leaf;
  for (const Hash& sibling : proof) {
    if (last == 0) return false;
    if ((node & 1) != 0 || node == last) {
      hash = NodeHash(sibling, hash);
      while ((node & 1) == 0 && node != 0) {
        node >>= 1;
        last >>= 1;
      }
    } else {
      hash = NodeHash(hash, sibling);
    }
    node >>= 1;
    last >>= 1;
  }
  return last == 0 && hash == root;
}

Hashes ConsistencyProof(absl::Span<const Hash> leaves, size_t old_size) {
  Hashes proof;
  AppendConsistency(leaves, old_size, true, &proof);
  return proof;
}

// RFC 9162, section 2.1.4.2.
bool Consistent(uint64_t old_size, const Hash& old_root, uint64_t size, const Hash& root,
                absl::Span<const Hash> proof) {
  if (old_size == 0 || old_size > size) return false;
  if (old_size == size) return proof.empty() && old_root == root;
  uint64_t node = old_size - 1;
  uint64_t last = size - 1;
  for (; (node & 1) != 0; node >>= 1) last >>= 1;
  size_t next = 0;
  Hash old_hash = old_root;
  if (!std::has_single_bit(old_size)) {
    if (proof.empty()) return false;
    old_hash = proof[next++];
  }
  Hash hash = old_hash;
  for (; next < proof.size(); ++next) {
    if (last == 0) return false;
    if ((node & 1) != 0 || node == last) {
      old_hash = NodeHash(proof[next], old_hash);
      hash = NodeHash(proof[next], hash);
      while ((node & 1) == 0 && node != 0) {
        node >>= 1;
        last >>= 1;
      }
    } else {
      hash = NodeHash(hash, proof[next]);
    }
    node >>= 1;
    last >>= 1;
  }
  return last == 0 && old_hash == old_root && hash == root;
}

absl::StatusOr<Frontier> Frontier::Parse(uint64_t size, std::string_view bytes) {
  Frontier frontier;
  frontier.size_ = size;
  frontier.peaks_.resize(static_cast<size_t>(std::popcount(size)));
  if (bytes.size() != frontier.peaks_.size() * kHashBytes) return NoFrontier(size, bytes.size());
  if (!bytes.empty()) std::memcpy(frontier.peaks_.data(), bytes.data(), bytes.size());
  return frontier;
}

// Each one bit at the end of `size_` is a full subtree that the new leaf completes to the next.
void Frontier::Append(const Hash& leaf) {
  Hash hash = leaf;
  for (uint64_t size = size_; (size & 1) != 0; size >>= 1) {
    hash = NodeHash(peaks_.back(), hash);
    peaks_.pop_back();
  }
  peaks_.push_back(hash);
  ++size_;
}

Hash Frontier::Root() const {
  if (peaks_.empty()) return TreeHash({});
  Hash hash = peaks_.back();
  for (size_t i = peaks_.size() - 1; i > 0; --i) hash = NodeHash(peaks_[i - 1], hash);
  return hash;
}

std::string Frontier::Bytes() const {
  std::string bytes(peaks_.size() * kHashBytes, '\0');
  if (!bytes.empty()) std::memcpy(bytes.data(), peaks_.data(), bytes.size());
  return bytes;
}

}  // namespace ks::governance
