// Secrets from environment variables, files and Kubernetes mounts.
#include "identity/secret_resolver.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ks::identity {
namespace {

using testing::HasSubstr;
using testing::Not;

class SecretResolverTest : public testing::Test {
 protected:
  absl::StatusOr<SecretVersion> Resolve(std::string_view reference) {
    return resolver_.Resolve(*ParseSecretReference(reference));
  }
  std::string ErrorOf(std::string_view reference) {
    return std::string(Resolve(reference).status().message());
  }

  env::SimEnvironment environment_;
  SecretResolver resolver_{environment_};
};

TEST_F(SecretResolverTest, ReadsAVariable) {
  environment_.variables["PW"] = " as it is\n";
  EXPECT_EQ(Resolve("secret://env/PW")->value.Reveal(), " as it is\n");
  EXPECT_THAT(ErrorOf("secret://env/NOPE"), HasSubstr("NOPE is not set for this process"));
}

TEST_F(SecretResolverTest, ReadsAFileWithoutTheEditorsLineEnd) {
  environment_.files["/etc/pw"] = "first\nsecond\r\n";
  EXPECT_EQ(Resolve("secret://file/etc/pw")->value.Reveal(), "first\nsecond");
  EXPECT_THAT(ErrorOf("secret://file/etc/no"), HasSubstr("secret://file/etc/no: cannot read"));
}

TEST_F(SecretResolverTest, TakesAFieldOfAnObject) {
  environment_.files["/etc/pw"] = R"({"user": "a", "password": "p", "n": 1})";
  EXPECT_EQ(Resolve("secret://file/etc/pw#password")->value.Reveal(), "p");
  for (const std::string_view field : {"nope", "n"}) {
    const std::string error = ErrorOf(std::string("secret://file/etc/pw#") + std::string(field));
    EXPECT_THAT(error, HasSubstr("no JSON object with a text field"));
    EXPECT_THAT(error, Not(HasSubstr("\"p\"")));
  }
}

TEST_F(SecretResolverTest, RefusesAnEmptySecret) {
  environment_.variables["PW"] = "";
  EXPECT_THAT(ErrorOf("secret://env/PW"), HasSubstr("is there, and empty"));
}

// A file that is gone, or that lost its field, while we run.
TEST_F(SecretResolverTest, WhatCannotBeReadAnyMoreStaysWhatItWas) {
  environment_.files["/m/pw"] = R"({"password": "one"})";
  const auto first = Resolve("secret://file/m/pw#password");
  for (const std::string_view now : {"", "{}", "two"}) {
    environment_.files["/m/pw"] = std::string(now);
    EXPECT_EQ(Resolve("secret://file/m/pw#password")->value.Reveal(), "one") << now;
    EXPECT_EQ(Resolve("secret://file/m/pw#password")->version, first->version);
  }
  environment_.files.erase("/m/pw");
  EXPECT_EQ(Resolve("secret://file/m/pw#password")->value.Reveal(), "one");
  EXPECT_THAT(ErrorOf("secret://file/m/pw"), HasSubstr("cannot read"));  // never read as a whole
  environment_.files["/m/pw"] = R"({"password": "two"})";
  EXPECT_EQ(Resolve("secret://file/m/pw#password")->value.Reveal(), "two");
}

TEST_F(SecretResolverTest, VersionsFollowTheSecret) {
  environment_.files["/m/pw"] = "one";
  const std::string first = Resolve("secret://file/m/pw")->version;
  EXPECT_EQ(Resolve("secret://file/m/pw")->version, first);
  environment_.files["/m/pw"] = "two";
  EXPECT_NE(Resolve("secret://file/m/pw")->version, first);
  environment_.links["/m/..data"] = "..2026_11_26_10_00_00.1";
  EXPECT_EQ(Resolve("secret://kubernetes/m/pw")->version, "..2026_11_26_10_00_00.1");
}

}  // namespace
}  // namespace ks::identity
