// The Merkle tree of RFC 6962 (section 2.1) over the entries of an audit log: hashes, proofs that
// an entry is in the tree, proofs that a tree is the beginning of a later one.
//
// A leaf is hashed with 0x00 before it and a node with 0x01, so neither can be taken for the other.
// A tree of n leaves splits at the largest power of two below n.
// https://www.rfc-editor.org/rfc/rfc6962
//
// Invariants (merkle_test.cc holds each against known answers and against every proof of trees up
// to 70 leaves; tests/conformance/go has Go's golang.org/x/mod/sumdb/tlog for a judge):
//   1. Two lists of entries with the same root are the same list.
//   2. A Frontier's root is that of TreeHash over the same leaves.
// Thread safety: pure functions and plain data.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace ks::governance {

inline constexpr size_t kHashBytes = 32;
using Hash = std::array<uint8_t, kHashBytes>;  // SHA-256
using Hashes = std::vector<Hash>;

Hash LeafHash(std::string_view entry);
Hash NodeHash(const Hash& left, const Hash& right);
// The root over all `leaves`; of none, the hash of nothing.
Hash TreeHash(absl::Span<const Hash> leaves);

// That `index` is a leaf: the siblings on its way to the root, lowest first. index < leaves.size().
Hashes InclusionProof(absl::Span<const Hash> leaves, size_t index);
bool Included(const Hash& leaf, uint64_t index, uint64_t size, absl::Span<const Hash> proof,
              const Hash& root);

// That the first `old_size` leaves are a tree that was there before. 0 < old_size <= leaves.size().
Hashes ConsistencyProof(absl::Span<const Hash> leaves, size_t old_size);
bool Consistent(uint64_t old_size, const Hash& old_root, uint64_t size, const Hash& root,
                absl::Span<const Hash> proof);

// What appending needs of a tree: the roots of its full subtrees, largest first. At most 64 hashes.
class Frontier {
 public:
  Frontier() = default;
  // From what Bytes() gave; INVALID_ARGUMENT where that is no frontier of a tree of `size`.
  static absl::StatusOr<Frontier> Parse(uint64_t size, std::string_view bytes);

  void Append(const Hash& leaf);
  uint64_t size() const { return size_; }
  Hash Root() const;
  std::string Bytes() const;
  bool operator==(const Frontier& other) const = default;

 private:
  uint64_t size_ = 0;
  Hashes peaks_;
};

}  // namespace ks::governance
