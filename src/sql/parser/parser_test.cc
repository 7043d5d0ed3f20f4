#include "sql/parser/parser.h"

#include <gtest/gtest.h>

#include <string>

#include "base/str_cat.h"
#include "sql/parser/ddl_ast.h"
#include "sql/parser/ddl_printer.h"
#include "sql/parser/lexer.h"

namespace ks::sql {
namespace {

// The shape of an expression in few letters: `(+ a (* b c))`.
std::string Shape(const Expr& expr) {
  constexpr std::string_view kBinary[] = {
      "+",  "-", "*",  "/", "||", "&", "|",  "^",          "<<",
      ">>", "=", "!=", "<", "<=", ">", ">=", "isdistinct", "isnotdistinct"};
  constexpr std::string_view kUnary[] = {"neg", "pos", "~", "not"};
  switch (expr.kind) {
    case ExprKind::kLiteral:
      return As<LiteralExpr>(expr).text;
    case ExprKind::kPath:
      return Dotted(As<PathExpr>(expr).path);
    case ExprKind::kUnary: {
      const auto& node = As<UnaryExpr>(expr);
      return StrCat("(", kUnary[static_cast<int>(node.op)], " ", Shape(*node.operand), ")");
    }
    case ExprKind::kBinary: {
      const auto& node = As<BinaryExpr>(expr);
      return StrCat("(", kBinary[static_cast<int>(node.op)], " ", Shape(*node.left), " ",
                    Shape(*node.right), ")");
    }
    case ExprKind::kLogical: {
      const auto& node = As<LogicalExpr>(expr);
      std::string text = node.op == LogicalOp::kAnd ? "(and" : "(or";
      for (const auto& operand : node.operands) text += StrCat(" ", Shape(*operand));
      return text + ")";
    }
    case ExprKind::kBetween: {
      const auto& node = As<BetweenExpr>(expr);
      return StrCat(node.negated ? "(notbetween " : "(between ", Shape(*node.operand), " ",
                    Shape(*node.low), " ", Shape(*node.high), ")");
    }
    case ExprKind::kFieldAccess: {
      const auto& node = As<FieldAccessExpr>(expr);
      return StrCat("(. ", Shape(*node.operand), " ", Dotted(node.field), ")");
    }
    case ExprKind::kSubscript: {
      const auto& node = As<SubscriptExpr>(expr);
      return StrCat("([", static_cast<int>(node.subscript), "] ", Shape(*node.operand), " ",
                    Shape(*node.index), ")");
    }
    case ExprKind::kCall: {
      const auto& node = As<CallExpr>(expr);
      std::string text =
          StrCat(node.safe ? "safe:" : "", Dotted(node.name), "(", node.star ? "*" : "");
      for (const auto& argument : node.arguments) text += StrCat(" ", Shape(*argument.value));
      return text + ")";
    }
    default:
      return StrCat("<", static_cast<int>(expr.kind), ">");
  }
}

std::string ShapeOf(std::string_view sql) {
  const auto expr = ParseExpression(sql);
  return expr.ok() ? Shape(**expr) : std::string(expr.status().message());
}

TEST(ParserTest, Precedence) {
  EXPECT_EQ(ShapeOf("a + b * c - d"), "(- (+ a (* b c)) d)");
  EXPECT_EQ(ShapeOf("a | b ^ c & d << e + f"), "(| a (^ b (& c (<< d (+ e f)))))");
  EXPECT_EQ(ShapeOf("a >> b >> 1"), "(>> (>> a b) 1)");
  EXPECT_EQ(ShapeOf("NOT a = b AND c OR d AND e"), "(or (and (not (= a b)) c) (and d e))");
  EXPECT_EQ(ShapeOf("a AND b AND c"), "(and a b c)");
  EXPECT_EQ(ShapeOf("a AND (b AND c)"), "(and a (and b c))");
  EXPECT_EQ(ShapeOf("a BETWEEN b + 1 AND c AND d"), "(and (between a (+ b 1) c) d)");
  EXPECT_EQ(ShapeOf("a NOT BETWEEN 1 AND 2"), "(notbetween a 1 2)");
  EXPECT_EQ(ShapeOf("-a.b[0] * ~c"), "(* (neg ([0] a.b 0)) (~ c))");
  EXPECT_EQ(ShapeOf("- -1"), "(neg (neg 1))");
  EXPECT_EQ(ShapeOf("a || b || c"), "(|| (|| a b) c)");
  EXPECT_EQ(ShapeOf("a IS NOT DISTINCT FROM b"), "(isnotdistinct a b)");
  EXPECT_EQ(ShapeOf("f(x).y.z[SAFE_OFFSET(1)]"), "([3] (. (. f( x) y) z) 1)");
  EXPECT_EQ(ShapeOf("SAFE.NET.HOST(u) = COUNT(*)"), "(= safe:NET.HOST( u) COUNT(*))");
  EXPECT_EQ(ShapeOf("IF(a, LEFT(b, 1), CURRENT_DATE)"), "IF( a LEFT( b 1) CURRENT_DATE())");
  EXPECT_EQ(ShapeOf("`a b`.select.`c`"), "a b.select.c");
}

TEST(ParserTest, PlacesOfNodes) {
  const std::string_view sql = "  foo(a,  b + 1 ) * 2";
  const auto expr = ParseExpression(sql);
  ASSERT_TRUE(expr.ok());
  const auto text = [sql](SourceRange range) {
    return sql.substr(range.begin, range.end - range.begin);
  };
  const auto& product = As<BinaryExpr>(**expr);
  EXPECT_EQ(text(product.range), "foo(a,  b + 1 ) * 2");
  EXPECT_EQ(text(product.op_range), "*");
  EXPECT_EQ(text(product.left->range), "foo(a,  b + 1 )");
  EXPECT_EQ(text(As<CallExpr>(*product.left).arguments[1].value->range), "b + 1");
}

TEST(ParserTest, EveryFormOfQuery) {
  for (std::string_view sql : {
           "WITH a AS (SELECT 1), b AS (SELECT * FROM a) SELECT * FROM b",
           "WITH RECURSIVE a AS (SELECT 1 UNION ALL SELECT 2) SELECT * FROM a",
           "(SELECT 1 UNION ALL SELECT 2) INTERSECT DISTINCT SELECT 2 ORDER BY 1 LIMIT 1 OFFSET 2",
           "SELECT * FROM ((SELECT 1) UNION ALL (SELECT 2)) AS x",
           "SELECT * FROM (a JOIN b USING (x, y)) LEFT OUTER JOIN c ON a.x = c.x",
           "SELECT * FROM a@{FORCE_INDEX=i} JOIN@{JOIN_METHOD=HASH_JOIN} b ON TRUE, UNNEST([1]) u "
           "WITH OFFSET AS o",
           "SELECT * FROM a CROSS JOIN b HASH JOIN c ON TRUE RIGHT JOIN d ON TRUE FULL JOIN e "
           "USING (k)",
           "SELECT a.* EXCEPT (x, y) REPLACE (1 AS z), t.b AS `from` FROM t TABLESAMPLE RESERVOIR "
           "(10 ROWS)",
           "SELECT AS STRUCT 1 a, 2 b",
           "SELECT AS VALUE x FROM t, t.arr AS x WITH OFFSET",
           "SELECT a, COUNT(DISTINCT b) FROM t GROUP BY ROLLUP(a, (b, c)), GROUPING SETS((), a) "
           "HAVING MAX(b) > 1",
           "SELECT a FROM t GROUP BY a ORDER BY a DESC NULLS LAST, 2 COLLATE 'und:ci' ASC",
           "SELECT ARRAY_AGG(x IGNORE NULLS ORDER BY y DESC LIMIT 3), ANY_VALUE(a HAVING MAX b) "
           "FROM t",
           "SELECT SUM(x) OVER (PARTITION BY a ORDER BY b ROWS BETWEEN 1 PRECEDING AND CURRENT "
           "ROW) FROM t",
           "SELECT ARRAY(SELECT 1), EXISTS(SELECT 1), (SELECT 1), 1 IN (SELECT 1), 1 IN UNNEST([1, "
           "2]), ((SELECT 1))",
           "SELECT x LIKE ANY ('a', 'b'), x NOT LIKE ALL UNNEST(p), CASE a WHEN 1 THEN 2 ELSE 3 "
           "END",
           "SELECT CAST('1' AS INT64), SAFE_CAST(b'x' AS STRING FORMAT 'HEX'), "
           "EXTRACT(WEEK(MONDAY) FROM d)",
           "SELECT EXTRACT(HOUR FROM t AT TIME ZONE 'UTC'), INTERVAL 1 DAY, INTERVAL '1-2' YEAR TO "
           "MONTH",
           "SELECT STRUCT<a INT64, b ARRAY<STRUCT<c STRING>>>(1, []), (1, 'a'), STRUCT(1 AS x), "
           "ARRAY<INT64>[]",
           "SELECT ARRAY_FILTER(a, e -> e > 1), ARRAY_TRANSFORM(a, (e, i) -> e + i), f(x => 1), "
           "NEW a.B(1 AS c)",
           "SELECT ChangeRecord FROM READ_s(start_timestamp => @s, end_timestamp => NULL, "
           "heartbeat_milliseconds => 1)",
           "SELECT * FROM ML.PREDICT(MODEL m, TABLE t) p, f((SELECT 1))",
           "@{optimizer_version=3, s.x=TRUE} SELECT 1",
           "SELECT country, COUNT(*) WHERE x GROUP BY country",
           "SELECT 1 FROM t FOR UPDATE",
           "SELECT r'\\d' , '''a\n'b''', rb\"x\", B'\\xff', .5, 5., 0xFF, 1e-3 -- end",
           "INSERT INTO t (a, b) VALUES (1, DEFAULT), (2, (SELECT 3)) THEN RETURN WITH ACTION AS "
           "act *, a + 1 AS c",
           "INSERT OR UPDATE t (a) SELECT 1",
           "INSERT OR IGNORE INTO s.t (a) (SELECT 1)",
           "INSERT INTO t (a) VALUES (1) ON CONFLICT (a) DO UPDATE SET b = excluded.b WHERE TRUE",
           "UPDATE t AS x SET x.a = 1, b = DEFAULT, c[0] = 2 WHERE TRUE THEN RETURN a",
           "DELETE FROM t WHERE a = @p",
           "DELETE t WHERE TRUE",
           "CALL cancel_query('x')",
       }) {
    const auto parsed = ParseStatement(sql);
    EXPECT_TRUE(parsed.ok()) << sql << ": " << parsed.status();
  }
}

TEST(ParserTest, DoubleParentheses) {
  const auto in = ParseExpression("1 IN ((SELECT 1) UNION ALL (SELECT 2))");
  ASSERT_TRUE(in.ok()) << in.status();
  const ValueList& list = As<InExpr>(**in).list;
  ASSERT_NE(list.query, nullptr);
  EXPECT_EQ(list.query->body->kind, QueryBodyKind::kSetOperation);
  const auto items = ParseExpression("1 IN ((SELECT 1), 2)");
  ASSERT_TRUE(items.ok()) << items.status();
  EXPECT_EQ(As<InExpr>(**items).list.items.size(), 2u);
  EXPECT_EQ(ShapeOf("((SELECT 1)) + 1"), "(+ <20> 1)");
  EXPECT_EQ(ShapeOf("((a)) + (b)"), "(+ a b)");
}

TEST(ParserTest, SplitsScripts) {
  const auto pieces = SplitStatements("SELECT ';' ; -- ;\n\n; /* ; */ SELECT 2 -- x\n; 'open ; ");
  ASSERT_EQ(pieces.size(), 3u);
  EXPECT_EQ(pieces[0], "SELECT ';' ");
  EXPECT_EQ(pieces[1], "SELECT 2 -- x\n");
  EXPECT_TRUE(SplitStatements(" -- nothing\n;;").empty());
}

TEST(LexerTest, LiteralsAndEscapes) {
  const TokenList list = Tokenize(
      "'a\\x41\\u20ac\\101\\n' b'\\xff\\377' r'\\n' \"\"\"x\r\ny\"\"\" `a\\`b` 0x1f .5e+1");
  ASSERT_TRUE(list.error.ok()) << list.error;
  ASSERT_EQ(list.tokens.size(), 8u);
  EXPECT_EQ(list.tokens[0].value,
            "aA\xe2\x82\xac"
            "A\n");
  EXPECT_EQ(list.tokens[1].value, "\xff\xff");
  EXPECT_EQ(list.tokens[2].value, "\\n");
  EXPECT_EQ(list.tokens[3].value, "x\ny");
  EXPECT_EQ(list.tokens[4].value, "a`b");
  EXPECT_EQ(list.tokens[5].kind, TokenKind::kInteger);
  EXPECT_EQ(list.tokens[6].kind, TokenKind::kFloat);
}

TEST(LexerTest, KeywordTablesAreSorted) {
  for (std::string_view word : {"ALL", "WITHIN", "SELECT", "IF", "GROUPING", "TABLESAMPLE"}) {
    EXPECT_TRUE(IsReservedKeyword(word)) << word;
  }
  for (std::string_view word : {"ACTION", "ZONE", "VALUES", "OFFSET", "TABLE"}) {
    EXPECT_FALSE(IsReservedKeyword(word)) << word;
    EXPECT_TRUE(IsKeyword(word)) << word;
  }
  EXPECT_EQ(QuotedIdentifier("select"), "`select`");
  EXPECT_EQ(QuotedIdentifier("a`b"), "`a\\`b`");
  EXPECT_EQ(QuotedIdentifier("Value_1"), "Value_1");
}

}  // namespace
}  // namespace ks::sql
