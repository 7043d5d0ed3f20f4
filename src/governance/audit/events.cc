#include "governance/audit/events.h"

#include "base/check.h"
#include "base/str_cat.h"

namespace ks::governance {
namespace {

constexpr std::string_view kHead =
    R"(# Audit events

What `audit:` in a pipeline file puts on record. [audit.md](audit.md) says how it is kept and
checked. Each event is an entry of canonical JSON (keys in order, no white space) with these fields:

| field | what it is |
| --- | --- |
| `action` | the action's name, below |
| `actor` | `issuer`, `subject`; of a command `os:HOST` and an account, of strangers `nobody` |
| `code` | `KS`, the action's number, and the letter of the phase |
| `database` | where it happened |
| `details` | the action's own fields; more than 256 KiB of them are kept as their `sha256` |
| `error` | of a result that failed: the code, and the first 500 bytes of the text |
| `id` | a UUID |
| `intent` | of a change and a result: the `id` of its intent |
| `outcome` | of a result: `success` or `failure` |
| `phase` | `intent` (I) comes before, `change` (C) in the change's own transaction, `result` (R) |
| `pipeline` | its name |
| `seq` | its place in the log, from 0 |
| `time` | by the clock of the machine that ran it |

An intent without a result: the program or its way to Spanner ended in between; the changes tell
how far it came.

| code | action | phases | what happens | details |
| --- | --- | --- | --- | --- |
)";

}  // namespace

const ActionInfo& InfoOf(Action action) {
  for (const ActionInfo& info : kActions) {
    if (info.action == action) return info;
  }
  KS_CHECK(false);
}

char LetterOf(Phase phase) { return "ICR"[static_cast<size_t>(phase)]; }

std::string_view NameOf(Phase phase) {
  static constexpr std::string_view kNames[] = {"intent", "change", "result"};
  return kNames[static_cast<size_t>(phase)];
}

std::string CodeOf(Action action, Phase phase) {
  return StrCat("KS", InfoOf(action).number, std::string(1, LetterOf(phase)));
}

std::string EventsMarkdown() {
  std::string page(kHead);
  for (const ActionInfo& info : kActions) {
    StrAppend(&page, "| `KS", info.number, "` | `", info.name, "` | ", info.phases, " | ",
              info.what, " | ", info.details, " |\n");
  }
  return page;
}

}  // namespace ks::governance
