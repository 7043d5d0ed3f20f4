// Every error of the control plane that a person or a program reads, one function each. None shows
// a token.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "governance/policy/verbs.h"

namespace ks::control {

// ---- Login
absl::Status NoToken();
absl::Status UnknownIssuer();
absl::Status ForeignIssuer(std::string_view issuer);
absl::Status IssuerDown(std::string_view issuer);

// ---- People in browsers
absl::Status NoSession();
absl::Status WhichIssuer();
absl::Status NoPeopleFrom();
absl::Status IssuerLacks(std::string_view issuer, std::string_view field);
absl::Status NoLoginBegun();
absl::Status NotYourLogin();
// `error`: of RFC 6749, 4.1.2.1 and 5.2; the issuer's own words.
absl::Status LoginRefused(std::string_view error);
absl::Status CodeRefused(std::string_view error);
absl::Status NoLogoutToken();
// Others wait for the issuer at this moment.
absl::Status TooManyLogins();
absl::Status FromAnotherSite();

// ---- Pipeline files that come over the network
absl::Status ServersOwn(std::string_view field);
absl::Status DatabaseNotServed(std::string_view database);
absl::Status OtherName(std::string_view name, std::string_view in_file);

// ---- Requests
absl::Status BadBody(std::string_view expected);
absl::Status NoSuchPath();
absl::Status NoSuchPipeline(std::string_view name);
absl::Status NoSuchRequest(std::string_view id);
absl::Status NoSuchGlass(std::string_view id);
absl::Status Denied(std::string_view sentence);
absl::Status NotYours();
absl::Status OwnRequest();
absl::Status OwnEdit();
absl::Status NoReviewer();
absl::Status OwnGlass();
absl::Status AlreadyDone(std::string_view id);
absl::Status PlanChanged();
absl::Status NeedsApproval(std::string_view request);
absl::Status StillNeedsApproval(std::string_view sentence);
// On all pipelines, where it is about none of them.
absl::Status NotEverywhere(governance::Verb verb);

absl::Status ConnectorIsThere(std::string_view name);
absl::Status NoSourceForLanes(std::string_view source);

// ---- Jobs
absl::Status NoSuchJob(std::string_view id);
absl::Status JobIsOver(std::string_view id, std::string_view state);
absl::Status OffsetsWhileItRuns();
absl::Status StepNotRecorded(const absl::Status& why);
absl::Status JobIsAnothers();
absl::Status TriedTooLong(const absl::Status& last);

absl::Status NoTables(size_t missing);
absl::Status NoOrigin(std::string_view page);
absl::Status PlainHttp(std::string_view address);

}  // namespace ks::control
