// Actor: who acts. A person or machine is its issuer and its subject there, never a name or a mail
// address: those are given to others in time.
//
// Thread safety: plain data.
#pragma once

#include <string>
#include <tuple>
#include <vector>

namespace ks::governance {

struct Actor {
  std::string issuer;  // of the token; `os:HOST` for an account of the machine that ran a command
  std::string subject;
  std::vector<std::string> groups = {};  // as the issuer says; for nobody's identity

  bool SameAs(const Actor& other) const {
    return std::tie(issuer, subject) == std::tie(other.issuer, other.subject);
  }
};

}  // namespace ks::governance
