// References to secrets: each place's form, and what is refused.
#include "identity/secret_reference.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ks::identity {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string ErrorOf(std::string_view text) {
  const auto reference = ParseSecretReference(text);
  return reference.ok() ? "no error" : std::string(reference.status().message());
}

TEST(SecretReferenceTest, ReadsEachPlace) {
  EXPECT_EQ(ParseSecretReference("secret://env/KAFKA_PW")->path, "KAFKA_PW");
  EXPECT_EQ(ParseSecretReference("secret://file/etc/pw")->path, "/etc/pw");
  EXPECT_EQ(ParseSecretReference("secret://kubernetes/var/run/kafka/pw")->path,
            "/var/run/kafka/pw");
  const auto vault = ParseSecretReference("secret://vault/secret/kafka/prod?version=3#password");
  ASSERT_TRUE(vault.ok()) << vault.status();
  EXPECT_EQ(vault->place, SecretPlace::kVault);
  EXPECT_EQ(vault->path, "secret/kafka/prod");
  EXPECT_EQ(vault->Option("version"), "3");
  EXPECT_EQ(vault->field, "password");
  const auto aws =
      ParseSecretReference("secret://aws/prod/kafka?region=eu-west-1&stage=AWSPENDING");
  ASSERT_TRUE(aws.ok()) << aws.status();
  EXPECT_EQ(aws->Option("region"), "eu-west-1");
  EXPECT_EQ(aws->Option("stage"), "AWSPENDING");
  EXPECT_EQ(ParseSecretReference("secret://google/projects/p/secrets/s/versions/latest")->path,
            "projects/p/secrets/s/versions/latest");
}

TEST(SecretReferenceTest, NeverRepeatsWhatIsNoReference) {
  EXPECT_THAT(ErrorOf("hunter2"), Not(HasSubstr("hunter2")));
  EXPECT_THAT(ErrorOf("hunter2"), HasSubstr("secret://env/NAME"));
  EXPECT_THAT(ErrorOf(""), HasSubstr("secret://env/NAME"));
}

TEST(SecretReferenceTest, SaysWhatIsMissing) {
  EXPECT_THAT(ErrorOf("secret://env/"), HasSubstr("name of an environment variable"));
  EXPECT_THAT(ErrorOf("secret://env/A-B"), HasSubstr("name of an environment variable"));
  EXPECT_THAT(ErrorOf("secret://vault/secret/kafka"), HasSubstr("secret://vault/MOUNT/PATH#FIELD"));
  EXPECT_THAT(ErrorOf("secret://etcd/x"), HasSubstr("not read from `etcd`"));
  EXPECT_THAT(ErrorOf("secret://aws/x?zone=a"), HasSubstr("expected one of region version stage"));
  EXPECT_THAT(ErrorOf("secret://file/x?mode=a"), HasSubstr("which has none"));
}

}  // namespace
}  // namespace ks::identity
