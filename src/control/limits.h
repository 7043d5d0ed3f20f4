// Every limit of the control plane.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ks::control {

// Requests for approval, and times that the glass was broken, that are shown.
inline constexpr int kRequestsListed = 200;
// A request's body: a pipeline file and a little around it.
inline constexpr size_t kBodyBytesMax = size_t{1} << 20;
// A client that takes longer to send its request, or to take the answer, is cut off.
inline constexpr int kReadSeconds = 10;
inline constexpr int kWriteSeconds = 10;
// Requests at once; others wait for one of them to end.
inline constexpr int kHttpThreads = 16;
// How long an issuer's keys are taken to hold, and how soon it is asked again for a key that is not
// among them.
inline constexpr int64_t kKeysSeconds = 600;
inline constexpr int64_t kKeysPauseSeconds = 10;
// Refused attempts of people whom nobody knows, on record in a second; what is more is counted in
// the next.
inline constexpr int kStrangersPerSecond = 10;
// How long a person's session in a browser lives: then their issuer is asked again who they are.
inline constexpr int64_t kSessionSeconds = 3'600;
// Sessions of one person at once; the oldest ends when one more begins.
inline constexpr size_t kSessionsPerPerson = 10;
// Answers of issuers that are redeemed at once; of kHttpThreads, so that whoever makes them up
// holds nothing else up.
inline constexpr int kRedeemedAtOnce = 4;
// People whose names are told, those who signed in last; and a name's length.
inline constexpr int kPeopleListed = 1'000;
inline constexpr size_t kNameBytesMax = 200;
// How long somebody may take to log in at the issuer.
inline constexpr int64_t kLoginSeconds = 600;
// How often Spanner is asked how pipelines should be.
inline constexpr int kLookMillis = 2'000;
// For how long what a replica said of its pipelines is taken for true.
inline constexpr int64_t kSightingSeconds = 10;
// Files of a pipeline that are shown.
inline constexpr int kVersionsListed = 50;
// Entries of the audit log, dead letters and connections that are shown at once.
inline constexpr size_t kAuditListed = 100;
inline constexpr size_t kDeadLettersListed = 50;
inline constexpr size_t kConnectionsListed = 200;
// A pipeline that failed is started again after so long, doubled at each failure up to the longest.
inline constexpr int64_t kRetrySeconds = 5;
inline constexpr int64_t kRetrySecondsMax = 300;
// How long the glass may be broken for at most, whatever a role says.
inline constexpr int64_t kGlassMinutesMax = 24 * 60;
// Of an error's name that an issuer gives.
inline constexpr size_t kErrorWordBytesMax = 100;
// Of a reason that a person gives.
inline constexpr size_t kReasonBytesMax = 2'000;
// How long whoever asks for a job waits for its end before they are told that it goes on.
inline constexpr int64_t kJobAnswerMillis = 3'000;
inline constexpr int64_t kJobAnswerEveryMillis = 50;
// For how long a job is a replica's without a sign of life, and how often it gives one.
inline constexpr int64_t kJobHoldSeconds = 20;
inline constexpr int64_t kJobSignMillis = 2'000;
// A job that Spanner or Kafka held up is taken up again after so long, and given up after so long.
inline constexpr int64_t kJobRetrySeconds = 30;
inline constexpr int64_t kJobSecondsMax = 24 * 3'600;
// Jobs that are shown.
inline constexpr int kJobsListed = 50;

}  // namespace ks::control
