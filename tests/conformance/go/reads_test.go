package conformance

import (
	"context"
	"testing"
	"time"

	"cloud.google.com/go/spanner"
	"cloud.google.com/go/spanner/apiv1/spannerpb"
	"google.golang.org/grpc/codes"
)

func TestReads(t *testing.T) {
	ctx := testContext(t)
	client := singersClient(t, "CREATE INDEX ByLast ON Singers (Last) STORING (Score)")
	single := client.Single
	open := func(from, to int64, kind spanner.KeyRangeKind) spanner.KeySet {
		return spanner.KeyRange{Start: spanner.Key{from}, End: spanner.Key{to}, Kind: kind}
	}
	for name, c := range map[string]struct {
		keys spanner.KeySet
		want []int64
	}{
		"key":         {spanner.Key{3}, []int64{3}},
		"missing key": {spanner.Key{33}, []int64{}},
		"some keys":   {spanner.KeySetFromKeys(spanner.Key{7}, spanner.Key{2}, spanner.Key{99}), []int64{2, 7}},
		"[)":          {open(3, 6, spanner.ClosedOpen), []int64{3, 4, 5}},
		"[]":          {open(3, 6, spanner.ClosedClosed), []int64{3, 4, 5, 6}},
		"()":          {open(3, 6, spanner.OpenOpen), []int64{4, 5}},
		"(]":          {open(3, 6, spanner.OpenClosed), []int64{4, 5, 6}},
		"overlapping": {spanner.KeySets(open(1, 4, spanner.ClosedOpen), open(2, 5, spanner.ClosedOpen),
			spanner.Key{2}), []int64{1, 2, 3, 4}},
		"all":  {spanner.AllKeys(), []int64{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}},
		"none": {spanner.KeySets(), []int64{}},
	} {
		t.Run(name, func(t *testing.T) {
			wantEqual(t, idsOf(t, single().Read(ctx, "Singers", c.keys, []string{"Id"})), c.want)
		})
	}
	t.Run("index", func(t *testing.T) {
		keys := spanner.KeyRange{Start: spanner.Key{"L2"}, End: spanner.Key{"L5"}}
		rows := single().ReadUsingIndex(ctx, "Singers", "ByLast", keys, []string{"Id", "Last", "Score"})
		wantEqual(t, idsOf(t, rows), []int64{7, 6, 5})
	})
	t.Run("column that the index has not", func(t *testing.T) {
		rows := single().ReadUsingIndex(ctx, "Singers", "ByLast", spanner.AllKeys(), []string{"First"})
		wantCode(t, failureOf(rows), codes.NotFound, "ByLast")
	})
	t.Run("row by index", func(t *testing.T) {
		row, err := single().ReadRowUsingIndex(ctx, "Singers", "ByLast", spanner.Key{"L4"}, []string{"Id"})
		check(t, err)
		var id int64
		check(t, row.Columns(&id))
		wantEqual(t, id, int64(5))
	})
	t.Run("limit and order", func(t *testing.T) {
		rows := single().ReadWithOptions(ctx, "Singers", spanner.AllKeys(), []string{"Id"},
			&spanner.ReadOptions{Limit: 2, OrderBy: spannerpb.ReadRequest_ORDER_BY_PRIMARY_KEY})
		wantEqual(t, idsOf(t, rows), []int64{0, 1})
	})
	t.Run("errors", func(t *testing.T) {
		_, err := single().ReadRow(ctx, "Singers", spanner.Key{55}, []string{"Id"})
		wantCode(t, err, codes.NotFound, "row not found")
		_, err = single().ReadRow(ctx, "Nope", spanner.Key{1}, []string{"Id"})
		wantCode(t, err, codes.NotFound, "Nope")
		_, err = single().ReadRow(ctx, "Singers", spanner.Key{1}, []string{"Nope"})
		wantCode(t, err, codes.NotFound, "Nope")
		_, err = single().ReadRow(ctx, "Singers", spanner.Key{1, 2}, []string{"Id"})
		wantCode(t, err, codes.FailedPrecondition, "")
		_, err = single().ReadRow(ctx, "Singers", spanner.Key{"a"}, []string{"Id"})
		wantCode(t, err, codes.FailedPrecondition, "")
	})
}

func TestNullsAreKeys(t *testing.T) {
	ctx := testContext(t)
	client := newClient(t, "CREATE TABLE T (A INT64, B STRING(MAX)) PRIMARY KEY (A, B DESC)")
	for _, key := range [][]any{{nil, nil}, {nil, "x"}, {int64(1), nil}, {int64(1), "x"}} {
		_, err := client.Apply(ctx, []*spanner.Mutation{spanner.Insert("T", []string{"A", "B"}, key)})
		check(t, err)
	}
	var found []string
	check(t, client.Single().Read(ctx, "T", spanner.AllKeys(), []string{"A", "B"}).Do(
		func(row *spanner.Row) error {
			var a spanner.NullInt64
			var b spanner.NullString
			err := row.Columns(&a, &b)
			found = append(found, a.String()+b.String())
			return err
		}))
	wantEqual(t, found, []string{"<null>x", "<null><null>", "1x", "1<null>"})
	row, err := client.Single().ReadRow(ctx, "T", spanner.Key{spanner.NullInt64{}, "x"}, []string{"B"})
	check(t, err)
	var b string
	check(t, row.Columns(&b))
	wantEqual(t, b, "x")
}

func TestStaleness(t *testing.T) {
	ctx := testContext(t)
	client := newClient(t, counters)
	set := func(n int64) time.Time {
		at, err := client.Apply(ctx, []*spanner.Mutation{
			spanner.InsertOrUpdate("Counters", []string{"Id", "N"}, []any{1, n})})
		check(t, err)
		return at
	}
	first := set(1)
	time.Sleep(time.Second)
	second := set(2)
	if !second.After(first) {
		t.Errorf("commits at %v and %v", first, second)
	}
	read := func(bound spanner.TimestampBound) (int64, time.Time) {
		transaction := client.Single().WithTimestampBound(bound)
		row, err := transaction.ReadRow(ctx, "Counters", spanner.Key{1}, []string{"N"})
		check(t, err)
		var n int64
		check(t, row.Columns(&n))
		at, err := transaction.Timestamp()
		check(t, err)
		return n, at
	}
	for name, c := range map[string]struct {
		bound spanner.TimestampBound
		want  int64
	}{
		"strong":             {spanner.StrongRead(), 2},
		"first":              {spanner.ReadTimestamp(first), 1},
		"second":             {spanner.ReadTimestamp(second), 2},
		"min read timestamp": {spanner.MinReadTimestamp(second), 2},
	} {
		t.Run(name, func(t *testing.T) {
			n, at := read(c.bound)
			wantEqual(t, n, c.want)
			if name == "first" && !at.Equal(first) {
				t.Errorf("read at %v, asked for %v", at, first)
			}
		})
	}
	between := first.Add(second.Sub(first) / 2)
	n, _ := read(spanner.ExactStaleness(time.Since(between)))
	wantEqual(t, n, int64(1))
	n, at := read(spanner.MaxStaleness(time.Since(between)))
	if want := int64(1); at.Before(second) && n != want || !at.Before(second) && n != 2 {
		t.Errorf("%v at %v, written at %v and %v", n, at, first, second)
	}
	before := client.Single().WithTimestampBound(spanner.ReadTimestamp(first.Add(-time.Microsecond)))
	_, err := before.ReadRow(ctx, "Counters", spanner.Key{1}, []string{"N"})
	wantCode(t, err, codes.NotFound, "")
}

func TestReadTimestampInTheFutureWaits(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	client := newClient(t, counters)
	bound := spanner.ReadTimestamp(time.Now().Add(time.Hour))
	_, err := client.Single().WithTimestampBound(bound).ReadRow(ctx, "Counters", spanner.Key{1}, []string{"N"})
	wantCode(t, err, codes.DeadlineExceeded, "")
}

func TestReadOnlyTransactionSeesOneMoment(t *testing.T) {
	inParallel(t)
	ctx := testContext(t)
	client := singersClient(t)
	transaction := client.ReadOnlyTransaction()
	defer transaction.Close()
	count := spanner.NewStatement("SELECT COUNT(*) FROM Singers")
	wantEqual(t, one[int64](t, transaction.Query(ctx, count)), int64(10))
	_, err := client.Apply(ctx, []*spanner.Mutation{spanner.Delete("Singers", spanner.AllKeys())})
	check(t, err)
	wantEqual(t, one[int64](t, transaction.Query(ctx, count)), int64(10))
	wantEqual(t, len(idsOf(t, transaction.Read(ctx, "Singers", spanner.AllKeys(), []string{"Id"}))), 10)
	wantEqual(t, one[int64](t, client.Single().Query(ctx, count)), int64(0))
	at, err := transaction.Timestamp()
	check(t, err)
	again := client.ReadOnlyTransaction().WithTimestampBound(spanner.ReadTimestamp(at))
	defer again.Close()
	wantEqual(t, one[int64](t, again.Query(ctx, count)), int64(10))
}
