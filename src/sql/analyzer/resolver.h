// Resolver: the state of one analysis and all its rules. Private to analyzer/; the files:
//   expr.cc       literals, parameters, constructors  names.cc   columns, fields, elements
//   operators.cc  operators, IN, LIKE, BETWEEN        call.cc    function calls, casts, lazy forms
//   times.cc      date parts, INTERVAL, EXTRACT     protos.cc  PROTO values
//   aggregate.cc  aggregate calls                      subquery.cc subquery expressions
//   from.cc       FROM            select.cc, grouping.cc  SELECT, GROUP BY, HAVING, ORDER BY
//   query.cc      WITH, set operations, LIMIT         dml_resolver.cc  INSERT, UPDATE, DELETE
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sql/analyzer/analyzer.h"
#include "sql/analyzer/coercion.h"
#include "sql/analyzer/name_scope.h"
#include "sql/parser/ast.h"

namespace ks::sql {

// One column of a SELECT list or of a query.
struct SelectColumn {
  std::string name;
  ResolvedExprPtr expr;  // null once it is computed by the relation
  ColumnId id = -1;
  TypeRef type = nullptr;
  uint32_t position = 0;
  bool aggregated = false;  // contains an aggregate function
  bool null = false;        // NULL as written: set operations give it any type
  bool literal = false;     // a written literal: set operations may change its type
};

struct QueryScope {  // a resolved query as others see it
  ResolvedRelPtr rel;
  std::vector<SelectColumn> columns;
  bool value_table = false;
  bool ordered = false;
};

// Where an expression stands.
struct ExprContext {
  const NameScope* scope = nullptr;
  std::string_view clause;                           // "WHERE clause"
  std::vector<AggregateCall>* aggregates = nullptr;  // null: not allowed here
  bool in_aggregate = false;
};

// A SELECT that is resolved but not yet made into relations.
struct SelectParts {
  ResolvedRelPtr from;
  NameScope scope;
  ResolvedExprPtr where;
  std::vector<SelectColumn> items;
  std::vector<AggregateCall> aggregates;
  bool grouped = false;
  std::vector<ComputedColumn> group_by;
  std::vector<std::string> group_names;
  std::vector<std::vector<int>> grouping_sets;
  ResolvedExprPtr having;
  struct Order {
    int item = -1;         // which select item, or
    ResolvedExprPtr expr;  // an expression over the input (after grouping)
    bool descending;
    bool nulls_first;
    uint32_t position;
  };
  std::vector<Order> order_by;
  bool distinct = false;
};

class Resolver {
 public:
  Resolver(std::string_view text, const AnalyzerOptions& options, ColumnId first_column = 0);

  // ---- Expressions ----
  absl::StatusOr<ResolvedExprPtr> Resolve(const Expr& expr, const ExprContext& context);
  absl::StatusOr<ResolvedExprPtr> ResolveAs(const Expr& expr, const ExprContext& context,
                                            TypeRef type, std::string_view what);
  absl::Status CoerceTo(ResolvedExprPtr& expr, TypeRef type, uint32_t position,
                        std::string_view message);
  absl::StatusOr<ResolvedExprPtr> MakeCall(std::string_view name,
                                           std::vector<ResolvedExprPtr> arguments,
                                           uint32_t position, bool safe = false);
  absl::StatusOr<TypeRef> ResolveType(const TypeName& type);

  // ---- Queries ----
  absl::StatusOr<QueryScope> ResolveQuery(const Query& query, const NameScope* outer);
  absl::StatusOr<SelectParts> ResolveSelectParts(const Select& select, const NameScope* outer,
                                                 const std::vector<OrderItem>* order_by);
  absl::StatusOr<std::unique_ptr<ResolvedDml>> ResolveDml(const Statement& statement);
  std::unique_ptr<ResolvedQuery> Finish(QueryScope scope);
  // Coerces parameters whose use says nothing.
  ParameterTypes undeclared() const;

  absl::Status Error(uint32_t position, std::string_view message) const;
  // Gives INVALID_ARGUMENT a place if it has none.
  static absl::Status Placed(uint32_t position, const absl::Status& error);
  ResolvedColumn NewColumn(std::string name, TypeRef type) {
    return ResolvedColumn{next_column_++, std::move(name), type};
  }
  ColumnId column_count() const { return next_column_; }
  void set_record_sources(const std::vector<RecordSource>* sources) { record_sources_ = sources; }
  void set_allow_subqueries(bool allow) { allow_subqueries_ = allow; }
  int record_source() const { return record_source_; }
  // Names of functions that do not give the same value each time were met.
  const std::string& volatile_function() const { return volatile_function_; }
  const std::vector<std::string>& sequences() const { return sequences_; }

 private:
  // expr.cc
  absl::StatusOr<ResolvedExprPtr> ResolveNode(const Expr& expr, const ExprContext& context);
  absl::StatusOr<ResolvedExprPtr> ResolveLiteral(const LiteralExpr& literal);
  absl::StatusOr<ResolvedExprPtr> ResolveParameter(const ParameterExpr& parameter);
  absl::StatusOr<ResolvedExprPtr> ResolveArray(const ArrayExpr& array, const ExprContext& context);
  absl::StatusOr<ResolvedExprPtr> ResolveStruct(const StructExpr& structure,
                                                const ExprContext& context);

  // names.cc
  absl::StatusOr<ResolvedExprPtr> ResolvePath(const PathExpr& path, const ExprContext& context);
  absl::StatusOr<ResolvedExprPtr> ResolveName(const Identifier& name, const ExprContext& context,
                                              const Path& path, size_t* used);
  ResolvedExprPtr RangeAsStruct(const RangeVariable& range);
  absl::StatusOr<ResolvedExprPtr> ResolveField(ResolvedExprPtr operand, const Identifier& field);
  absl::StatusOr<ResolvedExprPtr> ResolveSubscript(const SubscriptExpr& subscript,
                                                   const ExprContext& context);

  // protos.cc
  absl::StatusOr<ResolvedExprPtr> ResolveProtoField(ResolvedExprPtr operand,
                                                    const Identifier& field);
  // `field`: the type that the value is for, where braces name none.
  absl::StatusOr<ResolvedExprPtr> ResolveNew(const NewExpr& expr, const ExprContext& context,
                                             TypeRef field);
  absl::StatusOr<ResolvedExprPtr> ResolveNewField(const NewExpr& expr, size_t number,
                                                  const ExprContext& context,
                                                  ResolvedExprPtr message,
                                                  std::set<std::string>* given);
  absl::StatusOr<ResolvedExprPtr> ResolveReplaceFields(const NewExpr& expr,
                                                       const ExprContext& context);
  // `message` with `value` at what `path` names from its name number `from` on.
  absl::StatusOr<ResolvedExprPtr> ResolveFieldAssigned(ResolvedExprPtr message, const Path& path,
                                                       size_t from, const Expr& value,
                                                       const ExprContext& context);
  // FORMAT and TO_JSON show enums by name, and FORMAT messages in text format.
  void ShowProtosAsText(std::string_view function, std::vector<ResolvedExprPtr>* arguments) const;

  // operators.cc
  absl::StatusOr<ResolvedExprPtr> ResolveUnary(const UnaryExpr& unary, const ExprContext& context);
  absl::StatusOr<ResolvedExprPtr> ResolveBinary(const BinaryExpr& binary,
                                                const ExprContext& context);
  absl::StatusOr<ResolvedExprPtr> ResolveLogical(const LogicalExpr& logical,
                                                 const ExprContext& context);
  absl::StatusOr<ResolvedExprPtr> ResolveIs(const IsExpr& is, const ExprContext& context);
  absl::StatusOr<ResolvedExprPtr> ResolveLike(const LikeExpr& like, const ExprContext& context);
  absl::StatusOr<ResolvedExprPtr> ResolveBetween(const BetweenExpr& between,
                                                 const ExprContext& context);
  absl::StatusOr<ResolvedExprPtr> ResolveIn(const InExpr& in, const ExprContext& context);
  absl::Status RefuseNulls(const std::vector<ResolvedExprPtr>& operands, std::string_view name,
                           uint32_t position) const;
  absl::StatusOr<ResolvedExprPtr> Not(ResolvedExprPtr operand, bool negated, uint32_t position);
  uint32_t OperatorPosition(const SourceRange& from, uint32_t to, std::string_view word) const;

  // call.cc
  absl::StatusOr<ResolvedExprPtr> ResolveCall(const CallExpr& call, const ExprContext& context);
  absl::StatusOr<ResolvedExprPtr> ResolveFunction(const std::string& name, const CallExpr& call,
                                                  const ExprContext& context);
  absl::StatusOr<std::string> ResolveSequence(const Expr& argument);
  absl::Status ResolveArguments(const std::string& name, const CallExpr& call,
                                const ExprContext& context,
                                std::vector<ResolvedExprPtr>* arguments);
  absl::Status PlaceNamedArguments(const Function& function, const CallExpr& call,
                                   const ExprContext& context,
                                   std::vector<ResolvedExprPtr>* arguments);
  absl::StatusOr<ResolvedExprPtr> ResolveLazyFunction(const std::string& name, const CallExpr& call,
                                                      const ExprContext& context, bool* done);
  absl::StatusOr<ResolvedExprPtr> MakeCase(std::vector<ResolvedExprPtr> operands,
                                           size_t results_from, uint32_t position,
                                           std::string_view name);
  absl::StatusOr<ResolvedExprPtr> ResolveNullIf(std::vector<ResolvedExprPtr> arguments,
                                                uint32_t position);
  absl::StatusOr<ResolvedExprPtr> ResolveCase(const CaseExpr& expr, const ExprContext& context);
  absl::StatusOr<ResolvedExprPtr> ResolveCaseValue(const CaseExpr& expr,
                                                   const ExprContext& context);
  absl::StatusOr<ResolvedExprPtr> ResolveCast(const CastExpr& cast, const ExprContext& context);
  absl::StatusOr<ResolvedExprPtr> ResolveWith(const WithExpr& with, const ExprContext& context);

  // times.cc
  absl::StatusOr<std::string> DatePart(const Expr& part);
  absl::StatusOr<std::string> IntervalField(const Identifier& unit) const;
  absl::Status AppendInterval(const Expr& expr, const ExprContext& context,
                              std::vector<ResolvedExprPtr>* arguments);
  absl::StatusOr<ResolvedExprPtr> IntervalNumber(const Expr& value, const ExprContext& context);
  absl::StatusOr<ResolvedExprPtr> ResolveInterval(const IntervalExpr& interval,
                                                  const ExprContext& context);
  absl::StatusOr<ResolvedExprPtr> ResolveExtract(const ExtractExpr& extract,
                                                 const ExprContext& context);

  // aggregate.cc
  absl::StatusOr<ResolvedExprPtr> ResolveAggregate(const AggregateFunction& function,
                                                   const CallExpr& call,
                                                   const ExprContext& context);
  absl::Status ResolveAggregateModifiers(const CallExpr& call, const ExprContext& inner,
                                         AggregateCall* made);

  // subquery.cc
  absl::StatusOr<ResolvedExprPtr> ResolveSubquery(const SubqueryExpr& subquery,
                                                  const ExprContext& context);
  absl::StatusOr<ResolvedExprPtr> ResolveInQuery(const InExpr& in, ResolvedExprPtr operand,
                                                 const ExprContext& context);
  ResolvedExprPtr MakeSubquery(ResolvedSubqueryKind kind, TypeRef type, QueryScope query);

  // from.cc
  absl::StatusOr<ResolvedRelPtr> ResolveTableExpr(const TableExpr& expr, const NameScope* outer,
                                                  NameScope* scope);
  absl::StatusOr<ResolvedRelPtr> ResolveSample(const TableExpr& expr, ResolvedRelPtr rel,
                                               NameScope* scope);
  absl::StatusOr<ResolvedRelPtr> ResolvePathTable(const PathTable& table, const NameScope* outer,
                                                  NameScope* scope);
  absl::StatusOr<ResolvedRelPtr> ResolveScan(const Table& table, const PathTable& expr,
                                             NameScope* scope);
  absl::StatusOr<ResolvedRelPtr> ResolveView(const View& view, const PathTable& expr,
                                             NameScope* scope);
  ResolvedRelPtr ResolveRecord(int source, const std::string& alias, NameScope* scope);
  absl::StatusOr<ResolvedRelPtr> ImplicitRecord(const Select& select, NameScope* scope);
  // The array of UNNEST(…) or of a path that starts at a name of `visible`; null: `expr` is no
  // array.
  absl::StatusOr<ResolvedExprPtr> ArrayOf(const TableExpr& expr, const NameScope* visible);
  absl::StatusOr<std::unique_ptr<UnnestRel>> MakeUnnest(const TableExpr& expr,
                                                        ResolvedExprPtr array, ResolvedRelPtr input,
                                                        NameScope* scope);
  absl::StatusOr<ResolvedRelPtr> ResolveSubqueryTable(const SubqueryTable& table,
                                                      const NameScope* outer, NameScope* scope);
  absl::StatusOr<ResolvedRelPtr> ResolveJoin(const JoinTable& join, const NameScope* outer,
                                             NameScope* scope);
  absl::StatusOr<ResolvedRelPtr> JoinArray(const JoinTable& join, JoinType type,
                                           ResolvedExprPtr array, ResolvedRelPtr left_rel,
                                           NameScope& left, NameScope* scope);
  absl::Status JoinCondition(const JoinTable& join, JoinType type, NameScope& left,
                             NameScope& right, ResolvedExprPtr* condition,
                             std::vector<ComputedColumn>* merged, NameScope* scope);
  absl::Status JoinUsing(const JoinTable& join, JoinType type, NameScope& left, NameScope& right,
                         ResolvedExprPtr* condition, std::vector<ComputedColumn>* merged,
                         NameScope* scope);
  absl::Status CheckAliases(const JoinTable& join, const NameScope& left, const NameScope& right);
  void AddRange(const std::string& alias, const QueryScope& query, NameScope* scope);

  // select.cc
  absl::StatusOr<QueryScope> ResolveSelect(const Select& select, const NameScope* outer,
                                           const std::vector<OrderItem>* order_by);
  absl::Status ResolveItems(const Select& select, SelectParts* parts);
  absl::Status ExpandStar(const SelectItem& item, SelectParts* parts);
  absl::Status AddStarColumns(const SelectItem& item, std::vector<SelectColumn> columns,
                              const ExprContext& context, SelectParts* parts);
  void ColumnsOfScope(const std::vector<ScopeColumn>& from, std::vector<SelectColumn>* columns);
  absl::Status DotStarColumns(const SelectItem& item, const ExprContext& context,
                              std::vector<SelectColumn>* columns);
  absl::Status ResolveGroupBy(const Select& select, SelectParts* parts);
  absl::StatusOr<int> AddGroupKey(const GroupingItem& item, SelectParts* parts);
  absl::StatusOr<int> AddGroupKey(const Expr& expr, SelectParts* parts);
  absl::Status ResolveGroupingSets(const GroupingItem& item, SelectParts* parts,
                                   std::vector<std::vector<int>>* sets);
  absl::Status ResolveHavingAndOrder(const Select& select, const std::vector<OrderItem>* order_by,
                                     SelectParts* parts);
  absl::StatusOr<SelectParts::Order> ResolveOrderItem(const OrderItem& item,
                                                      const ExprContext& context,
                                                      const SelectParts& parts);
  absl::Status Collate(const OrderItem& item, const ExprContext& context, const SelectParts& parts,
                       SelectParts::Order* order);
  absl::Status CheckGrouping(SelectParts* parts);
  absl::Status RewriteGrouped(ResolvedExprPtr& expr, const SelectParts& parts,
                              const std::set<ColumnId>& from, std::string_view clause,
                              uint32_t position);
  absl::StatusOr<QueryScope> BuildSelect(const Select& select, SelectParts parts);
  absl::Status AddDistinct(SelectParts& parts, ResolvedRelPtr* rel);
  absl::Status SortSelect(SelectParts& parts, ResolvedRelPtr* rel,
                          std::vector<ComputedColumn>* computed, std::vector<SortKey>* keys);
  void MakeStruct(QueryScope* query);
  std::string ColumnName(const SelectParts& parts, ColumnId id) const;

  // query.cc
  absl::StatusOr<QueryScope> ResolveBody(const QueryBody& body, const NameScope* outer,
                                         const std::vector<OrderItem>* order_by);
  absl::StatusOr<QueryScope> ResolveSetOperation(const SetOperation& operation,
                                                 const NameScope* outer);
  absl::Status SortByColumns(const std::vector<OrderItem>& order_by, const NameScope* outer,
                             QueryScope* query);
  absl::Status ApplyLimit(const Query& query, QueryScope* scope);
  absl::StatusOr<ResolvedExprPtr> ResolveLimitValue(const Expr& expr, std::string_view clause);
  absl::Status CastColumns(const std::vector<TypeRef>& types, QueryScope* query,
                           std::vector<ColumnId>* ids);

  // dml_resolver.cc
  absl::StatusOr<const Table*> FindDmlTable(const Path& path);
  absl::StatusOr<std::unique_ptr<ResolvedDml>> ResolveInsert(const InsertStatement& insert);
  absl::StatusOr<std::unique_ptr<ResolvedDml>> ResolveUpdate(const UpdateStatement& update);
  absl::Status ResolveUpdateItem(const UpdateItem& item, const NameScope& scope,
                                 std::set<std::string>* assigned,
                                 std::vector<ComputedColumn>* computed, ResolvedDml* dml);
  absl::Status ResolveUpdateField(const UpdateItem& item, size_t from, int column,
                                  const ExprContext& context, std::vector<ComputedColumn>* computed,
                                  ResolvedDml* dml);
  absl::StatusOr<std::unique_ptr<ResolvedDml>> ResolveDelete(const DeleteStatement& statement);
  absl::Status ResolveInsertRows(const InsertStatement& insert, ResolvedDml* dml);
  absl::Status ResolveInsertQuery(const InsertStatement& insert, ResolvedDml* dml);
  absl::Status ResolveReturning(const Returning* returning, const Identifier& alias,
                                ResolvedDml* dml);
  absl::StatusOr<ResolvedRelPtr> ScanForDml(const Table& table, const Identifier& alias,
                                            const Expr* where, uint32_t position, NameScope* scope,
                                            ResolvedDml* dml);
  // A value as INSERT and UPDATE write it, coerced to its column.
  absl::StatusOr<ResolvedExprPtr> ResolveAssigned(const Expr& expr, const ExprContext& context,
                                                  const Table& table, int column);
  absl::Status CoerceAssigned(ResolvedExprPtr& value, const Table& table, int column, bool insert,
                              uint32_t position);

  struct WithDefinition {
    std::string name;
    int number;
    std::vector<SelectColumn> columns;
    bool value_table;
  };
  const WithDefinition* FindWith(std::string_view name) const;
  ResolvedRelPtr MakeWithRef(const WithDefinition& with, const std::string& alias,
                             NameScope* scope);

  const std::string_view text_;
  const AnalyzerOptions& options_;
  ColumnId next_column_;
  int next_with_ = 0;
  int view_depth_ = 0;
  Coercer coercer_{options_.protos};
  std::vector<WithDefinition> withs_;
  const std::vector<RecordSource>* record_sources_ = nullptr;
  int record_source_ = -1;
  bool allow_subqueries_ = true;
  const Expr* assigned_ = nullptr;  // the value that INSERT or UPDATE gives to a column
  std::string volatile_function_;
  std::vector<std::string> sequences_;
  std::set<std::string> unused_undeclared_;
};

// Changes each operand in place.
absl::Status TransformOperands(ResolvedExpr& expr,
                               const std::function<absl::Status(ResolvedExprPtr&)>& transform);
ResolvedExprPtr MakeLiteral(Value value,
                            ResolvedLiteral::Origin origin = ResolvedLiteral::Origin::kTyped);
ResolvedExprPtr MakeFloatLiteral(double value, std::string digits);
// `123`, `0x7F`; `negative` when a minus stood before it.
absl::StatusOr<int64_t> ParseIntegerLiteral(std::string_view text, bool negative);
ResolvedExprPtr MakeColumnRef(const ResolvedColumn& column);
ResolvedExprPtr MakeColumnRef(ColumnId id, TypeRef type);
// `rel` with one more projection of `computed`; nothing changes when there is none.
ResolvedRelPtr MakeProject(ResolvedRelPtr rel, std::vector<ComputedColumn> computed);
ResolvedRelPtr MakeFilter(ResolvedRelPtr rel, ResolvedExprPtr condition);
std::string JoinPath(const Path& path);
// The name that an expression gives its column: the last one of a path.
std::string ImpliedName(const Expr& expr);

}  // namespace ks::sql
