#include "governance/audit/merkle.h"

#include <gtest/gtest.h>

#include "absl/strings/escaping.h"
#include "base/str_cat.h"

namespace ks::governance {
namespace {

std::string Hex(const Hash& hash) {
  return absl::BytesToHexString({reinterpret_cast<const char*>(hash.data()), hash.size()});
}

Hashes Leaves(size_t n) {
  Hashes leaves;
  for (size_t i = 0; i < n; ++i) leaves.push_back(LeafHash(StrCat("entry ", i)));
  return leaves;
}

// The entries and roots that the tests of Certificate Transparency itself use
// (also in Go's transparency-dev/merkle).
TEST(Merkle, KnownRoots) {
  const std::vector<std::string> entries = {
      "",
      std::string(1, '\0'),
      "\x10",
      "\x20\x21",
      "\x30\x31",
      "\x40\x41\x42\x43",
      "\x50\x51\x52\x53\x54\x55\x56\x57",
      "\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f"};
  const std::vector<std::string> roots = {
      "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
      "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
      "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
      "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
      "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
      "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
      "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
      "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
  EXPECT_EQ(Hex(TreeHash({})), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  Hashes leaves;
  for (size_t i = 0; i < entries.size(); ++i) {
    leaves.push_back(LeafHash(entries[i]));
    EXPECT_EQ(Hex(TreeHash(leaves)), roots[i]) << i;
  }
}

TEST(Merkle, FrontierHasTheTreesRoot) {
  Frontier frontier;
  const Hashes leaves = Leaves(70);
  for (size_t n = 0; n < leaves.size(); ++n) {
    EXPECT_EQ(frontier.Root(), TreeHash(absl::MakeSpan(leaves).first(n)));
    const auto again = Frontier::Parse(n, frontier.Bytes());
    ASSERT_TRUE(again.ok());
    EXPECT_EQ(*again, frontier);
    EXPECT_FALSE(Frontier::Parse(n, frontier.Bytes() + "x").ok());
    frontier.Append(leaves[n]);
  }
}

TEST(Merkle, EveryInclusionProofHoldsForItsLeafOnly) {
  for (size_t n = 1; n <= 20; ++n) {
    const Hashes leaves = Leaves(n);
    const Hash root = TreeHash(leaves);
    for (size_t i = 0; i < n; ++i) {
      Hashes proof = InclusionProof(leaves, i);
      EXPECT_TRUE(Included(leaves[i], i, n, proof, root));
      for (size_t other = 0; other < n; ++other) {
        EXPECT_EQ(Included(leaves[other], i, n, proof, root), other == i);
        EXPECT_EQ(Included(leaves[i], other, n, proof, root), other == i);
      }
      EXPECT_FALSE(Included(leaves[i], n, n, proof, root));
      EXPECT_FALSE(Included(leaves[i], i, n, proof, LeafHash("another root")));
      proof.push_back(root);
      EXPECT_FALSE(Included(leaves[i], i, n, proof, root));
    }
  }
}

TEST(Merkle, EveryConsistencyProofHoldsForItsTreesOnly) {
  const Hashes leaves = Leaves(20);
  for (size_t n = 1; n <= leaves.size(); ++n) {
    const auto now = absl::MakeSpan(leaves).first(n);
    const Hash root = TreeHash(now);
    for (size_t m = 1; m <= n; ++m) {
      Hashes proof = ConsistencyProof(now, m);
      const Hash old_root = TreeHash(now.first(m));
      EXPECT_TRUE(Consistent(m, old_root, n, root, proof)) << m << " of " << n;
      EXPECT_FALSE(Consistent(m, LeafHash("rewritten"), n, root, proof));
      EXPECT_FALSE(Consistent(m, old_root, n, LeafHash("rewritten"), proof));
      for (Hash& hash : proof) {
        hash[7] ^= 1;
        EXPECT_FALSE(Consistent(m, old_root, n, root, proof));
        hash[7] ^= 1;
      }
      proof.push_back(root);
      EXPECT_FALSE(Consistent(m, old_root, n, root, proof));
    }
    EXPECT_FALSE(Consistent(0, TreeHash({}), n, root, {}));
    EXPECT_FALSE(Consistent(n + 1, root, n, root, {}));
  }
}

}  // namespace
}  // namespace ks::governance
