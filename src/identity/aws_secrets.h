// Secrets of AWS Secrets Manager: GetSecretValue, signed with the credentials that
// aws_credentials.h finds, which are kept until shortly before they expire.
// https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html
//
// The region is the reference's, its ARN's, or AWS_REGION's. Needs secretsmanager:GetSecretValue on
// the secret, and kms:Decrypt where it has a key of its own. Thread safety: any thread; it blocks.
#pragma once

#include <memory>

#include "env/clock.h"
#include "env/environment.h"
#include "identity/http.h"
#include "identity/secret_resolver.h"

namespace ks::identity {

std::unique_ptr<SecretStore> MakeAwsSecretStore(const env::Environment& environment,
                                                HttpClient& http, env::Clock& clock);

}  // namespace ks::identity
