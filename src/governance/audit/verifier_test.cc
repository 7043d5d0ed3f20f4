#include "governance/audit/verifier.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "base/status_macros.h"
#include "base/str_cat.h"
#include "governance/audit/entry.h"
#include "governance/audit/testing/keys.h"

namespace ks::governance {
namespace {

constexpr char kDatabase[] = "projects/p/instances/i/databases/d";

struct Export {
  std::vector<std::string> entries;      // canonical JSON
  std::vector<std::string> checkpoints;  // notes
};

Entry EntryAt(uint64_t seq) {
  Entry entry;
  entry.seq = seq;
  entry.id = StrCat("id-", seq);
  entry.time_nanos = 1'700'000'000'000'000'000 + static_cast<int64_t>(seq);
  entry.action = Action::kOffsetsSet;
  entry.actor = {"os:host", "alice"};
  entry.pipeline = "signups";
  entry.database = kDatabase;
  entry.details = {{"to", seq * 100}};
  entry.result = absl::OkStatus();
  return entry;
}

// Seven entries, signed after the third and the last.
Export Honest() {
  Export log;
  Frontier tree;
  for (uint64_t seq = 0; seq < 7; ++seq) {
    log.entries.push_back(CanonicalJson(EntryAt(seq)));
    tree.Append(LeafHash(log.entries.back()));
    if (seq == 2 || seq == 6)
      log.checkpoints.push_back(
          *PrivateKey().Sign({OriginOf(kDatabase), tree.size(), tree.Root()}));
  }
  return log;
}

std::vector<std::string> LinesOf(const Export& log) {
  std::vector<std::string> lines;
  for (const std::string& entry : log.entries) lines.push_back(EventOf(entry)->dump());
  for (const std::string& note : log.checkpoints)
    lines.push_back(EventOfCheckpoint(note, 0).dump());
  return lines;
}

absl::Status VerifyLines(const std::vector<std::string>& lines, Checks checks = {}) {
  Verifier verifier(PublicKey(), checks);
  for (size_t i = 0; i < lines.size(); ++i)
    KS_RETURN_IF_ERROR(verifier.AddLine("log.jsonl", i + 1, lines[i]));
  return verifier.Finish();
}

std::string With(const std::string& entry, const char* field, const nlohmann::json& value) {
  auto object = nlohmann::json::parse(entry);
  object[field] = value;
  return object.dump();
}

// The numbers of a log as its owner would mend them.
void Renumber(Export* log) {
  for (size_t i = 0; i < log->entries.size(); ++i)
    log->entries[i] = With(log->entries[i], "seq", i);
}

TEST(Verifier, AnHonestExportIsVerified) {
  Verifier verifier(PublicKey());
  for (const std::string& line : LinesOf(Honest()))
    ASSERT_TRUE(verifier.AddLine("log.jsonl", 1, line).ok());
  const absl::Status status = verifier.Finish();
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(verifier.entries(), 7);
  EXPECT_EQ(verifier.IndexOf("id-5"), 5);
  EXPECT_FALSE(verifier.IndexOf("id-7"));
}

struct Attack {
  const char* name;
  std::function<void(Export*)> change;
  const char* words;    // of the error
  bool Checks::*check;  // which finds it: with this one off, it passes
};

// Each is what somebody could do who owns the database, and has no key.
const std::vector<Attack>& Attacks() {
  static const auto* const attacks = new std::vector<Attack>{
      {"changed",
       [](Export* log) { log->entries[4] = With(log->entries[4], "pipeline", "another"); },
       "of entries 3 to 6", &Checks::tree},
      {"changed before the first checkpoint",
       [](Export* log) {
         log->entries[0] = With(log->entries[0], "details", {{"to", 1}});
       },
       "of entries 0 to 2", &Checks::tree},
      {"removed, and the others numbered anew",
       [](Export* log) {
         log->entries.erase(log->entries.begin() + 4);
         log->entries.push_back(log->entries.back());
         Renumber(log);
       },
       "of entries 3 to 6", &Checks::tree},
      {"exchanged, and numbered anew",
       [](Export* log) {
         std::swap(log->entries[4], log->entries[5]);
         Renumber(log);
       },
       "of entries 3 to 6", &Checks::tree},
      {"cut off at the end", [](Export* log) { log->entries.resize(5); },
       "there are 5 entries, and 7 were signed", &Checks::length},
      {"made up at the end", [](Export* log) { log->entries.push_back(CanonicalJson(EntryAt(7))); },
       "entries 7 to 7 are covered by no signed checkpoint", &Checks::end},
      {"doubled at the end", [](Export* log) { log->entries.push_back(log->entries.back()); },
       "entry 6 is there twice", &Checks::order}};
  return *attacks;
}

TEST(Verifier, EachAttackIsFound) {
  for (const Attack& attack : Attacks()) {
    Export log = Honest();
    attack.change(&log);
    const absl::Status found = VerifyLines(LinesOf(log));
    EXPECT_EQ(found.code(), absl::StatusCode::kDataLoss) << attack.name;
    EXPECT_NE(found.message().find(attack.words), std::string::npos) << attack.name << found;
  }
}

// Each check is needed: without it, its attacks pass.
TEST(Verifier, NoneIsFoundWithoutItsCheck) {
  for (const Attack& attack : Attacks()) {
    Export log = Honest();
    attack.change(&log);
    Checks checks;
    checks.*attack.check = false;
    if (attack.check == &Checks::order) checks.end = false;  // a second check finds it there
    const absl::Status status = VerifyLines(LinesOf(log), checks);
    EXPECT_TRUE(status.ok()) << attack.name << ": " << status;
  }
}

// What the numbers alone show, said by name.
TEST(Verifier, NumbersSayWhatHappened) {
  const std::vector<std::pair<std::function<void(Export*)>, const char*>> cases = {
      {[](Export* log) { log->entries.erase(log->entries.begin() + 4); }, "entry 4 was removed"},
      {[](Export* log) { std::rotate(&log->entries[2], &log->entries[5], &log->entries[6]); },
       "entry 5 stands where entry 2 belongs"},
      {[](Export* log) { log->entries.insert(log->entries.begin() + 4, log->entries[1]); },
       "entry 1 is there twice"}};
  for (const auto& [change, words] : cases) {
    Export log = Honest();
    change(&log);
    const absl::Status found = VerifyLines(LinesOf(log));
    EXPECT_NE(found.message().find(words), std::string::npos) << words << ": " << found;
    EXPECT_FALSE(VerifyLines(LinesOf(log), {.order = false}).ok())
        << words;  // the tree finds it too
  }
}

TEST(Verifier, TheEventSaysWhatItsEntrySays) {
  std::vector<std::string> lines = LinesOf(Honest());
  auto event = nlohmann::json::parse(lines[3]);
  event["actor"]["user"]["name"] = "mallory";
  lines[3] = event.dump();
  EXPECT_NE(VerifyLines(lines).message().find("the event around entry 3"), std::string::npos);
  EXPECT_TRUE(VerifyLines(lines, {.around = false}).ok());
}

TEST(Verifier, CheckpointsAreOfOneKeyAndOneLog) {
  Export log = Honest();
  Verifier other(OtherKey());
  EXPECT_FALSE(other.AddLine("f", 1, EventOfCheckpoint(log.checkpoints[0], 0).dump()).ok());
  log.checkpoints.push_back(*PrivateKey().Sign({"kafka-spanner/other", 7, LeafHash("")}));
  EXPECT_NE(VerifyLines(LinesOf(log)).message().find("two logs"), std::string::npos);
  log.checkpoints.clear();
  EXPECT_NE(VerifyLines(LinesOf(log)).message().find("no signed checkpoint"), std::string::npos);
}

TEST(Verifier, TwoHistoriesUnderOneSizeAreFound) {
  Export log = Honest();
  log.checkpoints.push_back(*PrivateKey().Sign({OriginOf(kDatabase), 7, LeafHash("another")}));
  EXPECT_FALSE(VerifyLines(LinesOf(log)).ok());
}

TEST(Verifier, NoLineOfGarbageGetsThrough) {
  for (const char* line : {"x", "{}", "[]", "null", R"({"raw_data":1,"metadata":{}})",
                           R"({"raw_data":"{}","metadata":{}})",
                           R"({"raw_data":"{\"seq\":-1,\"actor\":{}}","metadata":{}})",
                           R"({"raw_data":"{\"seq\":0,\"actor\":3}","metadata":{}})",
                           R"({"raw_data":"{\"seq\":0,\"actor\":{},\"time\":7}","metadata":{}})"})
    EXPECT_EQ(Verifier(PublicKey()).AddLine("f", 1, line).code(), absl::StatusCode::kDataLoss)
        << line;
}

TEST(Entry, IsCanonical) {
  Entry entry = EntryAt(3);
  entry.result = absl::NotFoundError("no such\x80 thing");
  EXPECT_EQ(CanonicalJson(entry),
            R"({"action":"offsets.set","actor":{"issuer":"os:host","subject":"alice"},)"
            R"("code":"KS1201R","database":"projects/p/instances/i/databases/d",)"
            R"("details":{"to":300},"error":{"code":"NOT_FOUND","text":"no such)"
            "\xEF\xBF\xBD"
            R"( thing"},"id":"id-3","outcome":"failure","phase":"result","pipeline":"signups",)"
            R"("seq":3,"time":"2023-11-14T22:13:20.000000Z"})");
}

TEST(Entry, WhatIsTooLongIsKeptAsItsHash) {
  Entry entry = EntryAt(0);
  entry.details = {{"statements", std::string(300'000, 'x')}};
  const auto details = nlohmann::json::parse(CanonicalJson(entry))["details"];
  EXPECT_EQ(details["bytes"], 300'017);
  EXPECT_EQ(details["sha256"].get<std::string>().size(), 64);
}

}  // namespace
}  // namespace ks::governance
