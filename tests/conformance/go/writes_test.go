package conformance

import (
	"context"
	"slices"
	"testing"

	"cloud.google.com/go/spanner"
	"cloud.google.com/go/spanner/apiv1/spannerpb"
	"google.golang.org/grpc/codes"
)

var columns = []string{"Id", "N"}

func TestMutations(t *testing.T) {
	ctx := testContext(t)
	client := newClient(t, counters)
	apply := func(mutations ...*spanner.Mutation) error {
		_, err := client.Apply(ctx, mutations)
		return err
	}
	check(t, apply(spanner.Insert("Counters", columns, []any{1, 1})))
	wantCode(t, apply(spanner.Insert("Counters", columns, []any{1, 1})), codes.AlreadyExists, "")
	wantCode(t, apply(spanner.Update("Counters", columns, []any{2, 1})), codes.NotFound, "")
	check(t, apply(spanner.Update("Counters", columns, []any{1, 11})))
	wantEqual(t, valueOf(ctx, t, client, 1), int64(11))
	check(t, apply(spanner.InsertOrUpdate("Counters", columns, []any{2, 2}),
		spanner.InsertOrUpdate("Counters", columns, []any{1, 12})))
	wantEqual(t, valueOf(ctx, t, client, 1), int64(12))
	check(t, apply(spanner.Replace("Counters", columns, []any{1, 13})))
	wantEqual(t, valueOf(ctx, t, client, 1), int64(13))
	check(t, apply(spanner.InsertMap("Counters", map[string]any{"Id": 3, "N": 3})))
	type counter struct{ Id, N int64 }
	mutation, err := spanner.InsertStruct("Counters", counter{4, 4})
	check(t, err)
	check(t, apply(mutation))
	check(t, apply(spanner.Delete("Counters", spanner.Key{99})))
	check(t, apply(spanner.Delete("Counters", spanner.KeyRange{
		Start: spanner.Key{2}, End: spanner.Key{3}, Kind: spanner.ClosedClosed})))
	all := func() []int64 {
		return idsOf(t, client.Single().Read(ctx, "Counters", spanner.AllKeys(), []string{"Id"}))
	}
	wantEqual(t, all(), []int64{1, 4})
	// All or nothing.
	wantCode(t, apply(put(7, 7), spanner.Insert("Counters", columns, []any{1, 1})), codes.AlreadyExists, "")
	wantEqual(t, all(), []int64{1, 4})
	check(t, apply(spanner.Delete("Counters", spanner.AllKeys())))
	wantEqual(t, all(), []int64{})
	wantCode(t, apply(spanner.Insert("Counters", []string{"Id"}, []any{1})), codes.FailedPrecondition, "N")
	wantCode(t, apply(spanner.Insert("Counters", columns, []any{1, nil})), codes.FailedPrecondition, "N")
	malformed := codes.FailedPrecondition
	if local { // as in production, where it is the key by which the transaction finds its place
		malformed = codes.InvalidArgument
	}
	wantCode(t, apply(spanner.Insert("Counters", columns, []any{1, "x"})), malformed, "")
	wantCode(t, apply(spanner.Insert("Nope", columns, []any{1, 1})), codes.NotFound, "Nope")
}

func TestCommitTimestamps(t *testing.T) {
	ctx := testContext(t)
	client := newClient(t, `CREATE TABLE T (Id INT64, Stamp TIMESTAMP OPTIONS (allow_commit_timestamp = true))
		PRIMARY KEY (Id)`)
	at, err := client.Apply(ctx, []*spanner.Mutation{
		spanner.Insert("T", []string{"Id", "Stamp"}, []any{1, spanner.CommitTimestamp})})
	check(t, err)
	found := one[spanner.NullTime](t, client.Single().Query(ctx, spanner.NewStatement("SELECT Stamp FROM T")))
	if !found.Time.Equal(at) {
		t.Errorf("stored %v, committed at %v", found, at)
	}
}

func TestPendingCommitTimestamps(t *testing.T) {
	ctx := testContext(t)
	client := newClient(t, `CREATE TABLE T (Id INT64, Stamp TIMESTAMP OPTIONS (allow_commit_timestamp = true))
		PRIMARY KEY (Id)`)
	at, err := client.ReadWriteTransaction(ctx, func(ctx context.Context, tx *spanner.ReadWriteTransaction) error {
		_, err := tx.Update(ctx, spanner.NewStatement("INSERT T (Id, Stamp) VALUES (1, PENDING_COMMIT_TIMESTAMP())"))
		return err
	})
	check(t, err)
	found := one[spanner.NullTime](t, client.Single().Query(ctx, spanner.NewStatement("SELECT Stamp FROM T")))
	if !found.Time.Equal(at) {
		t.Errorf("stored %v, committed at %v", found, at)
	}
}

func TestDml(t *testing.T) {
	ctx := testContext(t)
	client := newClient(t, counters)
	in := func(f func(tx *spanner.ReadWriteTransaction) error) error {
		_, err := client.ReadWriteTransaction(ctx,
			func(ctx context.Context, tx *spanner.ReadWriteTransaction) error { return f(tx) })
		return err
	}
	check(t, in(func(tx *spanner.ReadWriteTransaction) error {
		for _, c := range []struct {
			sql  string
			want int64
		}{
			{"INSERT Counters (Id, N) VALUES (1, 1), (2, 2), (3, 3)", 3},
			{"INSERT Counters (Id, N) SELECT Id + 10, N FROM Counters", 3},
			{"UPDATE Counters SET N = N * 2 WHERE Id > 10", 3},
			{"UPDATE Counters SET N = 0 WHERE Id = 99", 0},
			{"DELETE FROM Counters WHERE Id = 13", 1},
			{"INSERT OR UPDATE Counters (Id, N) VALUES (1, 100), (4, 4)", 2},
			{"INSERT OR IGNORE Counters (Id, N) VALUES (1, 101), (5, 5)", 1},
		} {
			count, err := tx.Update(ctx, spanner.NewStatement(c.sql))
			if err != nil {
				return err
			}
			if count != c.want {
				t.Errorf("%s changed %d rows, want %d", c.sql, count, c.want)
			}
		}
		return nil
	}))
	wantEqual(t, valueOf(ctx, t, client, 1), int64(100))
	wantEqual(t, valueOf(ctx, t, client, 12), int64(4))
	check(t, in(func(tx *spanner.ReadWriteTransaction) error {
		rows := tx.Query(ctx, spanner.NewStatement("UPDATE Counters SET N = N + 1 WHERE Id <= 2 THEN RETURN N"))
		got := idsOf(t, rows)
		slices.Sort(got)
		wantEqual(t, got, []int64{3, 101})
		wantEqual(t, rows.RowCount, int64(2))
		return nil
	}))
	wantCode(t, in(func(tx *spanner.ReadWriteTransaction) error {
		_, err := tx.Update(ctx, spanner.NewStatement("INSERT Counters (Id, N) VALUES (1, 1)"))
		return err
	}), codes.AlreadyExists, "")
	wantCode(t, in(func(tx *spanner.ReadWriteTransaction) error {
		_, err := tx.Update(ctx, spanner.NewStatement("UPDATE Counters SET N = NULL WHERE Id = 1"))
		return err
	}), codes.FailedPrecondition, "N")
}

func TestBatchDml(t *testing.T) {
	ctx := testContext(t)
	client := newClient(t, counters)
	statements := func(sql ...string) (out []spanner.Statement) {
		for _, s := range sql {
			out = append(out, spanner.NewStatement(s))
		}
		return out
	}
	batch := func(sql ...string) (counts []int64, err error) {
		_, err = client.ReadWriteTransaction(ctx,
			func(ctx context.Context, tx *spanner.ReadWriteTransaction) (err error) {
				counts, err = tx.BatchUpdate(ctx, statements(sql...))
				return err
			})
		return counts, err
	}
	counts, err := batch("INSERT Counters (Id, N) VALUES (1, 1)", "UPDATE Counters SET N = 2 WHERE true",
		"DELETE FROM Counters WHERE Id = 9")
	check(t, err)
	wantEqual(t, counts, []int64{1, 1, 0})
	// What came before the failing statement has its counts, what comes after did not run.
	counts, err = batch("UPDATE Counters SET N = 3 WHERE Id = 1", "UPDATE Nope SET N = 1 WHERE true",
		"UPDATE Counters SET N = 4 WHERE Id = 1")
	wantCode(t, err, codes.InvalidArgument, "Nope")
	wantEqual(t, counts, []int64{1})
	wantEqual(t, valueOf(ctx, t, client, 1), int64(2))
	// The transaction itself goes on.
	_, err = client.ReadWriteTransaction(ctx, func(ctx context.Context, tx *spanner.ReadWriteTransaction) error {
		counts, err := tx.BatchUpdate(ctx, statements("UPDATE Counters SET N = 5 WHERE Id = 1", "SELECT nonsense"))
		wantCode(t, err, codes.InvalidArgument, "")
		wantEqual(t, counts, []int64{1})
		return nil
	})
	check(t, err)
	wantEqual(t, valueOf(ctx, t, client, 1), int64(5))
	_, err = batch()
	wantCode(t, err, codes.InvalidArgument, "")
}

func TestPartitionedDml(t *testing.T) {
	ctx := testContext(t)
	client := singersClient(t)
	count, err := client.PartitionedUpdate(ctx, spanner.Statement{
		SQL: "UPDATE Singers SET Score = @s WHERE Id >= 4", Params: map[string]any{"s": 1.5}})
	check(t, err)
	wantEqual(t, count, int64(6))
	count, err = client.PartitionedUpdateWithOptions(ctx, spanner.NewStatement("DELETE FROM Singers WHERE Score = 1.5"),
		spanner.QueryOptions{RequestTag: "pdml", Priority: spannerpb.RequestOptions_PRIORITY_LOW})
	check(t, err)
	wantEqual(t, count, int64(6))
	_, err = client.PartitionedUpdate(ctx, spanner.NewStatement("INSERT Singers (Id) VALUES (1)"))
	wantCode(t, err, codes.InvalidArgument, "")
	_, err = client.PartitionedUpdate(ctx, spanner.NewStatement("SELECT 1"))
	wantCode(t, err, codes.InvalidArgument, "")
}

func TestBatchWrite(t *testing.T) {
	if !local {
		t.Skip("Google's emulator has no BatchWrite")
	}
	ctx := testContext(t)
	client := newClient(t, counters)
	group := func(mutations ...*spanner.Mutation) *spanner.MutationGroup {
		return &spanner.MutationGroup{Mutations: mutations}
	}
	groups := []*spanner.MutationGroup{
		group(put(1, 1), put(2, 2)),
		group(put(3, 3), spanner.Update("Counters", columns, []any{99, 9})),
		group(put(4, 4)),
	}
	code := map[int32]codes.Code{}
	check(t, client.BatchWrite(ctx, groups).Do(func(r *spannerpb.BatchWriteResponse) error {
		for _, index := range r.GetIndexes() {
			code[index] = codes.Code(r.GetStatus().GetCode())
		}
		return nil
	}))
	wantEqual(t, code, map[int32]codes.Code{0: codes.OK, 1: codes.NotFound, 2: codes.OK})
	wantEqual(t, idsOf(t, client.Single().Read(ctx, "Counters", spanner.AllKeys(), columns)), []int64{1, 2, 4})
}

func TestConstraints(t *testing.T) {
	ctx := testContext(t)
	client := newClient(t,
		`CREATE TABLE P (Id INT64, N INT64, CONSTRAINT Positive CHECK (N > 0)) PRIMARY KEY (Id)`,
		`CREATE TABLE C (Id INT64, K INT64) PRIMARY KEY (Id, K), INTERLEAVE IN PARENT P`,
		`CREATE TABLE F (Id INT64, P INT64, CONSTRAINT ToP FOREIGN KEY (P) REFERENCES P (Id)) PRIMARY KEY (Id)`,
		`CREATE UNIQUE INDEX ByN ON P (N)`)
	apply := func(table string, columns []string, values ...any) error {
		_, err := client.Apply(ctx, []*spanner.Mutation{spanner.Insert(table, columns, values)})
		return err
	}
	check(t, apply("P", []string{"Id", "N"}, 1, 1))
	wantCode(t, apply("P", []string{"Id", "N"}, 2, -1), codes.OutOfRange, "Positive")
	wantCode(t, apply("P", []string{"Id", "N"}, 2, 1), codes.AlreadyExists, "ByN")
	wantCode(t, apply("C", []string{"Id", "K"}, 7, 1), codes.NotFound, "")
	check(t, apply("C", []string{"Id", "K"}, 1, 1))
	wantCode(t, apply("F", []string{"Id", "P"}, 1, 7), codes.FailedPrecondition, "ToP")
	check(t, apply("F", []string{"Id", "P"}, 1, 1))
	_, err := client.Apply(ctx, []*spanner.Mutation{spanner.Delete("P", spanner.Key{1})})
	wantCode(t, err, codes.FailedPrecondition, "")
}
