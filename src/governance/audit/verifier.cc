#include "governance/audit/verifier.h"

#include "base/status_macros.h"
#include "governance/audit/entry.h"
#include "governance/errors.h"

namespace ks::governance {

absl::Status Verifier::AddLine(std::string_view file, size_t number, std::string_view line) {
  if (line.empty()) return absl::OkStatus();
  const auto parsed = ParseExportedLine(line);
  if (!parsed) return NotAnEvent(file, number);
  if (parsed->is_checkpoint) return AddCheckpoint(parsed->raw);
  const auto made_again = EventOf(parsed->raw);
  if (!made_again) return NotAnEvent("line", number);
  const absl::Status added = AddEvent(number, parsed->raw, *made_again);
  if (!added.ok() || !checks_.around || *made_again == parsed->event) return added;
  return EventDiffersFromEntry(number, entries() - 1);
}

absl::Status Verifier::AddEntry(size_t number, const std::string& entry) {
  const auto event = EventOf(entry);
  return event ? AddEvent(number, entry, *event) : NotAnEvent("entry", number);
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
  const uint64_t next = entries();
  if (!checks_.order || seq == next) return absl::OkStatus();
  if (seq < next) return EntryDuplicated(line, seq);
  return seq == next + 1 ? EntryMissing(line, next, seq) : EntryReordered(line, next, seq);
}

absl::Status Verifier::AddEvent(size_t line, const std::string& entry,
                                const nlohmann::json& made_again) {
  const auto& metadata = made_again["metadata"];
  KS_RETURN_IF_ERROR(CheckOrder(line, metadata["sequence"].get<uint64_t>()));
  index_by_id_[metadata["uid"].get<std::string>()] = leaves_.size();
  if (leaves_.empty()) origin_ = OriginOf(made_again["resources"][1]["name"].get<std::string>());
  leaves_.push_back(LeafHash(entry));
  return absl::OkStatus();
}

Frontier Verifier::tree() const {
  Frontier tree = before_;
  for (const Hash& leaf : leaves_) tree.Append(leaf);
  return tree;
}

absl::Status Verifier::Finish() const {
  if (checkpoints_.empty()) return NothingSigned();
  uint64_t verified = 0;
  Frontier tree = before_;
  for (const auto& [size, kept] : checkpoints_) {
    if (size > entries()) {
      if (checks_.length) return ExportTruncated(entries(), last().size);
      break;
    }
    for (; tree.size() < size;) tree.Append(leaves_[tree.size() - before_.size()]);
    if (checks_.tree && tree.Root() != kept.checkpoint.root)
      return EntriesChanged(verified < size ? verified : 0, size);
    verified = size;
  }
  if (checks_.end && last().size < entries()) return EndNotSigned(last().size, entries());
  return absl::OkStatus();
}

std::optional<uint64_t> Verifier::IndexOf(std::string_view id) const {
  const auto found = index_by_id_.find(id);
  return found == index_by_id_.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace ks::governance
