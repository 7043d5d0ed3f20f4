// A secret never prints, whichever way somebody tries.
#include "identity/secret.h"

#include <gtest/gtest.h>

#include <sstream>
#include <type_traits>

#include "absl/strings/str_cat.h"

namespace ks::identity {
namespace {

constexpr char kPlanted[] = "hunter2-planted-secret";

TEST(SecretTest, StreamsAndGtestShowAPlaceholder) {
  const Secret secret{kPlanted};
  std::stringstream out;
  out << secret;
  EXPECT_EQ(out.str(), "[secret]");
  EXPECT_EQ(testing::PrintToString(secret), "[secret]");
  EXPECT_EQ(secret.Reveal(), kPlanted);
}

template <typename T>
concept Concatenable = requires(const T& value) {
  absl::StrCat(value);
};

TEST(SecretTest, DoesNotConvertToText) {
  static_assert(!std::is_convertible_v<Secret, std::string>);
  static_assert(!std::is_convertible_v<Secret, std::string_view>);
  static_assert(!std::is_convertible_v<std::string, Secret>, "made only on purpose");
  static_assert(!Concatenable<Secret>);
}

TEST(SecretTest, FingerprintsTellSecretsApartAndDoNotContainThem) {
  const Secret a{kPlanted}, same{kPlanted}, b{"other"};
  EXPECT_EQ(a.Fingerprint(), same.Fingerprint());
  EXPECT_NE(a.Fingerprint(), b.Fingerprint());
  EXPECT_EQ(a.Fingerprint().size(), 12u);
}

// A short string lives inside the object: the bytes of one that went must be zero.
TEST(SecretTest, WipesItsBytes) {
  alignas(Secret) unsigned char place[sizeof(Secret)];
  Secret* secret = new (place) Secret("short-one");
  const Secret taken = std::move(*secret);
  EXPECT_TRUE(secret->empty());
  secret->~Secret();
  const std::string_view left(reinterpret_cast<const char*>(place), sizeof(place));
  EXPECT_EQ(left.find("short"), std::string_view::npos);
  EXPECT_EQ(taken.Reveal(), "short-one");
}

}  // namespace
}  // namespace ks::identity
