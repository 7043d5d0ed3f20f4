#include "local/spanner/txn/split_points.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "env/clock.h"
#include "google/spanner/admin/database/v1/spanner_database_admin.pb.h"
#include "google/spanner/v1/keys.pb.h"
#include "local/spanner/schema/key_text.h"
#include "local/spanner/server/admin_rpcs.h"
#include "local/spanner/server/call.h"
#include "local/spanner/server/errors.h"
#include "local/spanner/server/key_set.h"
#include "local/spanner/server/limits.h"
#include "local/spanner/server/resource_names.h"
#include "local/spanner/server/server_state.h"
#include "local/spanner/server/timestamps.h"
#include "local/spanner/txn/core.h"

namespace ks::local {

namespace pb = google::spanner::admin::database::v1;

namespace {

constexpr char kDefaultInitiator[] = "CloudAddSplitPointsAPI";
constexpr size_t kInitiatorChars = 50;

// What is split: a table, or an index of it.
struct Splitting {
  const Table* table = nullptr;
  const Index* index = nullptr;
  std::string_view name() const { return index == nullptr ? table->name : index->name; }
};

absl::StatusOr<Splitting> Find(const Schema& schema, const pb::SplitPoints& points) {
  Splitting found;
  if (!points.index().empty()) {
    found.index = schema.FindIndex(points.index());
    if (found.index == nullptr) return errors::IndexNotFound(points.index(), points.table());
    found.table = schema.TableOf(*found.index);
  }
  if (!points.table().empty()) {
    const Table* named = schema.FindTable(points.table());
    if (named == nullptr) return errors::TableNotFound(points.table());
    if (found.index != nullptr && named != found.table) {
      return errors::IndexNotFound(points.index(), points.table());
    }
    found.table = named;
  }
  if (found.table == nullptr) return errors::MissingField("split_points.table");
  return found;
}

// Checks a key, and prints it as USER_SPLIT_POINTS does.
class KeyPrinter : public KeySetVisitor {
 public:
  explicit KeyPrinter(const Splitting& splitting) : splitting_(splitting) {}

  absl::Status Visit(const pb::SplitPoints::Key& key) {
    google::spanner::v1::KeySet keys;
    *keys.add_keys() = key.key_parts();
    const std::string wire = keys.SerializeAsString();
    // An index is split at its own columns alone, or at a whole entry.
    absl::Span<const KeyPartType> parts =
        splitting_.index == nullptr ? splitting_.table->shape.parts : splitting_.index->shape.parts;
    const auto given = static_cast<size_t>(key.key_parts().values_size());
    if (splitting_.index != nullptr && given <= splitting_.index->key.size()) {
      parts = parts.subspan(0, splitting_.index->key.size());
    }
    return VisitKeySet(wire, {splitting_.name(), parts}, arena_, *this);
  }
  const std::string& text() const { return text_; }

  absl::Status OnKey(absl::Span<const sql::Datum> key) override {
    if (splitting_.index == nullptr) {
      text_ = StrCat(splitting_.table->name, InParentheses(splitting_.table->shape, key));
      return absl::OkStatus();
    }
    const KeyShape& shape = splitting_.index->shape;
    const size_t own = splitting_.index->key.size();
    KeyShape rest;
    rest.parts.assign(shape.parts.begin() + static_cast<ptrdiff_t>(own), shape.parts.end());
    text_ =
        StrCat("Index: ", splitting_.index->name, " on ", splitting_.table->name,
               ", Index Key: ", InParentheses(shape, key.subspan(0, own)), ", Primary Table Key: ",
               key.size() == own ? "(<begin>)" : InParentheses(rest, key.subspan(own)));
    return absl::OkStatus();
  }
  absl::Status OnAll() override { return absl::OkStatus(); }
  absl::Status OnRange(const KeyBounds&) override { return absl::OkStatus(); }

 private:
  static std::string InParentheses(const KeyShape& shape, absl::Span<const sql::Datum> key) {
    const std::string text = FormatKey(shape, key);
    return StrCat("(", std::string_view(text).substr(1, text.size() - 2), ")");
  }

  const Splitting& splitting_;
  sql::Arena arena_;
  std::string text_;
};

absl::StatusOr<int64_t> ExpiresNanos(const pb::SplitPoints& points, int64_t now) {
  if (!points.has_expire_time()) return now + limits::kSplitPointLifeNanos;
  const int64_t expires = ToNanos(points.expire_time());
  if (expires > now + limits::kSplitPointLifeMaxNanos) return errors::SplitPointLivesTooLong();
  return expires;
}

}  // namespace

absl::Status DatabaseRpcs::AddSplitPoints(Call& call, const pb::AddSplitPointsRequest& request,
                                          pb::AddSplitPointsResponse*) {
  KS_ASSIGN_OR_RETURN(const DatabaseName name, ParseDatabase(request.database()));
  KS_ASSIGN_OR_RETURN(auto database, call.server().registry->UseDatabase(name));
  const std::shared_ptr<const Schema> schema = database->database().schema();
  const int64_t now = call.server().clock.NowNanos();
  if (request.split_points().empty()) return errors::MissingField("split_points");
  std::vector<SplitPoints::Point> all;
  for (const pb::SplitPoints& points : request.split_points()) {
    if (points.keys().empty()) return errors::MissingField("split_points.keys");
    KS_ASSIGN_OR_RETURN(const Splitting splitting, Find(*schema, points));
    KS_ASSIGN_OR_RETURN(const int64_t expires_nanos, ExpiresNanos(points, now));
    for (const pb::SplitPoints::Key& key : points.keys()) {
      KeyPrinter printer(splitting);
      KS_RETURN_IF_ERROR(printer.Visit(key));
      const bool tagged = !request.initiator().empty();
      all.push_back({splitting.table->name,
                     splitting.index == nullptr ? std::string() : splitting.index->name,
                     tagged ? request.initiator().substr(0, kInitiatorChars) : kDefaultInitiator,
                     printer.text(), expires_nanos});
    }
  }
  if (static_cast<int64_t>(all.size()) > limits::kSplitPointsPerRequest) {
    return errors::TooManySplitPoints(all.size());
  }
  for (SplitPoints::Point& point : all) {
    database->database().core().split_points().Add(std::move(point));
  }
  return absl::OkStatus();
}

}  // namespace ks::local
