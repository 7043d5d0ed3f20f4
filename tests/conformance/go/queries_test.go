package conformance

import (
	"fmt"
	"math"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/civil"
	"cloud.google.com/go/spanner"
	"cloud.google.com/go/spanner/apiv1/spannerpb"
	"google.golang.org/grpc/codes"
)

type point struct {
	X int64
	Y string
}

// Values that go out as parameters and come back as they were.
func parameters() map[string]any {
	moment := time.Date(2024, 2, 29, 23, 59, 58, 123456789, time.UTC)
	return map[string]any{
		"BOOL":              true,
		"INT64":             int64(math.MinInt64),
		"FLOAT64":           0.1,
		"FLOAT64 infinite":  math.Inf(-1),
		"FLOAT32":           float32(0.1),
		"STRING":            "ä \x00 \U0001F600 '\"`",
		"BYTES":             []byte{0, 255, 10},
		"DATE":              civil.Date{Year: 1, Month: 1, Day: 1},
		"TIMESTAMP":         moment,
		"NUMERIC":           *big.NewRat(-123456789, 1000),
		"JSON":              spanner.NullJSON{Value: map[string]any{"a": []any{1.5, nil, "x"}}, Valid: true},
		"NULL BOOL":         spanner.NullBool{},
		"NULL INT64":        spanner.NullInt64{},
		"NULL FLOAT64":      spanner.NullFloat64{},
		"NULL STRING":       spanner.NullString{},
		"NULL BYTES":        []byte(nil),
		"NULL DATE":         spanner.NullDate{},
		"NULL TIMESTAMP":    spanner.NullTime{},
		"NULL NUMERIC":      spanner.NullNumeric{},
		"NULL JSON":         spanner.NullJSON{},
		"ARRAY<BOOL>":       []bool{true, false},
		"ARRAY<INT64>":      []int64{1, 2, math.MaxInt64},
		"ARRAY<FLOAT64>":    []float64{0, -1.5, math.MaxFloat64},
		"ARRAY<FLOAT32>":    []float32{0, -1.5, math.MaxFloat32},
		"ARRAY<STRING>":     []string{"", "b"},
		"ARRAY<BYTES>":      [][]byte{{}, {1}, nil},
		"ARRAY<DATE>":       []civil.Date{{Year: 9999, Month: 12, Day: 31}},
		"ARRAY<TIMESTAMP>":  []time.Time{moment, moment.Add(time.Nanosecond)},
		"ARRAY of NULL":     []spanner.NullInt64{{Int64: 1, Valid: true}, {}},
		"ARRAY<NUMERIC>":    []big.Rat{*big.NewRat(1, 2)},
		"NULL ARRAY<INT64>": []int64(nil),
		"empty ARRAY":       []string{},
		"ARRAY<STRUCT>":     []*point{{1, "a"}, nil, {3, "c"}},
	}
}

func TestParametersOfEveryType(t *testing.T) {
	ctx := testContext(t)
	client := newClient(t)
	for name, value := range parameters() {
		t.Run(name, func(t *testing.T) {
			statement := spanner.Statement{SQL: "SELECT @p", Params: map[string]any{"p": value}}
			rows := client.Single().Query(ctx, statement)
			defer rows.Stop()
			row, err := rows.Next()
			check(t, err)
			var got spanner.GenericColumnValue
			check(t, row.Column(0, &got))
			sent := fmt.Sprint(encoded(t, value))
			if text := fmt.Sprint(got.Value, got.Type); text != sent {
				t.Errorf("sent %s\ngot  %s", sent, text)
			}
		})
	}
}

// encoded is a parameter as it comes back: numbers in their shortest form, -Infinity by its name.
func encoded(t *testing.T, value any) string {
	t.Helper()
	row, err := spanner.NewRow([]string{"p"}, []any{value})
	check(t, err)
	var column spanner.GenericColumnValue
	check(t, row.Column(0, &column))
	text := fmt.Sprint(column.Value, column.Type)
	for sent, answered := range map[string]string{
		"number_value:-inf":   `string_value:"-Infinity"`,
		`"-123456.789000000"`: `"-123456.789"`,
		`"0.500000000"`:       `"0.5"`,
	} {
		text = strings.ReplaceAll(text, sent, answered)
	}
	return text
}

func TestStructParameters(t *testing.T) {
	ctx := testContext(t)
	client := newClient(t)
	for sql, value := range map[string]any{
		"SELECT @p.X = 5 AND @p.Y = 'five'":                           point{5, "five"},
		"SELECT @p = STRUCT(5, 'five')":                               point{5, "five"},
		"SELECT @p IN UNNEST([STRUCT<X INT64, Y STRING>(5, 'five')])": point{5, "five"},
		"SELECT @p IS NULL":                                           (*point)(nil),
		"SELECT (SELECT SUM(X) FROM UNNEST(@p)) = 3":                  []point{{1, "a"}, {2, "b"}},
		"SELECT ARRAY_LENGTH(@p) = 2 AND @p[OFFSET(1)].Y = 'b'":       []point{{1, "a"}, {2, "b"}},
		"SELECT 2 IN (SELECT X FROM UNNEST(@p) WHERE Y = 'b')":        []point{{1, "a"}, {2, "b"}},
	} {
		statement := spanner.Statement{SQL: sql, Params: map[string]any{"p": value}}
		if !one[bool](t, client.Single().Query(ctx, statement)) {
			t.Errorf("%s is false", sql)
		}
	}
	rows := client.Single().Query(ctx, spanner.NewStatement(
		"SELECT ARRAY(SELECT AS STRUCT X, CAST(X AS STRING) AS Y FROM UNNEST([3, 1, 2]) AS X ORDER BY X)"))
	got := one[[]*point](t, rows)
	wantEqual(t, got, []*point{{1, "1"}, {2, "2"}, {3, "3"}})
}

func TestQueries(t *testing.T) {
	ctx := testContext(t)
	client := singersClient(t, "CREATE INDEX ByLast ON Singers (Last)",
		"CREATE VIEW Few SQL SECURITY INVOKER AS SELECT s.Id, s.Last FROM Singers AS s WHERE s.Id < 3")
	for sql, want := range map[string][]int64{
		"SELECT Id FROM Singers WHERE Id BETWEEN 3 AND 5 ORDER BY Id DESC":                                                       {5, 4, 3},
		"SELECT Id FROM Singers@{FORCE_INDEX=ByLast} WHERE Last >= 'L8' ORDER BY Last":                                           {1, 0},
		"SELECT a.Id FROM Singers a JOIN Singers b ON a.First = CONCAT('F', CAST(b.Id - 8 AS STRING)) WHERE b.Id > 7 ORDER BY 1": {0, 1},
		"SELECT Id FROM Few ORDER BY Id":                                                {0, 1, 2},
		"WITH t AS (SELECT Id FROM Singers) SELECT SUM(Id) FROM t":                      {45},
		"SELECT MOD(Id, 2) AS m FROM Singers GROUP BY m HAVING COUNT(*) = 5 ORDER BY m": {0, 1},
		"SELECT Id FROM Singers LIMIT 0":                                                {},
		"SELECT x FROM UNNEST([3, 1, 2]) AS x WITH OFFSET o ORDER BY o":                 {3, 1, 2},
		"SELECT 1 UNION ALL SELECT 1":                                                   {1, 1},
		"SELECT Id FROM Singers WHERE Id NOT IN (SELECT Id + 1 FROM Singers)":           {0},
		"SELECT Id FROM Singers TABLESAMPLE RESERVOIR (100 ROWS) ORDER BY Id LIMIT 1":   {0},
	} {
		t.Run(sql, func(t *testing.T) {
			wantEqual(t, idsOf(t, client.Single().Query(ctx, spanner.NewStatement(sql))), want)
		})
	}
}

func TestQueryErrors(t *testing.T) {
	ctx := testContext(t)
	client := singersClient(t)
	for sql, code := range map[string]codes.Code{
		"SELECT":                         codes.InvalidArgument,
		"SELECT Nope FROM Singers":       codes.InvalidArgument,
		"SELECT * FROM Nope":             codes.InvalidArgument,
		"SELECT 1/0":                     codes.OutOfRange,
		"SELECT CAST('x' AS INT64)":      codes.OutOfRange,
		"SELECT ERROR('mine')":           codes.OutOfRange,
		"SELECT @missing":                codes.InvalidArgument,
		"SELECT 9223372036854775807+1":   codes.OutOfRange,
		"DELETE FROM Singers WHERE true": codes.InvalidArgument, // not in a read-only transaction
	} {
		t.Run(sql, func(t *testing.T) {
			wantCode(t, failureOf(client.Single().Query(ctx, spanner.NewStatement(sql))), code, "")
		})
	}
}

func TestManyAndBigRows(t *testing.T) {
	ctx := testContext(t)
	client := newClient(t, "CREATE TABLE T (Id INT64, Body STRING(MAX)) PRIMARY KEY (Id)")
	body := strings.Repeat("0123456789abcdef", 1<<17) // 2 MiB: several chunks a value
	for i := range 8 {
		_, err := client.Apply(ctx, []*spanner.Mutation{
			spanner.Insert("T", []string{"Id", "Body"}, []any{i, body})})
		check(t, err)
	}
	count := 0
	check(t, client.Single().Read(ctx, "T", spanner.AllKeys(), []string{"Body"}).Do(
		func(row *spanner.Row) error {
			var got string
			if err := row.Columns(&got); err != nil {
				return err
			}
			if got != body {
				t.Errorf("row %d differs", count)
			}
			count++
			return nil
		}))
	wantEqual(t, count, 8)
	rows := client.Single().Query(ctx, spanner.NewStatement(
		"SELECT x * 10000 + y FROM UNNEST(GENERATE_ARRAY(0, 9)) AS x, "+
			"UNNEST(GENERATE_ARRAY(0, 9999)) AS y"))
	ids := idsOf(t, rows)
	slices.Sort(ids)
	wantEqual(t, len(slices.Compact(ids)), 100_000)
	wantEqual(t, ids[99_999], int64(99_999))
}

func TestPlanAndProfile(t *testing.T) {
	ctx := testContext(t)
	client := singersClient(t)
	statement := spanner.NewStatement("SELECT Id FROM Singers WHERE Id = 4")
	rows := client.Single().QueryWithStats(ctx, statement)
	wantEqual(t, idsOf(t, rows), []int64{4})
	if local { // Google's emulator has neither
		wantEqual(t, fmt.Sprint(rows.QueryStats["rows_returned"]), "1")
		plan, err := client.Single().AnalyzeQuery(ctx, statement)
		check(t, err)
		if len(plan.GetPlanNodes()) == 0 {
			t.Error("a plan without nodes")
		}
	}
	mode := spannerpb.ExecuteSqlRequest_PLAN
	rows = client.Single().QueryWithOptions(ctx, statement, spanner.QueryOptions{Mode: &mode})
	check(t, failureOf(rows))
	wantEqual(t, rows.Metadata.GetRowType().GetFields()[0].GetName(), "Id")
}

func TestUndeclaredParametersAreTyped(t *testing.T) {
	ctx := testContext(t)
	client := singersClient(t)
	mode := spannerpb.ExecuteSqlRequest_PLAN
	rows := client.Single().QueryWithOptions(ctx,
		spanner.NewStatement("SELECT Id FROM Singers WHERE Last = @last AND Id > @id"),
		spanner.QueryOptions{Mode: &mode})
	check(t, failureOf(rows))
	found := map[string]string{}
	for _, field := range rows.Metadata.GetUndeclaredParameters().GetFields() {
		found[field.GetName()] = field.GetType().GetCode().String()
	}
	wantEqual(t, found, map[string]string{"last": "STRING", "id": "INT64"})
}
