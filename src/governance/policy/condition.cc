#include "governance/policy/condition.h"

#include <nlohmann/json.hpp>

#include "base/status_macros.h"
#include "base/str_cat.h"
#include "governance/errors.h"
#include "sql/eval/expression.h"
#include "sql/functions/moments.h"

namespace ks::governance {
namespace {

using sql::Type;
using sql::TypeRef;
using sql::Value;

struct Shape {
  TypeRef actor, pipeline, effect;
  std::vector<sql::NamedColumn> columns;
};

const Shape& TheShape() {
  static const Shape* const shape = [] {
    const TypeRef text = Type::String();
    const TypeRef list = Type::Array(text);
    std::vector<sql::StructField> effect;
    for (const FactInfo& fact : kFacts) effect.push_back({fact.name, Type::Int64()});
    effect.push_back({"ddl", text});
    effect.push_back({"personal", list});
    auto* made = new Shape;
    made->actor =
        Type::Struct({{"issuer", text}, {"subject", text}, {"groups", list}, {"roles", list}});
    made->pipeline =
        Type::Struct({{"name", text}, {"environment", text}, {"labels", Type::Json()}});
    made->effect = Type::Struct(effect);
    made->columns = {{"verb", text},
                     {"now", Type::Timestamp()},
                     {"actor", made->actor},
                     {"pipeline", made->pipeline},
                     {"effect", made->effect}};
    return made;
  }();
  return *shape;
}

Value ListOf(const std::vector<std::string>& texts) {
  std::vector<Value> values;
  for (const std::string& text : texts) values.push_back(Value::String(text));
  return Value::Array(Type::String(), values);
}

Value EffectOf(const ActionEffect& effect) {
  std::vector<Value> fields;
  for (const FactInfo& info : kFacts) {
    const auto known = effect.facts.find(info.fact);
    fields.push_back(known == effect.facts.end() ? Value::Null(Type::Int64())
                                                 : Value::Int64(known->second));
  }
  fields.push_back(Value::String(effect.ddl));
  fields.push_back(ListOf(effect.personal));
  return Value::Struct(TheShape().effect, fields);
}

// In the order of Shape::columns.
std::vector<Value> ColumnsOf(const Request& request, const PipelineFacts& pipeline,
                             const std::vector<std::string>& roles) {
  const Actor& actor = request.actor;
  const std::string labels = nlohmann::json(pipeline.labels).dump();
  return {
      Value::String(NameOf(request.verb)), Value::Timestamp(sql::MomentOfNanos(request.now_nanos)),
      Value::Struct(TheShape().actor, {Value::String(actor.issuer), Value::String(actor.subject),
                                       ListOf(actor.groups), ListOf(roles)}),
      Value::Struct(TheShape().pipeline,
                    {Value::String(request.pipeline), Value::String(pipeline.environment),
                     Value(Type::Json(), sql::Datum::Str(labels))}),
      EffectOf(request.effect)};
}

}  // namespace

absl::StatusOr<Condition> Condition::Parse(std::string_view text) {
  const sql::ExpressionOptions options{
      .columns = TheShape().columns, .target = Type::Bool(), .allow_subqueries = false};
  KS_ASSIGN_OR_RETURN(auto analyzed, sql::AnalyzeExpression(text, options));
  if (!analyzed.deterministic()) return VolatileCondition(analyzed.volatile_function);
  Condition condition;
  condition.text_ = std::string(text);
  condition.analyzed_ = std::make_shared<const sql::AnalyzedExpression>(std::move(analyzed));
  return condition;
}

std::optional<bool> Condition::Holds(const Request& request, const PipelineFacts& pipeline,
                                     const std::vector<std::string>& roles,
                                     std::string* why) const {
  const std::vector<Value> values = ColumnsOf(request, pipeline, roles);
  std::vector<sql::Column> inputs;
  for (const Value& value : values) inputs.push_back({&value.datum(), true});
  // Compiled for each question: a program is one thread's, and these questions are rare.
  const auto program = sql::Program::Compile(*analyzed_->expr);
  if (!program.ok()) {
    *why = std::string(View(program.status().message()));
    return std::nullopt;
  }
  sql::Arena arena;
  sql::EvalContext context(arena);
  const sql::Column result = (*program)->Evaluate(context, sql::AllRows(1), inputs.data());
  if (context.failed()) {
    *why = std::string(View(context.errors().front().second.message()));
    return std::nullopt;
  }
  if (result.at(0).null()) {
    *why = "it is NULL: a fact that it asks for is not known";
    return std::nullopt;
  }
  return result.at(0).bool_value();
}

}  // namespace ks::governance
