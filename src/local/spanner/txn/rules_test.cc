// Each rule of a write: what it refuses with which code, and what it keeps up.
#include <unistd.h>

#include "gtest/gtest.h"
#include "local/spanner/errors.h"
#include "local/spanner/limits.h"
#include "local/spanner/txn/test_tables.h"

namespace ks::local {
namespace {

using namespace testing;  // NOLINT
using absl::StatusCode;
using sql::Type;

StatusCode Code(Database& db, const Writes& writes) {
  return db.Commit(writes.list()).status().code();
}

// T(K, V, S) with indexes ByV(V) storing S, UniqueS(S) unique and null-filtered.
absl::Status AddIndexed(Schema& schema) {
  AddKv(schema).IgnoreError();
  schema.indexes.push_back(MakeIndex(schema, "ByV", "T", {1}, false));
  schema.indexes.back()->storing = {2};
  schema.indexes.push_back(MakeIndex(schema, "UniqueS", "T", {2}, true));
  schema.indexes.back()->null_filtered = true;
  return absl::OkStatus();
}

TEST(IndexRule, EntriesFollowTheirRows) {
  auto db = OpenInMemory(AddIndexed);
  auto w = [&] { return Writes(db->schema()); };
  auto put = [&](MutationOp op, int64_t k, sql::Value v, sql::Value s) {
    return Code(*db, w().Put(op, "T", {"K", "V", "S"}, {I(k), v, s}));
  };
  ASSERT_EQ(put(MutationOp::kInsert, 1, I(30), S("a")), StatusCode::kOk);
  ASSERT_EQ(put(MutationOp::kInsert, 2, I(10), S("b")), StatusCode::kOk);
  ASSERT_EQ(put(MutationOp::kInsert, 3, NullI(), NullS()), StatusCode::kOk);
  EXPECT_EQ(ReadAll(*db, "T", {"V", "K", "S"}, "ByV"), "NULL,3,NULL|10,2,'b'|30,1,'a'");
  EXPECT_EQ(ReadAll(*db, "T", {"S", "V"}, "UniqueS"), "'a',30|'b',10");
  ASSERT_EQ(Code(*db, w().Update(1, 5)), StatusCode::kOk);
  ASSERT_EQ(Code(*db, w().Delete("T", {I(2)})), StatusCode::kOk);
  EXPECT_EQ(ReadAll(*db, "T", {"V", "K", "S"}, "ByV"), "NULL,3,NULL|5,1,'a'");
  ASSERT_EQ(put(MutationOp::kInsertOrUpdate, 1, I(5), S("c")), StatusCode::kOk);
  EXPECT_EQ(ReadAll(*db, "T", {"S", "V"}, "UniqueS"), "'c',5");
  EXPECT_EQ(ReadAll(*db, "T", {"V", "S"}, "ByV"), "NULL,NULL|5,'c'");
}

TEST(IndexRule, UniqueIsKept) {
  auto db = OpenInMemory(AddIndexed);
  auto row = [](Writes&& w, MutationOp op, int64_t k, sql::Value s) {
    return std::move(w.Put(op, "T", {"K", "S"}, {I(k), s}));
  };
  auto w = [&] { return Writes(db->schema()); };
  const auto insert = MutationOp::kInsert, update = MutationOp::kUpdate;
  ASSERT_EQ(Code(*db, row(w(), insert, 1, S("a"))), StatusCode::kOk);
  ASSERT_EQ(Code(*db, row(w(), insert, 2, S("b"))), StatusCode::kOk);
  EXPECT_EQ(Code(*db, row(w(), insert, 3, S("a"))), StatusCode::kAlreadyExists);
  EXPECT_EQ(Code(*db, row(w(), insert, 3, NullS())), StatusCode::kOk);
  EXPECT_EQ(Code(*db, row(w(), insert, 4, NullS())), StatusCode::kOk);
  EXPECT_EQ(Code(*db, row(row(w(), insert, 5, S("x")), insert, 6, S("x"))),
            StatusCode::kAlreadyExists);
  // Two rows may swap their values in one commit.
  EXPECT_EQ(Code(*db, row(row(w(), update, 1, S("b")), update, 2, S("a"))), StatusCode::kOk);
  EXPECT_EQ(ReadAll(*db, "T", {"S", "K"}, "UniqueS"), "'a',2|'b',1");
  // A row that is written and keeps its value still has it.
  EXPECT_EQ(Code(*db, row(row(w(), update, 2, S("a")), update, 1, S("a"))),
            StatusCode::kAlreadyExists);
  EXPECT_EQ(Code(*db, row(row(w(), insert, 7, S("b")), update, 1, S("b"))),
            StatusCode::kAlreadyExists);
  EXPECT_EQ(Code(*db, row(std::move(w().Delete("T", {I(2)})), insert, 9, S("a"))), StatusCode::kOk);
}

TEST(IndexRule, TransactionsSeeTheirOwnEntries) {
  auto db = OpenInMemory(AddIndexed);
  ASSERT_EQ(Code(*db, Writes(db->schema()).Insert(1, 10).Insert(2, 20)), StatusCode::kOk);
  auto txn = db->BeginReadWrite();
  Writes writes(txn->schema());
  writes.Update(1, 30).Insert(3, 15).Delete("T", {I(2)});
  ASSERT_TRUE(txn->Apply(writes.list()).ok());
  ScanSpec spec = SpecOf(*txn->schema(), "T", {"V", "K"}, "ByV");
  EXPECT_EQ(Drain(txn->Scan(spec), spec), "15,3|30,1");
  ASSERT_TRUE(txn->Commit().ok());
  EXPECT_EQ(ReadAll(*db, "T", {"V", "K"}, "ByV"), "15,3|30,1");
}

// P(A) <- C(A, B) <- G(A, B, X): C cascades or not, G cascades.
SchemaEdit Family(OnDelete on_delete) {
  return [on_delete](Schema& schema) {
    schema.tables.push_back(MakeTable(schema, "P", {{"A", Type::Int64()}}, 1));
    schema.tables.push_back(
        MakeTable(schema, "C", {{"A", Type::Int64()}, {"B", Type::Int64()}}, 2));
    schema.tables.back()->interleave = InterleaveKind::kInParent;
    schema.tables.back()->parent = "P";
    schema.tables.back()->on_delete = on_delete;
    schema.tables.push_back(MakeTable(
        schema, "G", {{"A", Type::Int64()}, {"B", Type::Int64()}, {"X", Type::Int64()}}, 3));
    schema.tables.back()->interleave = InterleaveKind::kInParent;
    schema.tables.back()->parent = "C";
    schema.tables.back()->on_delete = OnDelete::kCascade;
    return absl::OkStatus();
  };
}

Writes FamilyRows(Database& db) {
  Writes w(db.schema());
  w.Put(MutationOp::kInsert, "P", {"A"}, {I(1)});
  w.Put(MutationOp::kInsert, "C", {"A", "B"}, {I(1), I(2)});
  w.Put(MutationOp::kInsert, "G", {"A", "B", "X"}, {I(1), I(2), I(3)});
  w.Put(MutationOp::kInsert, "G", {"A", "B", "X"}, {I(1), I(2), I(4)});
  return w;
}

TEST(InterleaveRule, ParentsMustExist) {
  auto db = OpenInMemory(Family(OnDelete::kCascade));
  Writes orphan(db->schema());
  orphan.Put(MutationOp::kInsert, "C", {"A", "B"}, {I(1), I(2)});
  EXPECT_EQ(Code(*db, orphan), StatusCode::kNotFound);
  Writes late(db->schema());
  late.Put(MutationOp::kInsert, "C", {"A", "B"}, {I(1), I(2)});
  late.Put(MutationOp::kInsert, "P", {"A"}, {I(1)});
  EXPECT_EQ(Code(*db, late), StatusCode::kNotFound);
  EXPECT_EQ(Code(*db, FamilyRows(*db)), StatusCode::kOk);
}

TEST(InterleaveRule, DeletesCascade) {
  auto db = OpenInMemory(Family(OnDelete::kCascade));
  ASSERT_EQ(Code(*db, FamilyRows(*db)), StatusCode::kOk);
  ASSERT_EQ(Code(*db, Writes(db->schema()).Delete("P", {I(1)})), StatusCode::kOk);
  EXPECT_EQ(ReadAll(*db, "P", {"A"}) + ReadAll(*db, "C", {"A"}) + ReadAll(*db, "G", {"A"}), "");
}

TEST(InterleaveRule, DeletesWithoutCascadeNeedNoChildren) {
  auto db = OpenInMemory(Family(OnDelete::kNoAction));
  ASSERT_EQ(Code(*db, FamilyRows(*db)), StatusCode::kOk);
  EXPECT_EQ(Code(*db, Writes(db->schema()).Delete("P", {I(1)})), StatusCode::kFailedPrecondition);
  EXPECT_EQ(Code(*db, Writes(db->schema()).DeleteAll("P")), StatusCode::kFailedPrecondition);
  EXPECT_EQ(Code(*db, Writes(db->schema()).Delete("C", {I(1), I(2)}).Delete("P", {I(1)})),
            StatusCode::kOk);
  EXPECT_EQ(ReadAll(*db, "G", {"A"}), "");
}

SchemaEdit Referencing(OnDelete on_delete) {
  return [on_delete](Schema& schema) {
    schema.tables.push_back(
        MakeTable(schema, "R", {{"Id", Type::Int64()}, {"Code", Type::String()}}, 1));
    schema.indexes.push_back(MakeIndex(schema, "RByCode", "R", {1}, true));
    schema.tables.push_back(MakeTable(
        schema, "F", {{"K", Type::Int64()}, {"Id", Type::Int64()}, {"Code", Type::String()}}, 1));
    ForeignKey by_id{"FkId", false, {1}, "R", {"Id"}, on_delete, true};
    ForeignKey by_code{"FkCode", false, {2}, "R", {"Code"}, on_delete, true};
    schema.tables.back()->foreign_keys = {by_id, by_code};
    return absl::OkStatus();
  };
}

TEST(ForeignKeyRule, ReferencedRowsMustExist) {
  auto db = OpenInMemory(Referencing(OnDelete::kNoAction));
  auto w = [&] { return Writes(db->schema()); };
  auto f = [&](int64_t k, sql::Value id, sql::Value code) {
    return std::move(w().Put(MutationOp::kInsert, "F", {"K", "Id", "Code"}, {I(k), id, code}));
  };
  EXPECT_EQ(Code(*db, f(1, I(7), NullS())), StatusCode::kFailedPrecondition);
  EXPECT_EQ(Code(*db, f(1, NullI(), S("x"))), StatusCode::kFailedPrecondition);
  EXPECT_EQ(Code(*db, f(1, NullI(), NullS())), StatusCode::kOk);
  Writes both = f(2, I(7), S("x"));  // in any order within one commit
  both.Put(MutationOp::kInsert, "R", {"Id", "Code"}, {I(7), S("x")});
  EXPECT_EQ(Code(*db, both), StatusCode::kOk);
  EXPECT_EQ(Code(*db, w().Delete("R", {I(7)})), StatusCode::kFailedPrecondition);
  EXPECT_EQ(Code(*db, w().Put(MutationOp::kUpdate, "R", {"Id", "Code"}, {I(7), S("y")})),
            StatusCode::kFailedPrecondition);
  EXPECT_EQ(Code(*db, w().Delete("R", {I(7)}).Delete("F", {I(2)})), StatusCode::kOk);
}

TEST(ForeignKeyRule, NothingIsWrittenAndDeletedThatCascades) {
  const auto both = [](Database& db) {
    Writes writes(db.schema());
    writes.Put(MutationOp::kInsert, "R", {"Id", "Code"}, {I(7), S("x")}).Delete("R", {I(7)});
    return Code(db, writes);
  };
  auto cascading = OpenInMemory(Referencing(OnDelete::kCascade));
  EXPECT_EQ(both(*cascading), StatusCode::kFailedPrecondition);
  Writes others(cascading->schema());
  others.Put(MutationOp::kInsert, "R", {"Id", "Code"}, {I(7), S("x")}).Delete("R", {I(8)});
  EXPECT_EQ(Code(*cascading, others), StatusCode::kOk);
  Writes all(cascading->schema());
  all.DeleteAll("R").Put(MutationOp::kInsert, "R", {"Id", "Code"}, {I(9), S("x")});
  EXPECT_EQ(Code(*cascading, all), StatusCode::kFailedPrecondition);
  EXPECT_EQ(both(*OpenInMemory(Referencing(OnDelete::kNoAction))), StatusCode::kOk);
}

TEST(ForeignKeyRule, DeletesCascade) {
  auto db = OpenInMemory(Referencing(OnDelete::kCascade));
  Writes rows(db->schema());
  rows.Put(MutationOp::kInsert, "R", {"Id", "Code"}, {I(7), S("x")});
  rows.Put(MutationOp::kInsert, "F", {"K", "Id"}, {I(1), I(7)});
  rows.Put(MutationOp::kInsert, "F", {"K", "Code"}, {I(2), S("x")});
  rows.Put(MutationOp::kInsert, "F", {"K"}, {I(3)});
  ASSERT_EQ(Code(*db, rows), StatusCode::kOk);
  ASSERT_EQ(Code(*db, Writes(db->schema()).Delete("R", {I(7)})), StatusCode::kOk);
  EXPECT_EQ(ReadAll(*db, "F", {"K"}), "3");
}

TEST(ValueRule, LengthsAndKeys) {
  auto db = OpenInMemory([](Schema& schema) {
    schema.tables.push_back(
        MakeTable(schema, "T",
                  {{"K", Type::String()}, {"S", Type::String()}, {"N", Type::Int64(), true}}, 1));
    schema.tables.back()->columns[1].max_length = 3;
    return absl::OkStatus();
  });
  auto put = [&](std::string_view k, std::string_view s,
                 MutationOp op = MutationOp::kInsertOrUpdate) {
    return Code(*db, Writes(db->schema()).Put(op, "T", {"K", "S", "N"}, {S(k), S(s), I(1)}));
  };
  EXPECT_EQ(put("a", "abc"), StatusCode::kOk);
  EXPECT_EQ(put("a", "äöü"), StatusCode::kOk);  // characters, not bytes
  EXPECT_EQ(put("a", "abcd"), StatusCode::kFailedPrecondition);
  EXPECT_EQ(put(std::string(limits::kKeyBytes - 4, 'k'), "a"), StatusCode::kOk);
  EXPECT_EQ(put(std::string(limits::kKeyBytes + 1, 'k'), "a"), StatusCode::kInvalidArgument);
  EXPECT_EQ(Code(*db, Writes(db->schema()).Put(MutationOp::kInsert, "T", {"K"}, {S("z")})),
            StatusCode::kFailedPrecondition);  // N is NOT NULL
  EXPECT_EQ(
      Code(*db, Writes(db->schema()).Put(MutationOp::kUpdate, "T", {"K", "N"}, {S("a"), NullI()})),
      StatusCode::kFailedPrecondition);
}

TEST(LimitRule, MutationsAreCountedWithIndexes) {
  auto db = OpenInMemory(AddIndexed);
  auto count = [&](const Writes& writes) {
    auto result = db->Commit(writes.list());
    EXPECT_TRUE(result.ok()) << result.status();
    return result.ok() ? result->mutation_count : -1;
  };
  auto w = [&] { return Writes(db->schema()); };
  EXPECT_EQ(count(w().Insert(1, 1)), 2 + 2);  // two columns, two indexes
  EXPECT_EQ(count(w().Update(1, 2)), 2 + 2);  // ByV loses and gets an entry
  EXPECT_EQ(count(w().Delete("T", {I(1)})), 1 + 2);
  EXPECT_EQ(count(w().DeleteAll("T")), 1);
  Writes many(db->schema());
  for (int64_t k = 0; k <= limits::kMutationsPerCommit / 4; ++k) many.Insert(k, k);
  EXPECT_EQ(Code(*db, many), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace ks::local
