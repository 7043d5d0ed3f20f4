// The catalogue of what goes on record: one row for each governed action.
// docs/guide/audit-events.md is written from this table by EventsMarkdown(); a test compares them.
//
// An event's code is KS, the action's number and the letter of its phase: KS1201I is the intent to
// set offsets. Numbers are never used for something else later. Thread safety: constants.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ks::governance {

enum class Phase : uint8_t {
  kIntent,  // before anything happens
  kChange,  // in the transaction of the change itself: on record if and only if it was made
  kResult,  // afterwards: what came of it
};

enum class Action : uint8_t {
  kLogOpen,
  kSchemaApply,
  kOffsetsSet,
  kOffsetsSkip,
  kReplay,
  kRedrive,
  kDiscard,
  kRefused,
  kSessionBegin,
  kSessionEnd,
  kPipelineConfigure,
  kPipelineStart,
  kPipelineStop,
  kPipelinePause,
  kPipelineResume,
  kPipelineRestart,
  kApprovalAsk,
  kApprovalReview,
  kGlassBreak,
  kGlassReview,
  kPipelineLanes,
  kJobBegin,
  kJobCancel,
};

// OCSF's activity_id of API Activity (6003).
enum class Activity : uint8_t { kCreate = 1, kRead = 2, kUpdate = 3, kDelete = 4 };

struct ActionInfo {
  Action action;
  int number;
  const char* name;
  const char* phases;  // letters: I, C, R
  Activity activity;
  const char* what;
  const char* details;  // the fields of `details`
};

inline constexpr ActionInfo kActions[] = {
    {Action::kLogOpen, 1001, "audit.open", "R", Activity::kCreate,
     "The log was made: always its first entry.", ""},
    {Action::kSchemaApply, 1101, "schema.apply", "IR", Activity::kCreate,
     "`plan --apply` creates what is missing in the database.",
     "`statements`: the DDL; of `serve`, as replay"},
    {Action::kOffsetsSet, 1201, "offsets.set", "ICR", Activity::kUpdate,
     "`offsets set --apply` puts partitions elsewhere; a change is one partition.",
     "`topic`, `partition`, `to`; of a change also `generation`, the one that begins; of `serve`, "
     "as replay"},
    {Action::kOffsetsSkip, 1202, "offsets.skip", "ICR", Activity::kUpdate,
     "`offsets skip --apply` passes over records unread.",
     "as offsets.set; `records`: how many offsets"},
    {Action::kReplay, 1203, "replay", "ICR", Activity::kUpdate,
     "`replay --apply` writes records again that are committed; a change is one transaction.",
     "`topic`, `ranges`; of a change `topic`, `partition`, `from`, `to` and `records`: how many; "
     "where `serve` does it, the intent has `job`, `plan_sha256`, `replica` and `progress`, and "
     "the plan is job.begin's"},
    {Action::kRedrive, 1301, "dlq.redrive", "ICR", Activity::kUpdate,
     "`dlq redrive` puts dead letters through the pipeline again; a change is one transaction.",
     "`where`: which; of a change `topic`, `partition`, `offsets`: those that are done; of the "
     "result, how many had which end; of `serve`, as replay"},
    {Action::kDiscard, 1302, "dlq.discard", "ICR", Activity::kDelete,
     "`dlq discard` deletes dead letters: their records are lost.",
     "`where`: which; of a change `letters`: how many; of `serve`, as replay"},
    {Action::kRefused, 1401, "access.refused", "R", Activity::kRead,
     "Somebody was not let in, or asked `serve` for what they may not.",
     "`method`, `path`, `peer`, `status`; `others`: how many strangers before were only counted"},
    {Action::kSessionBegin, 1402, "session.begin", "ICR", Activity::kCreate,
     "Somebody signed in with a browser.", "`session`: its id; `until`"},
    {Action::kSessionEnd, 1403, "session.end", "ICR", Activity::kDelete,
     "A session ended before its time.",
     "`session`; `by`: `logout`, `the issuer` or `a newer one`"},
    {Action::kPipelineConfigure, 1501, "pipeline.configure", "ICR", Activity::kUpdate,
     "A pipeline got a file, or another one.",
     "`plan`: what was planned, as its reviewers saw it; `plan_sha256`; `decision`; "
     "`policy_sha256`; "
     "`request`: of an approval"},
    {Action::kPipelineStart, 1502, "pipeline.start", "ICR", Activity::kUpdate,
     "A pipeline was started.", "as pipeline.configure"},
    {Action::kPipelineStop, 1503, "pipeline.stop", "ICR", Activity::kUpdate,
     "A pipeline was stopped.", "as pipeline.configure"},
    {Action::kPipelinePause, 1504, "pipeline.pause", "ICR", Activity::kUpdate,
     "A pipeline was stopped for a while.", "as pipeline.configure"},
    {Action::kPipelineResume, 1505, "pipeline.resume", "ICR", Activity::kUpdate, "A pause ended.",
     "as pipeline.configure"},
    {Action::kPipelineRestart, 1506, "pipeline.restart", "ICR", Activity::kUpdate,
     "A pipeline was stopped and started.", "as pipeline.configure"},
    {Action::kPipelineLanes, 1507, "pipeline.lanes", "ICR", Activity::kUpdate,
     "A pipeline got another number of lanes.", "as pipeline.configure"},
    {Action::kApprovalAsk, 1601, "approval.ask", "ICR", Activity::kCreate,
     "Somebody asked for what needs approval.", "as pipeline.configure"},
    {Action::kApprovalReview, 1602, "approval.review", "ICR", Activity::kUpdate,
     "Somebody approved or refused it.", "`request`; `plan_sha256`; `approves`"},
    {Action::kGlassBreak, 1701, "glass.break", "ICR", Activity::kCreate,
     "Somebody broke the glass: for them, approvals and freezes are lifted for some minutes.",
     "as pipeline.configure; the plan has the reason"},
    {Action::kGlassReview, 1702, "glass.review", "ICR", Activity::kUpdate,
     "Somebody else looked at what was done with broken glass.", "`glass`; `verdict`"},
    {Action::kJobBegin, 1801, "job.begin", "ICR", Activity::kCreate,
     "Moving offsets, a replay, a redrive, a discard or a schema change was decided; a replica "
     "does it then.",
     "as pipeline.configure; `job`: its id"},
    {Action::kJobCancel, 1802, "job.cancel", "ICR", Activity::kUpdate,
     "Somebody ended such a job before it was done.", "`job`; `verb`; `progress`"},
};

const ActionInfo& InfoOf(Action action);
char LetterOf(Phase phase);
std::string_view NameOf(Phase phase);
std::string CodeOf(Action action, Phase phase);

// docs/guide/audit-events.md.
std::string EventsMarkdown();

}  // namespace ks::governance
