#include "control/errors.h"

#include <algorithm>
#include <cctype>

#include "base/str_cat.h"
#include "control/limits.h"

namespace ks::control {
namespace {

// What came over the network, as far as it is a plain word.
std::string_view Words(std::string_view error) {
  const bool plain = !error.empty() && error.size() <= kErrorWordBytesMax &&
                     std::all_of(error.begin(), error.end(), [](char c) {
                       return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
                     });
  return plain ? error : "it gives no reason";
}

}  // namespace

absl::Status NoToken() {
  return absl::UnauthenticatedError(
      "send a token of your identity provider: `Authorization: Bearer TOKEN`");
}

absl::Status UnknownIssuer() {
  return absl::UnauthenticatedError("the token is refused: this server does not know its issuer");
}

absl::Status ForeignIssuer(std::string_view issuer) {
  return absl::FailedPreconditionError(
      StrCat(issuer, " says in its discovery document that it is another issuer"));
}

absl::Status IssuerDown(std::string_view issuer) {
  return absl::UnavailableError(StrCat(issuer, " does not give its keys; try again"));
}

absl::Status NoSession() {
  return absl::UnauthenticatedError("your session has ended; sign in again");
}

absl::Status WhichIssuer() {
  return absl::InvalidArgumentError(
      "people sign in at several issuers here: say which, /auth/login?issuer=URL");
}

absl::Status NoPeopleFrom() {
  return absl::NotFoundError(
      "nobody signs in with a browser there; `client:` under `login:` of the server's file makes "
      "this server a client of an issuer");
}

absl::Status IssuerLacks(std::string_view issuer, std::string_view field) {
  return absl::FailedPreconditionError(
      StrCat("the discovery document of ", issuer, " has no `", field, "`"));
}

absl::Status NoLoginBegun() {
  return absl::UnauthenticatedError(
      "this browser did not begin to sign in here, or took too long; sign in again");
}

absl::Status NotYourLogin() {
  return absl::UnauthenticatedError(
      "the issuer's answer does not belong to the sign-in that this browser began; sign in again");
}

absl::Status LoginRefused(std::string_view error) {
  return absl::UnauthenticatedError(StrCat("the issuer did not let you in: ", Words(error)));
}

absl::Status CodeRefused(std::string_view error) {
  return absl::UnauthenticatedError(
      StrCat("the issuer does not take its code back: ", Words(error), "; sign in again"));
}

absl::Status TooManyLogins() {
  return absl::UnavailableError(
      "many others are signing in at this moment, or the issuer is slow: go back and try again");
}

absl::Status NoLogoutToken() { return absl::UnauthenticatedError("this is no logout token"); }

absl::Status FromAnotherSite() {
  return absl::PermissionDeniedError(
      "a session changes something only from this server's own page: `Origin` and `X-Csrf-Token` "
      "have to be its");
}

absl::Status ServersOwn(std::string_view field) {
  return absl::PermissionDeniedError(StrCat(
      "`", field, "`: connections, files and registries are the server's to say, in its own ",
      "file; leave it out"));
}

absl::Status DatabaseNotServed(std::string_view database) {
  return absl::PermissionDeniedError(StrCat("this server does not write to ", database,
                                            "; `databases:` of its file says to which"));
}

absl::Status OtherName(std::string_view name, std::string_view in_file) {
  return absl::InvalidArgumentError(
      StrCat("the file says `pipeline: ", in_file, "`, and the address says ", name));
}

absl::Status BadBody(std::string_view expected) {
  return absl::InvalidArgumentError(StrCat("the body has to be JSON: ", expected));
}

absl::Status NoSuchPath() {
  return absl::NotFoundError("there is nothing here; GET /v1/openapi.json lists what there is");
}

absl::Status NoSuchPipeline(std::string_view name) {
  return absl::NotFoundError(StrCat("there is no pipeline ", name));
}

absl::Status NoSuchRequest(std::string_view id) {
  return absl::NotFoundError(StrCat("there is no request ", id));
}

absl::Status NoSuchGlass(std::string_view id) {
  return absl::NotFoundError(StrCat("nobody broke the glass as ", id));
}

absl::Status Denied(std::string_view sentence) {
  return absl::PermissionDeniedError(AbslView(sentence));
}

absl::Status NotYours() { return absl::PermissionDeniedError("only who asked for it may run it"); }

absl::Status OwnRequest() {
  return absl::PermissionDeniedError("nobody reviews what they asked for themselves");
}

absl::Status OwnEdit() {
  return absl::PermissionDeniedError(
      "who edited the pipeline last does not review what is done to it");
}

absl::Status NoReviewer() {
  return absl::PermissionDeniedError("no rule counts you among its reviewers");
}

absl::Status OwnGlass() {
  return absl::PermissionDeniedError("somebody else has to look at what you did");
}

absl::Status AlreadyDone(std::string_view id) {
  return absl::FailedPreconditionError(StrCat("request ", id, " is done already"));
}

absl::Status PlanChanged() {
  return absl::FailedPreconditionError(
      "the plan is not the one that was asked for: the pipeline was changed meanwhile. Ask again");
}

absl::Status NeedsApproval(std::string_view request) {
  return absl::FailedPreconditionError(
      StrCat("nothing was done yet: it needs approval, as request ", request));
}

absl::Status StillNeedsApproval(std::string_view sentence) {
  return absl::FailedPreconditionError(AbslView(sentence));
}

absl::Status NotEverywhere(governance::Verb verb) {
  return absl::PermissionDeniedError(StrCat("none of your roles grants ", governance::NameOf(verb),
                                            " on every pipeline, and this is about no single one"));
}

absl::Status ConnectorIsThere(std::string_view name) {
  return absl::AlreadyExistsError(StrCat("Connector ", name, " already exists"));
}

absl::Status NoSourceForLanes(std::string_view source) {
  return absl::InvalidArgumentError(
      source.empty() ? std::string("the pipeline has several sources: say which, by `source`")
                     : StrCat("the pipeline has no source ", source));
}

absl::Status NoSuchJob(std::string_view id) {
  return absl::NotFoundError(StrCat("there is no job ", id));
}

absl::Status JobIsOver(std::string_view id, std::string_view state) {
  return absl::FailedPreconditionError(StrCat("job ", id, " is ", state, " already"));
}

absl::Status OffsetsWhileItRuns() {
  return absl::FailedPreconditionError(
      "the pipeline runs, and where it stands changes with every record: stop it first");
}

absl::Status StepNotRecorded(const absl::Status& why) {
  return absl::UnavailableError(StrCat("a step was done and is not on record: ", why.message()));
}

absl::Status JobIsAnothers() {
  return absl::CancelledError("the job was cancelled, or another replica has it");
}

absl::Status TriedTooLong(const absl::Status& last) {
  return absl::FailedPreconditionError(
      StrCat("given up after ", kJobSecondsMax / 3600, " hours: ", last.message()));
}

absl::Status NoTables(size_t missing) {
  return absl::FailedPreconditionError(
      StrCat("the control plane's database lacks ", missing,
             " of its tables; `serve --create` makes them, and asks for the right to"));
}

absl::Status NoOrigin(std::string_view page) {
  return absl::InvalidArgumentError(
      StrCat("`page: ", page, "`: expected the origin that browsers find this server under, such ",
             "as https://control.example.com; http only for this machine"));
}

absl::Status PlainHttp(std::string_view address) {
  return absl::InvalidArgumentError(
      StrCat("listen: ", address, " is not on this machine, and tokens would cross the network in ",
             "the clear: give `tls: {certificate, private_key}`"));
}

}  // namespace ks::control
