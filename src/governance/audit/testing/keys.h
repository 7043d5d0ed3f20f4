// Keys for tests: the first key pair of RFC 8032, section 7.1, which everybody knows.
#pragma once

#include "governance/audit/checkpoint.h"

namespace ks::governance {

inline constexpr char kPrivatePem[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
    "-----END PRIVATE KEY-----\n";
inline constexpr char kPublicPem[] =
    "-----BEGIN PUBLIC KEY-----\n"
    "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"
    "-----END PUBLIC KEY-----\n";
inline constexpr char kOtherPublicPem[] =
    "-----BEGIN PUBLIC KEY-----\n"
    "MCowBQYDK2VwAyEADVgv13cbiBU3aFNp1RePHLRMLWI96f0SSkM7l6nP4iQ=\n"
    "-----END PUBLIC KEY-----\n";

inline AuditKey PrivateKey() { return *AuditKey::Private(kPrivatePem, "test"); }
inline AuditKey PublicKey() { return *AuditKey::Public(kPublicPem, "test"); }
inline AuditKey OtherKey() { return *AuditKey::Public(kOtherPublicPem, "test"); }

}  // namespace ks::governance
