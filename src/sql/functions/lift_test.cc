#include "sql/functions/lift.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "sql/functions/errors.h"

namespace ks::sql {
namespace {

const Signature& Add() { return FindFunction("$add")->signatures[0]; }

// Runs a kernel over `rows`; rows it does not write keep the mark 77.
std::vector<Datum> RunKernel(const Signature& signature, EvalContext& context,
                       const std::vector<uint32_t>& rows, const std::vector<Column>& arguments,
                       size_t size) {
  std::vector<TypeRef> types;
  for (size_t i = 0; i < arguments.size(); ++i) types.push_back(signature.arguments[i].type);
  Call call{context, signature.result.type, types, nullptr};
  std::vector<Datum> out(size, Datum::Int64(77));
  signature.kernel(call, rows, arguments.data(), out.data());
  return out;
}

TEST(LiftTest, WritesOnlyTheWantedRows) {
  Arena arena;
  EvalContext context(arena);
  const std::vector<Datum> a = {Datum::Int64(1), Datum::Int64(2), Datum::Int64(3)};
  const Datum ten = Datum::Int64(10);
  const auto out = RunKernel(Add(), context, {0, 2}, {{a.data(), false}, {&ten, true}}, 3);
  EXPECT_EQ(out[0].int64(), 11);
  EXPECT_EQ(out[1].int64(), 77);
  EXPECT_EQ(out[2].int64(), 13);
}

TEST(LiftTest, AFailedRowIsNullAndTheOthersGoOn) {
  Arena arena;
  EvalContext context(arena);
  const std::vector<Datum> a = {Datum::Int64(INT64_MAX), Datum::Int64(2)};
  const Datum one = Datum::Int64(1);
  const auto out = RunKernel(Add(), context, {0, 1}, {{a.data(), false}, {&one, true}}, 2);
  EXPECT_TRUE(out[0].null());
  EXPECT_EQ(out[1].int64(), 3);
  ASSERT_EQ(context.errors().size(), 1u);
  EXPECT_EQ(context.errors()[0].first, 0u);
  EXPECT_EQ(context.errors()[0].second, Int64Overflow(INT64_MAX, "+", 1));
}

TEST(LiftTest, ReadsTypesAndOptionalArgumentsOffTheFunction) {
  const Signature s = Scalar([](DateDays d, std::optional<int64_t> n) -> std::string_view {
    if (n.has_value()) return "n";
    return d.days != 0 ? "d" : "";
  });
  EXPECT_EQ(s.result.type, Type::String());
  ASSERT_EQ(s.arguments.size(), 2u);
  EXPECT_EQ(s.arguments[0].type, Type::Date());
  EXPECT_EQ(s.arguments[1].type, Type::Int64());
  EXPECT_EQ(s.optional, 1);
  Arena arena;
  EvalContext context(arena);
  const Datum day = Datum::Date(1);
  EXPECT_EQ(RunKernel(s, context, {0}, {{&day, true}}, 1)[0].str(), "d");
  const Datum number = Datum::Int64(5);
  EXPECT_EQ(RunKernel(s, context, {0}, {{&day, true}, {&number, true}}, 1)[0].str(), "n");
}

TEST(RegistryTest, FindsNamesInAnyCaseAndTheNearestOne) {
  ASSERT_NE(FindFunction("Starts_With"), nullptr);
  EXPECT_EQ(FindFunction("STARTS_WIT"), nullptr);
  EXPECT_EQ(NearestFunctionName("STARTS_WIT"), "STARTS_WITH");
  EXPECT_NE(FindAggregate("sum"), nullptr);
  EXPECT_EQ(FindCast(Type::Json(), Type::Date()), nullptr);
}

}  // namespace
}  // namespace ks::sql
