#include "pipeline/chain.h"

#include <algorithm>
#include <limits>

#include "base/check.h"

namespace ks::pipeline {
namespace {

// Times that a commit may be refused for rights before a person is called.
constexpr int kRefusalsMax = 8;

bool IsRefusedForRights(absl::StatusCode code) {
  return code == absl::StatusCode::kPermissionDenied ||
         code == absl::StatusCode::kUnauthenticated || code == absl::StatusCode::kUnimplemented;
}

}  // namespace

bool IsDataError(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kOutOfRange:
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kNotFound:
      return true;
    default:
      return false;
  }
}

bool IsPushback(absl::StatusCode code) {
  return code == absl::StatusCode::kResourceExhausted ||
         code == absl::StatusCode::kDeadlineExceeded || code == absl::StatusCode::kUnavailable;
}

Flight::Flight(const FlightContext* context, std::vector<Leg> legs, bool small)
    : context_(context),
      legs_(std::move(legs)),
      unread_(legs_.size(), true),
      batch_(env::NewUuid(*context->random)),
      small_(small),
      generation_(context->generation),
      state_(BackingOff{0, Next::kRead}) {
  if (!context->traces.any()) return;
  trace_ = batch_;
  std::erase(trace_, '-');
  if (!context->traces.Takes(trace_)) trace_.clear();
}

BatchEnded Flight::Ended(absl::Status status) const {
  BatchEnded ended;
  ended.trace = trace_;
  for (const Leg& leg : legs_) {
    ended.lanes.push_back({leg.lane, leg.from.head, leg.end});
    ended.records += leg.batch.size.records;
    ended.bytes += leg.batch.size.bytes;
    ended.dead_letters += leg.batch.dead_letters;
  }
  ended.mutations = mutations();
  ended.attempts = counts_.attempts;
  ended.status = std::move(status);
  return ended;
}

int64_t Flight::mutations() const {
  int64_t sum = 0;
  for (const Leg& leg : legs_) sum += leg.batch.size.mutations + kAdvanceMutations;
  return sum;
}

bool Flight::Awaits(CallId call) const {
  if (const auto* reading = std::get_if<Reading>(&state_)) {
    return std::any_of(reading->calls.begin(), reading->calls.end(),
                       [call](const auto& waiting) { return waiting.first == call; });
  }
  if (const auto* committing = std::get_if<Committing>(&state_)) return committing->call == call;
  if (const auto* resolving = std::get_if<Resolving>(&state_)) return resolving->call == call;
  return false;
}

int64_t Flight::wake_at() const {
  const auto* waiting = std::get_if<BackingOff>(&state_);
  return waiting == nullptr ? std::numeric_limits<int64_t>::max() : waiting->until;
}

Flight::Outcome Flight::Start(int64_t now, bool return_commit_stats, Actions* actions) {
  return_commit_stats_ = return_commit_stats;
  if (Read(actions) == Outcome::kFlying && std::get<Reading>(state_).calls.empty()) {
    return Commit(now, actions);
  }
  return Outcome::kFlying;
}

Flight::Outcome Flight::StartAt(int64_t at) {
  state_ = BackingOff{at, Next::kRead};
  return Outcome::kFlying;
}

Flight::Outcome Flight::OnTime(int64_t now, Actions* actions) {
  const auto* waiting = std::get_if<BackingOff>(&state_);
  if (waiting == nullptr || waiting->until > now) return Outcome::kFlying;
  switch (waiting->next) {
    case Next::kRead:
      return Start(now, return_commit_stats_, actions);
    case Next::kCommit:
      return Commit(now, actions);
    case Next::kResolve:
      return Resolve(actions);
  }
  return Outcome::kFlying;
}

Flight::Outcome Flight::BackOff(Next next, std::optional<int64_t> asked_nanos, int64_t now) {
  state_ = BackingOff{now + backoff_.Next(asked_nanos, *context_->random), next};
  return Outcome::kFlying;
}

// ---- Reading

Flight::Outcome Flight::Read(Actions* actions) {
  Reading reading;
  for (size_t i = 0; i < legs_.size(); ++i) {
    if (!unread_[i]) continue;
    std::vector<ReadSpec> reads;
    if (legs_[i].data != nullptr) reads = legs_[i].data->MissingReads();
    if (reads.empty()) {
      unread_[i] = false;
      continue;
    }
    const CallId call = ++*context_->last_call;
    reading.calls.emplace_back(call, i);
    actions->push_back(ReadRows{call, legs_[i].lane, std::move(reads), trace_});
  }
  state_ = std::move(reading);
  return Outcome::kFlying;
}

Flight::Outcome Flight::OnRowsRead(const RowsRead& event, int64_t now, Actions* actions) {
  auto& reading = std::get<Reading>(state_);
  const auto at = std::find_if(reading.calls.begin(), reading.calls.end(),
                               [&](const auto& waiting) { return waiting.first == event.id; });
  KS_CHECK(at != reading.calls.end());
  const size_t leg = at->second;
  reading.calls.erase(at);
  if (event.rows.ok()) {
    cause_ = legs_[leg].data->OnRead(*event.rows);
    if (!cause_.ok()) return Outcome::kFailed;
    unread_[leg] = false;
  } else {
    reading.failed = true;
    reading.error = event.rows.status();
  }
  if (!reading.calls.empty()) return Outcome::kFlying;
  if (!reading.failed) return Commit(now, actions);
  cause_ = reading.error;
  if ((IsDataError(cause_.code()) || IsRefusedForRights(cause_.code())) &&
      ++refusals_ > kRefusalsMax) {
    return Outcome::kFailed;  // a table that is gone, a right that is missing
  }
  return BackOff(Next::kRead, std::nullopt, now);
}

// ---- Committing

std::string Flight::CheckpointMutations() const {
  std::vector<Advance> advances;
  for (const Leg& leg : legs_) {
    advances.push_back(
        {leg.lane, &leg.from, leg.end, leg.batch.size.records, leg.last_timestamp_ms});
  }
  std::string wire;
  size_t bytes = 512 * legs_.size();
  for (const Leg& leg : legs_) bytes += static_cast<size_t>(leg.batch.size.bytes);
  wire.reserve(bytes);
  AppendAdvances(context_->key, generation_, advances, {context_->writer, batch_}, context_->rules,
                 &wire);
  return wire;
}

Flight::Outcome Flight::Commit(int64_t now, Actions* actions) {
  const CallId call = ++*context_->last_call;
  std::string wire = CheckpointMutations();
  state_ = Committing{call};
  sent_at_ = now;
  ++counts_.attempts;
  std::vector<ReadSpec> reads;
  if (legs_.size() == 1 && legs_[0].data != nullptr) reads = legs_[0].data->TransactionReads();
  if (!reads.empty()) {
    auto compute = [checkpoints = std::move(wire), data = legs_[0].data->TransactionMutations()](
                       absl::Span<const RowsPtr> rows) -> absl::StatusOr<std::string> {
      absl::StatusOr<std::string> mutations = data(rows);
      if (mutations.ok()) mutations->append(checkpoints);
      return mutations;
    };
    actions->push_back(
        RunTransaction{call, context_->tag, std::move(reads), std::move(compute), trace_});
    return Outcome::kFlying;
  }
  for (const Leg& leg : legs_) {
    if (leg.data != nullptr) leg.data->AppendMutations(&wire);
  }
  actions->push_back(
      SendCommit{call, std::move(wire), context_->tag, return_commit_stats_, trace_});
  return Outcome::kFlying;
}

Flight::Outcome Flight::OnCommitDone(const CommitDone& event, int64_t now, Actions* actions) {
  pushback_ = IsPushback(event.status.code()) ? event.status.code() : absl::StatusCode::kOk;
  if (event.status.ok()) return Outcome::kDone;
  return OnFailedCommit(event, now, actions);
}

Flight::Outcome Flight::OnFailedCommit(const CommitDone& event, int64_t now, Actions* actions) {
  cause_ = event.status;
  const absl::StatusCode code = cause_.code();
  if (!context_->rules.resolve && code == absl::StatusCode::kAlreadyExists) return Outcome::kDone;
  // Spanner says for certain that this attempt was not applied; if an earlier one was, the next
  // attempt will be refused and resolved.
  if (code == absl::StatusCode::kAborted) {
    return BackOff(Next::kCommit, event.retry_delay_nanos, now);
  }
  if (IsRefusedForRights(code)) {
    if (++refusals_ > kRefusalsMax) return Outcome::kFailed;
    return BackOff(Next::kCommit, event.retry_delay_nanos, now);
  }
  if (IsDataError(code)) return Resolve(actions);
  return BackOff(Next::kResolve, event.retry_delay_nanos, now);
}

// ---- Resolving

Flight::Outcome Flight::Resolve(Actions* actions) {
  const CallId call = ++*context_->last_call;
  state_ = Resolving{call};
  ++counts_.resolves;
  actions->push_back(ReadChains{call, ChainReads(context_->key), trace_});
  return Outcome::kFlying;
}

Flight::Standing Flight::Compare(const std::optional<Chains>& chains) const {
  if (!chains.has_value() || chains->generation != generation_) return Standing::kMoved;
  size_t mine = 0;
  size_t stand = 0;
  for (const Leg& leg : legs_) {
    if (static_cast<size_t>(leg.lane) >= chains->lanes.size()) return Standing::kMoved;
    const ChainHead& chain = chains->lanes[static_cast<size_t>(leg.lane)];
    if (chain.batch == batch_ && chain.last == leg.from.head) ++mine;
    if (chain.last == leg.from.last && chain.batch == leg.from.batch) ++stand;
  }
  if (mine == legs_.size()) return Standing::kMine;
  return stand == legs_.size() ? Standing::kStands : Standing::kMoved;
}

Flight::Outcome Flight::OnChainsRead(const ChainsRead& event, int64_t now, Actions* actions) {
  if (!event.rows.ok()) return BackOff(Next::kResolve, std::nullopt, now);
  const absl::StatusOr<std::optional<Chains>> chains = DecodeChains(*event.rows);
  if (!chains.ok()) {
    if (chains.status().code() == absl::StatusCode::kAborted) {
      return BackOff(Next::kResolve, std::nullopt, now);
    }
    cause_ = chains.status();
    return Outcome::kFailed;
  }
  switch (Compare(*chains)) {
    case Standing::kMine:
      return Outcome::kDone;
    case Standing::kStands:
      // The very same commit again, unless Spanner will refuse it for ever.
      return IsDataError(cause_.code()) ? Outcome::kRefused : Commit(now, actions);
    case Standing::kMoved:
      if (!context_->rules.give_up && chains->has_value()) return TakeOver(**chains, now, actions);
      return Outcome::kMoved;
  }
  return Outcome::kMoved;
}

Flight::Outcome Flight::TakeOver(const Chains& chains, int64_t now, Actions* actions) {
  generation_ = chains.generation;
  for (Leg& leg : legs_) {
    if (static_cast<size_t>(leg.lane) >= chains.lanes.size()) return Outcome::kMoved;
    leg.from = chains.lanes[static_cast<size_t>(leg.lane)];
    leg.end = std::max(leg.end, leg.from.head + 1);
  }
  return Commit(now, actions);
}

}  // namespace ks::pipeline
