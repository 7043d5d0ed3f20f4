#include "governance/audit/verifier.h"

#include "base/status_macros.h"
#include "governance/audit/entry.h"
#include "governance/errors.h"

namespace ks::governance {

absl::Status Verifier::AddLine(std::string_view file, size_t number, std::string_view line) {
  if (line.empty()) return absl::OkStatus();
  const auto parsed = ParseExportedLine(line);
  if (!parsed) return NotAnEvent(file, number);
  return parsed->is_checkpoint ? AddCheckpoint(parsed->raw)
                               : AddEntry(number, parsed->raw, parsed->event);
}

absl::Status Verifier::AddCheckpoint(const std::string& note) {
  KS_ASSIGN_OR_RETURN(Checkpoint checkpoint, key_.Open(note));
  if (!checkpoints_.empty() && last().origin != checkpoint.origin)
    return ForeignCheckpoint(last().origin, checkpoint.origin);
  const uint64_t size = checkpoint.size;
  checkpoints_.emplace(size, Signed{std::move(checkpoint), note});
  return absl::OkStatus();
}

absl::Status Verifier::CheckOrder(size_t line, uint64_t seq) const {
  if (!checks_.order || seq == leaves_.size()) return absl::OkStatus();
  if (seq < leaves_.size()) return EntryDuplicated(line, seq);
  return seq == leaves_.size() + 1 ? EntryMissing(line, leaves_.size(), seq)
                                   : EntryReordered(line, leaves_.size(), seq);
}

absl::Status Verifier::AddEntry(size_t line, const std::string& entry,
                                const nlohmann::json& event) {
  const auto made_again = EventOf(entry);
  if (!made_again) return NotAnEvent("line", line);
  const auto& metadata = (*made_again)["metadata"];
  const auto seq = metadata["sequence"].get<uint64_t>();
  KS_RETURN_IF_ERROR(CheckOrder(line, seq));
  if (checks_.around && *made_again != event) return EventDiffersFromEntry(line, seq);
  index_by_id_[metadata["uid"].get<std::string>()] = leaves_.size();
  leaves_.push_back(LeafHash(entry));
  return absl::OkStatus();
}

absl::Status Verifier::Finish() const {
  if (checkpoints_.empty()) return NothingSigned();
  uint64_t verified = 0;
  Frontier tree;
  for (const auto& [size, kept] : checkpoints_) {
    if (size > leaves_.size()) {
      if (checks_.length) return ExportTruncated(leaves_.size(), last().size);
      break;
    }
    for (; tree.size() < size;) tree.Append(leaves_[tree.size()]);
    if (checks_.tree && tree.Root() != kept.checkpoint.root)
      return EntriesChanged(verified < size ? verified : 0, size);
    verified = size;
  }
  if (checks_.end && last().size < leaves_.size()) return EndNotSigned(last().size, leaves_.size());
  return absl::OkStatus();
}

std::optional<uint64_t> Verifier::IndexOf(std::string_view id) const {
  const auto found = index_by_id_.find(id);
  return found == index_by_id_.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace ks::governance
