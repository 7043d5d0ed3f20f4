// The recursive-descent parser behind parser.h, by subject: expression_*.cc, query.cc, dml.cc,
// ddl_*.cc.
//
// Inside, a failing rule returns null or false and the first error stays in status(); rules check
// results and return at once. Every rule that can nest opens a Nesting first, which bounds the
// depth of recursion and of the tree.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "sql/parser/ast.h"
#include "sql/parser/ddl_ast.h"
#include "sql/parser/lexer.h"

namespace ks::sql {

struct Operator;

// (SELECT …) as a value, not in further parentheses.
bool IsPlainSubquery(const Expr& expr);

class Parser {
 public:
  explicit Parser(std::string_view sql) : sql_(sql), list_(Tokenize(sql)) {}

  const absl::Status& status() const { return status_; }
  // An optional `;`, then the end. False and an error otherwise.
  bool AtEnd();

  StatementPtr Statement();
  StatementPtr DdlStatement();  // null without an error: no DDL begins here
  QueryPtr StatementQuery();    // with its hint
  QueryPtr FullQuery();
  ExprPtr Expression();
  TypeNamePtr Type();

 private:
  // Counts nesting while it lives; see limits.h. `ok()` is false, with an error set, when it is too
  // deep.
  class Nesting {
   public:
    explicit Nesting(Parser& parser);
    ~Nesting();
    bool ok() const { return ok_; }

   private:
    Parser& parser_;
    const int saved_height_;
    bool ok_;
  };
  // While it lives, an operand of a flat list is read: it adds its own height to nobody's.
  class Operand {
   public:
    explicit Operand(Parser& parser) : parser_(parser), saved_height_(parser.height_) {
      parser.height_ = 0;
    }
    ~Operand() { parser_.height_ = std::max(saved_height_, parser_.height_); }

   private:
    Parser& parser_;
    const int saved_height_;
  };
  // A chain as a + b + c makes the tree one deeper with every operator though nothing recurses.
  // False: too deep.
  bool GrowChain();

  // ---- Tokens
  const Token& Peek(size_t ahead = 0) const;
  bool IsWord(std::string_view upper, size_t ahead = 0) const;
  bool IsSymbol(std::string_view symbol, size_t ahead = 0) const;
  bool IsIdentifier(size_t ahead = 0) const;  // quoted, or a word that is not reserved
  bool TakeWord(std::string_view upper);
  bool TakeWords(std::initializer_list<std::string_view> words);  // all or none
  bool TakeSymbol(std::string_view symbol);
  bool ExpectWord(std::string_view upper);
  bool ExpectWords(std::initializer_list<std::string_view> words);
  bool ExpectSymbol(std::string_view symbol);
  const Token& Take();
  uint32_t LastEnd() const;  // where the last taken token ended

  template <typename Node>
  void Finish(Node& node, uint32_t begin) const {
    Finish(node.range, begin);
  }
  void Finish(SourceRange& range, uint32_t begin) const { range = {begin, LastEnd()}; }

  // ---- Errors. All return false.
  bool Fail(uint32_t offset, std::string_view message);
  bool Unexpected();                        // Syntax error: Unexpected …
  bool Expected(std::string_view what);     // Syntax error: Expected … but got …
  bool Unsupported(std::string_view what);  // UNIMPLEMENTED at the next token

  // ---- Names
  bool Name(Identifier* name);          // an identifier
  bool NameAfterDot(Identifier* name);  // keywords are names there
  bool NamePath(Path* path);
  bool NameList(std::vector<Identifier>* names);  // (a, b)
  bool OptionalAlias(Identifier* alias);          // [AS] name

  // ---- Expressions
  ExprPtr Or();
  ExprPtr And();
  ExprPtr Not();
  ExprPtr Comparison();
  ExprPtr ComparisonTail(ExprPtr left, uint32_t begin);
  ExprPtr IsTail(ExprPtr left);
  ExprPtr LikeTail(ExprPtr left, bool negated);
  ExprPtr InTail(ExprPtr left, bool negated);
  ExprPtr BetweenTail(ExprPtr left, bool negated);
  bool Values(ValueList* list);
  ExprPtr Binary(int level);
  const Operator* FindBinary() const;
  ExprPtr Unary();
  ExprPtr Postfix();
  ExprPtr Subscript(ExprPtr operand, uint32_t begin);
  ExprPtr Primary();
  ExprPtr WordPrimary();
  ExprPtr PathOrCall();
  ExprPtr Literal();
  ExprPtr TypedLiteral();
  ExprPtr Parameter();
  ExprPtr Parenthesized();
  ExprPtr TupleTail(ExprPtr first, uint32_t begin);
  ExprPtr SubqueryAfterOpen(SubqueryKind kind, uint32_t begin);
  ExprPtr SetOperationAfter(ExprPtr first, uint32_t begin);
  ExprPtr Case();
  ExprPtr Cast();
  ExprPtr Extract();
  ExprPtr ArrayConstructor();
  ExprPtr StructConstructor();
  ExprPtr Interval();
  ExprPtr NewConstructor();
  ExprPtr ReplaceFields();
  bool BracedFields(NewExpr* node);
  bool FieldArguments(bool named, NewExpr* node);
  ExprPtr With();
  ExprPtr Call(Path name, uint32_t begin);
  bool CallArguments(CallExpr* call);
  bool Argument(CallArgument* argument);
  ExprPtr ArrayOfLambda(CallExpr& call);
  ExprPtr LambdaFrom(ExprPtr parameters, uint32_t begin);
  bool CallModifiers(CallExpr* call);
  bool Over(std::unique_ptr<WindowSpec>* window);
  bool Window(WindowSpec* window);
  bool Frame(WindowSpec* window);
  bool Bound(FrameBound* bound);
  bool OrderItems(std::vector<OrderItem>* items);
  bool ExpressionList(std::vector<ExprPtr>* list);
  bool OptionalHint(std::unique_ptr<Hint>* hint);

  // ---- Types
  bool TypeFields(TypeName* type);
  bool TypeArguments(TypeName* type);
  bool CloseAngle();

  // ---- Queries
  bool StartsQuery(size_t ahead = 0) const;
  bool StartsSetOperation() const;
  bool WithEntries(Query* query);
  QueryBodyPtr Body();
  QueryBodyPtr BodyPrimary();
  QueryBodyPtr SetOperationTail(QueryBodyPtr first, uint32_t begin);
  bool QueryTail(Query* query);
  QueryBodyPtr SelectBody();
  bool SelectHead(Select* select);
  bool SelectItems(std::vector<SelectItem>* items);
  bool Item(SelectItem* item);
  bool StarModifiers(SelectItem* item);
  bool SelectClauses(Select* select);
  bool Grouping(GroupBy* group_by);
  bool GroupingItems(std::vector<GroupingItem>* items);
  bool Grouped(GroupingItem* item);
  bool Windows(Select* select);

  // ---- FROM
  TableExprPtr From();
  TableExprPtr Joins(TableExprPtr left, uint32_t begin);
  bool JoinHead(JoinTable* join, bool* found);
  TableExprPtr TablePrimary();
  TableExprPtr ParenthesizedTable();
  TableExprPtr NamedTable();
  TableExprPtr Unnest();
  TableExprPtr FunctionCallTable(Path name);
  bool TableFunctionArgument(TableArgument* argument);
  bool WithOffset(bool* with_offset, Identifier* alias);
  bool TableTail(TableExpr* table);
  bool Sample(TableExpr* table);

  // ---- DML
  StatementPtr Insert(std::unique_ptr<Hint> hint);
  bool InsertRows(InsertStatement* insert);
  bool Conflict(InsertStatement* insert);
  StatementPtr Update(std::unique_ptr<Hint> hint);
  bool UpdateItems(std::vector<UpdateItem>* items);
  StatementPtr Delete(std::unique_ptr<Hint> hint);
  bool ThenReturn(std::unique_ptr<Returning>* returning);
  StatementPtr CallProcedure();
  ExprPtr ValueOrDefault();

  // ---- DDL: ddl.cc, ddl_table.cc, ddl_objects.cc
  StatementPtr Create();
  StatementPtr Alter();
  StatementPtr Drop();
  template <typename Made>
  StatementPtr StorageNamed(bool create);
  template <typename Drop>
  StatementPtr DropNamed();
  bool IfExists(bool* flag);
  bool IfNotExists(bool* flag);
  bool Options(std::vector<Option>* options);
  bool Value(OptionValue* value);
  bool Integer(int64_t* value);
  bool OnDeleteAction(OnDelete* action);
  bool ExpressionText(SqlText* text);  // (expression)
  bool QueryText(SqlText* text);
  bool SequenceParts(SequenceClauses* clauses);
  bool KeyColumns(std::vector<KeyColumn>* columns);
  bool KeyColumnList(std::vector<KeyColumn>* columns);

  StatementPtr CreateDatabase();
  StatementPtr AlterDatabase();
  StatementPtr CreateSchema(bool or_replace);
  StatementPtr CreateTable();
  bool TableElement(TableDefinition* table);
  bool TableClauses(TableDefinition* table);
  bool InterleaveClause(Interleave* interleave);
  bool DeletionPolicy(RowDeletionPolicy* policy);
  bool Column(ColumnDefinition* column);
  bool ColumnAttributes(ColumnDefinition* column);
  bool ColumnAttribute(ColumnDefinition* column, bool* found);
  bool TypeOfColumn(ColumnType* type);
  bool Constraint(TableDefinition* table, bool* found);
  bool ForeignKeyRest(ForeignKey* key);
  StatementPtr AlterTable();
  bool AlterTableAdd(AlterTableStatement* alter);
  bool AlterTableDrop(AlterTableStatement* alter);
  bool AlterTableSet(AlterTableStatement* alter);
  bool AlterColumn(AlterTableStatement* alter);
  bool AlterColumnSet(AlterTableStatement* alter);
  StatementPtr RenameTable();
  StatementPtr CreateIndex();
  bool IndexClauses(IndexDefinition* index);
  StatementPtr AlterIndex(IndexKind kind);
  StatementPtr CreateView(bool or_replace);
  StatementPtr CreateSequence();
  StatementPtr AlterSequence();
  StatementPtr CreateChangeStream();
  StatementPtr AlterChangeStream();
  bool Tracked(ChangeStreamDefinition* stream);
  StatementPtr CreateRole();
  bool Privileges(GrantBody* body);
  bool Targets(GrantBody* body);
  bool AllInSchema(GrantBody* body);
  bool GrantRest(GrantBody* body, std::string_view preposition);
  StatementPtr AlterStatistics();
  StatementPtr CreateProtoBundle();
  StatementPtr AlterProtoBundle();
  bool TypeNames(std::vector<Path>* types);

  const std::string_view sql_;
  const TokenList list_;
  size_t at_ = 0;       // index of the next token
  int depth_ = 0;       // Nestings that are open
  int height_ = 0;      // of the highest tree built in the innermost Nesting
  int positional_ = 0;  // `?` seen
  absl::Status status_;
};

}  // namespace ks::sql
