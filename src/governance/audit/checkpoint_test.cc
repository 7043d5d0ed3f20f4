#include "governance/audit/checkpoint.h"

#include <gtest/gtest.h>

#include "absl/strings/str_replace.h"
#include "governance/audit/testing/keys.h"

namespace ks::governance {
namespace {

Checkpoint Example() { return {OriginOf("projects/p/instances/i/databases/d"), 17, LeafHash("x")}; }

TEST(Checkpoint, WhatWasSignedIsReadBack) {
  const auto note = PrivateKey().Sign(Example());
  ASSERT_TRUE(note.ok());
  const auto read = PublicKey().Open(*note);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->origin, "kafka-spanner/projects/p/instances/i/databases/d");
  EXPECT_EQ(read->size, 17);
  EXPECT_EQ(read->root, Example().root);
}

// Ed25519 is deterministic, so the whole note is known. The signature was made with OpenSSL's own
// program: openssl pkeyutl -sign -rawin.
TEST(Checkpoint, TheNoteAsOthersWriteIt) {
  EXPECT_EQ(
      *PrivateKey().Sign({"log", 1, LeafHash("")}),
      "log\n1\nbjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB0=\n\n"
      "— log 1rlj5eqMucXsvWyM1uU12Zi5In3KgzSQPrsmiF2hlHErHgbKUO9X+nSYADi0TyHCFzey0MxgvtLr9KvKa3CX"
      "GqP23wA=\n");
}

TEST(Checkpoint, NothingElseIsAccepted) {
  const std::string note = *PrivateKey().Sign(Example());
  for (size_t i = 0; i < note.size(); ++i) {
    std::string changed = note;
    changed[i] ^= 1;
    // The last sextet of base64 has two bits that mean nothing; Abseil passes them over.
    const auto read = PublicKey().Open(changed);
    if (read.ok()) {
      EXPECT_EQ(read->size, 17) << i;
      EXPECT_EQ(read->root, Example().root) << i;
      EXPECT_GT(i, note.size() - 4) << i;
    }
  }
  for (const char* text : {"", "\n", "\n\n", "a\n\n", "a\n1\nbad\n\n— a b\n"})
    EXPECT_FALSE(PublicKey().Open(text).ok());
  EXPECT_FALSE(OtherKey().Open(note).ok());
  // A signature of another log's name.
  EXPECT_FALSE(PublicKey().Open(absl::StrReplaceAll(note, {{"databases/d", "databases/e"}})).ok());
  // One of another, beside ours, is passed over.
  EXPECT_TRUE(PublicKey().Open(note + "— witness aGVsbG8=\n").ok());
}

TEST(Checkpoint, KeysOfOtherKindsAreRefused) {
  EXPECT_FALSE(AuditKey::Private("", "audit.key").ok());
  EXPECT_FALSE(AuditKey::Private(kPublicPem, "audit.key").ok());
  EXPECT_FALSE(AuditKey::Public(kPrivatePem, "audit.pub").ok());
  const auto refused = AuditKey::Private("hunter2", "secret://env/KEY");
  EXPECT_EQ(refused.status().message().find("hunter2"), std::string::npos);
}

}  // namespace
}  // namespace ks::governance
