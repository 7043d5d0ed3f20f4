#include "pipeline/partition.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/check.h"
#include "base/str_cat.h"
#include "pipeline/checkpoint_errors.h"

namespace ks::pipeline {
namespace {

constexpr int64_t kNever = std::numeric_limits<int64_t>::max();
// Times that the chains may be unreadable for a reason that waiting does not mend.
constexpr int kRefusalsMax = 5;
constexpr int64_t kAskAgainNanos = 5 * env::kNanosPerSecond;  // for facts that do not come

bool WaitingHelps(absl::StatusCode code) {
  return !IsDataError(code) && code != absl::StatusCode::kPermissionDenied &&
         code != absl::StatusCode::kUnauthenticated && code != absl::StatusCode::kUnimplemented;
}

template <typename... Cases>
struct Overload : Cases... {
  using Cases::operator()...;
};
template <typename... Cases>
Overload(Cases...) -> Overload<Cases...>;

}  // namespace

Partition::Partition(PartitionOptions options, LaneDataFactory factory, env::Random* random)
    : options_(std::move(options)),
      factory_(std::move(factory)),
      random_(random),
      state_(Waiting{kNever}) {
  KS_CHECK(options_.lanes >= 1 && options_.lanes <= kPipelineLanesMax);
}

void Partition::Handle(const Event& event, int64_t now, Actions* actions) {
  KS_CHECK(!adding_ || std::holds_alternative<RecordsAdded>(event) ||
           std::holds_alternative<RecordRefused>(event));
  if (ended()) return;
  auto* const working = std::get_if<Working>(&state_);
  Lanes* const lanes = working == nullptr ? nullptr : working->lanes.get();
  std::visit(Overload{
                 [&](const TopicFacts& facts) { OnFacts(facts, actions); },
                 [&](const ChainsRead& read) { OnChainsRead(read, now, actions); },
                 [&](const CommitDone& done) { OnCommitDone(done, now, actions); },
                 [&](const Stop&) { OnStop(actions); },
                 [&](const RowsRead& read) {
                   if (lanes != nullptr) lanes->OnRowsRead(read, now, actions);
                 },
                 [&](const RecordRefused& refused) {
                   if (lanes != nullptr) lanes->Refuse(refused);
                 },
                 [&](const RecordsAdded&) { adding_ = false; },
                 [&](const Tick&) {
                   const auto* pausing = std::get_if<Pausing>(&state_);
                   if (pausing != nullptr && pausing->until <= now) ReadAgain(actions);
                   auto* waiting = std::get_if<Waiting>(&state_);
                   if (waiting == nullptr || waiting->ask_again_at > now) return;
                   waiting->ask_again_at = now + kAskAgainNanos;
                   actions->push_back(DescribeTopic{});
                 },
             },
             event);
  if (!adding_) StepLanes(now, actions);
}

void Partition::StepLanes(int64_t now, Actions* actions) {
  auto* const working = std::get_if<Working>(&state_);
  if (working == nullptr) return;
  switch (working->lanes->Step(now, actions)) {
    case Lanes::Outcome::kWorking:
      return;
    case Lanes::Outcome::kDrained:
      return Reshape(actions);
    case Lanes::Outcome::kMoved:
      actions->push_back(GivenUp{ChainsMovedReason(options_.key)});
      state_ = Ended{};
      return;
    case Lanes::Outcome::kFinished:
      return End(working->lanes->status(), actions);
  }
}

Admission Partition::Admit(const RecordChunk& chunk) {
  KS_CHECK(!adding_);
  auto* const working = std::get_if<Working>(&state_);
  if (working == nullptr) return {.consumed = chunk.offsets.size()};
  const Admission admission = working->lanes->Admit(chunk);
  adding_ = !admission.rows.empty();
  return admission;
}

int Partition::lanes() const {
  const auto* const working = std::get_if<Working>(&state_);
  return working == nullptr ? 0 : working->lanes->count();
}

LaneData& Partition::lane_data(int lane) { return std::get<Working>(state_).lanes->data(lane); }

int64_t Partition::wake_at() const {
  if (const auto* working = std::get_if<Working>(&state_)) return working->lanes->wake_at();
  if (const auto* pausing = std::get_if<Pausing>(&state_)) return pausing->until;
  if (const auto* waiting = std::get_if<Waiting>(&state_)) return waiting->ask_again_at;
  return kNever;
}

std::optional<int64_t> Partition::complete_offset() const {
  const auto* const working = std::get_if<Working>(&state_);
  if (working == nullptr) return std::nullopt;
  return working->lanes->complete_offset();
}

void Partition::End(absl::Status status, Actions* actions) {
  actions->push_back(Stopped{std::move(status)});
  state_ = Ended{};
}

void Partition::OnStop(Actions* actions) {
  auto* const working = std::get_if<Working>(&state_);
  if (working != nullptr) return working->lanes->Finish(absl::OkStatus());
  End(absl::OkStatus(), actions);
}

// ---- The chains

void Partition::ReadAgain(Actions* actions) {
  const CallId call = ++last_call_;
  state_ = Reading{call};
  actions->push_back(ReadChains{call, ChainReads(options_.key)});
}

void Partition::PauseThenRead(const absl::Status& cause, int64_t now, Actions* actions) {
  if (cause.code() != absl::StatusCode::kAborted && outage_notice_.Failed(now)) {
    actions->push_back(Warning{SpannerSilentWarning(options_.key, cause)});
  }
  state_ = Pausing{now + backoff_.Next(std::nullopt, *random_)};
}

void Partition::OnChainsRead(const ChainsRead& event, int64_t now, Actions* actions) {
  if (auto* working = std::get_if<Working>(&state_)) {
    return working->lanes->OnChainsRead(event, now, actions);
  }
  const auto* reading = std::get_if<Reading>(&state_);
  if (reading == nullptr || reading->call != event.id) return;
  absl::StatusOr<std::optional<Chains>> chains = std::nullopt;
  if (event.rows.ok()) {
    chains = DecodeChains(*event.rows);
    if (chains.status().code() == absl::StatusCode::kDataLoss) {
      return End(chains.status(), actions);
    }
  } else {
    chains = event.rows.status();
  }
  if (!chains.ok()) {
    if (!WaitingHelps(chains.status().code()) && ++attempts_ > kRefusalsMax) {
      return End(ChainsUnreadableError(options_.key, chains.status()), actions);
    }
    return PauseThenRead(chains.status(), now, actions);
  }
  if (!chains->has_value()) return Create(actions);
  Work(**std::move(chains), now, actions);
}

void Partition::Create(Actions* actions) {
  const CallId call = ++last_call_;
  state_ = Creating{call};
  std::string wire;
  AppendGenesis(options_.key,
                {.lanes = options_.lanes, .begin = facts_.begin, .topic_id = facts_.topic_id},
                {options_.writer, env::NewUuid(*random_)}, options_.rules, &wire);
  actions->push_back(SendCommit{call, std::move(wire), options_.tag, false});
}

void Partition::OnCommitDone(const CommitDone& event, int64_t now, Actions* actions) {
  if (auto* working = std::get_if<Working>(&state_)) {
    return working->lanes->OnCommitDone(event, now, actions);
  }
  const auto* creating = std::get_if<Creating>(&state_);
  const auto* reshaping = std::get_if<Reshaping>(&state_);
  const CallId call = creating != nullptr    ? creating->call
                      : reshaping != nullptr ? reshaping->call
                                             : 0;
  if (call == 0 || call != event.id) return;
  // Whatever the answer: the chains say what holds now, be it ours or another's.
  const absl::StatusCode code = event.status.code();
  if (event.status.ok() || code == absl::StatusCode::kAlreadyExists) return ReadAgain(actions);
  if (!WaitingHelps(code) && ++attempts_ > kRefusalsMax) {
    return End(SpannerRefusesError(options_.key, event.status), actions);
  }
  PauseThenRead(event.status, now, actions);
}

void Partition::Work(Chains chains, int64_t now, Actions* actions) {
  backoff_.Reset();
  outage_notice_.Mended();
  attempts_ = 0;
  committed_topic_id_ = chains.topic_id;
  auto lanes = std::make_unique<Lanes>(options_, chains, factory_, random_, &last_call_, &stats_);
  std::optional<int64_t> target;
  if (lanes->count() != options_.lanes) target = lanes->highest_head();
  const int64_t next = lanes->next_needed();
  Lanes& begun = *lanes;
  state_ = Working{std::move(lanes)};
  if (!CheckTopic(actions)) return;
  if (suspect_head_.has_value()) {  // not a record is taken from what may be another topic
    state_ = Waiting{now + kAskAgainNanos};
    return;
  }
  if (!CheckLow(next, actions)) return;
  if (target.has_value() && !options_.rules.drain) return Reshape(actions);
  begun.Begin(facts_.low, target, &epoch_, actions);
}

void Partition::Reshape(Actions* actions) {
  const CallId call = ++last_call_;
  state_ = Reshaping{call};
  auto compute = [key = options_.key, lanes = options_.lanes, writer = options_.writer,
                  batch = env::NewUuid(*random_),
                  rules = options_.rules](absl::Span<const RowsPtr> rows) {
    return ShapeChangeMutations(key, {.lanes = lanes}, {writer, batch}, rules, rows);
  };
  actions->push_back(
      RunTransaction{call, options_.tag, ChainReads(options_.key), std::move(compute)});
}

// ---- The topic

void Partition::OnFacts(const TopicFacts& facts, Actions* actions) {
  facts_ = facts;
  facts_are_news_ = true;
  if (std::holds_alternative<Waiting>(state_)) return ReadAgain(actions);
  auto* const working = std::get_if<Working>(&state_);
  if (working == nullptr) return;
  if (!CheckTopic(actions) || !facts.out_of_range) return;
  const int64_t position = working->lanes->position();
  if (position < facts.low) {
    if (CheckLow(position, actions)) working->lanes->SkipTo(facts.low);
    return;
  }
  // Records that were fetched and not committed are gone, as after an unclean leader election, or
  // the broker has mended itself. From the checkpoints on it is sure again what comes next.
  actions->push_back(GivenUp{PositionRefusedReason(options_.key, position, facts.high)});
  state_ = Ended{};
}

// False when the topic is not the one that the chains stand for, and the Partition has ended. Sets
// suspect_head_ where that is open.
bool Partition::CheckTopic(Actions* actions) {
  const int64_t head = std::get<Working>(state_).lanes->highest_head();
  if (!facts_.topic_id.empty() && !committed_topic_id_.empty() &&
      facts_.topic_id != committed_topic_id_) {
    End(TopicRecreatedError(options_.key, StrCat("its id was ", committed_topic_id_, " and is now ",
                                                 facts_.topic_id)),
        actions);
    return false;
  }
  const bool news = std::exchange(facts_are_news_, false);
  // The end may have been looked up before another worker committed what lay beyond it then.
  if (suspect_head_.has_value() && !news) return true;
  if (suspect_head_.has_value() && facts_.high < *suspect_head_) {
    End(TopicRecreatedError(options_.key,
                            StrCat("it ends at offset ", facts_.high,
                                   ", but the checkpoints stand at ", *suspect_head_)),
        actions);
    return false;
  }
  suspect_head_.reset();
  if (facts_.high < head) {
    suspect_head_ = head;
    actions->push_back(DescribeTopic{});
  }
  return true;
}

// False when records that were still to be read are gone, and the Partition has ended.
bool Partition::CheckLow(int64_t next, Actions* actions) {
  if (next >= facts_.low) return true;
  if (!options_.continue_on_data_loss) {
    End(RecordsRemovedError(options_.key, next, facts_.low), actions);
    return false;
  }
  if (reported_removed_ == facts_.low) return true;
  reported_removed_ = facts_.low;
  actions->push_back(Warning{RecordsRemovedWarning(options_.key, next, facts_.low)});
  return true;
}

}  // namespace ks::pipeline
