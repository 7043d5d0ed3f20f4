package conformance

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cloud.google.com/go/spanner"
	"cloud.google.com/go/spanner/apiv1/spannerpb"
	"google.golang.org/grpc/codes"
)

func put(id, n int64) *spanner.Mutation {
	return spanner.InsertOrUpdate("Counters", []string{"Id", "N"}, []any{id, n})
}

func valueOf(ctx context.Context, t *testing.T, client *spanner.Client, id int64) int64 {
	t.Helper()
	row, err := client.Single().ReadRow(ctx, "Counters", spanner.Key{id}, []string{"N"})
	check(t, err)
	var n int64
	check(t, row.Columns(&n))
	return n
}

// Ways to add one to a counter; each reads, then writes.
var increments = map[string]func(context.Context, *spanner.ReadWriteTransaction, int64) error{
	"read and mutation": func(ctx context.Context, tx *spanner.ReadWriteTransaction, id int64) error {
		row, err := tx.ReadRow(ctx, "Counters", spanner.Key{id}, []string{"N"})
		if err != nil {
			return err
		}
		var n int64
		if err := row.Columns(&n); err != nil {
			return err
		}
		return tx.BufferWrite([]*spanner.Mutation{put(id, n+1)})
	},
	"query and DML": func(ctx context.Context, tx *spanner.ReadWriteTransaction, id int64) error {
		var n int64
		params := map[string]any{"id": id}
		rows := tx.Query(ctx, spanner.Statement{SQL: "SELECT N FROM Counters WHERE Id = @id", Params: params})
		if err := rows.Do(func(row *spanner.Row) error { return row.Columns(&n) }); err != nil {
			return err
		}
		_, err := tx.Update(ctx, spanner.Statement{SQL: "UPDATE Counters SET N = @n WHERE Id = @id",
			Params: map[string]any{"id": id, "n": n + 1}})
		return err
	},
	"DML": func(ctx context.Context, tx *spanner.ReadWriteTransaction, id int64) error {
		_, err := tx.Update(ctx, spanner.Statement{SQL: "UPDATE Counters SET N = N + 1 WHERE Id = @id",
			Params: map[string]any{"id": id}})
		return err
	},
	"batch DML": func(ctx context.Context, tx *spanner.ReadWriteTransaction, id int64) error {
		_, err := tx.BatchUpdate(ctx, []spanner.Statement{
			{SQL: "UPDATE Counters SET N = N + 1 WHERE Id = @id", Params: map[string]any{"id": id}}})
		return err
	},
}

const workers, rounds = 8, 10

// run has `workers` goroutines add one `rounds` times, and counts how often an attempt was made.
func run(ctx context.Context, t *testing.T, client *spanner.Client, options spanner.TransactionOptions,
	add func(context.Context, *spanner.ReadWriteTransaction, int64) error, id func(int64) int64) int64 {
	t.Helper()
	var attempts atomic.Int64
	var group sync.WaitGroup
	for worker := range int64(workers) {
		group.Go(func() {
			for range rounds {
				_, err := client.ReadWriteTransactionWithOptions(ctx,
					func(ctx context.Context, tx *spanner.ReadWriteTransaction) error {
						attempts.Add(1)
						return add(ctx, tx, id(worker))
					}, options)
				if err != nil {
					t.Errorf("worker %d: %v", worker, err)
					return
				}
			}
		})
	}
	group.Wait()
	return attempts.Load()
}

func TestNoUpdateIsLost(t *testing.T) {
	inParallel(t)
	client := newClient(t, counters)
	for name, add := range increments {
		for kind, options := range map[string]spanner.TransactionOptions{
			"pessimistic":     {},
			"optimistic":      {ReadLockMode: spannerpb.TransactionOptions_ReadWrite_OPTIMISTIC},
			"explicit begin":  {BeginTransactionOption: spanner.ExplicitBeginTransaction},
			"repeatable read": {IsolationLevel: spannerpb.TransactionOptions_REPEATABLE_READ},
		} {
			t.Run(name+", "+kind, func(t *testing.T) {
				ctx := testContext(t)
				_, err := client.Apply(ctx, []*spanner.Mutation{put(1, 0)})
				check(t, err)
				run(ctx, t, client, options, add, func(int64) int64 { return 1 })
				wantEqual(t, valueOf(ctx, t, client, 1), int64(workers*rounds))
			})
		}
	}
}

// Transactions on different keys are not in each other's way.
func TestDifferentKeysNeverAbort(t *testing.T) {
	inParallel(t)
	client := newClient(t, counters)
	for name, add := range increments {
		t.Run(name, func(t *testing.T) {
			ctx := testContext(t)
			for id := range int64(workers) {
				_, err := client.Apply(ctx, []*spanner.Mutation{put(id, 0)})
				check(t, err)
			}
			options := spanner.TransactionOptions{}
			attempts := run(ctx, t, client, options, add, func(worker int64) int64 { return worker })
			for id := range int64(workers) {
				wantEqual(t, valueOf(ctx, t, client, id), int64(rounds))
			}
			wantEqual(t, attempts, int64(workers*rounds))
		})
	}
}

// Each transaction counts the rows and adds one with the count as its id: two that did not see each
// other would collide or leave a gap.
func TestNoPhantoms(t *testing.T) {
	inParallel(t)
	ctx := testContext(t)
	client := newClient(t, counters)
	add := func(ctx context.Context, tx *spanner.ReadWriteTransaction, _ int64) error {
		var n int64
		rows := tx.Query(ctx, spanner.NewStatement("SELECT COUNT(*) FROM Counters"))
		if err := rows.Do(func(row *spanner.Row) error { return row.Columns(&n) }); err != nil {
			return err
		}
		return tx.BufferWrite([]*spanner.Mutation{
			spanner.Insert("Counters", []string{"Id", "N"}, []any{n, 0})})
	}
	run(ctx, t, client, spanner.TransactionOptions{}, add, func(int64) int64 { return 0 })
	ids := idsOf(t, client.Single().Read(ctx, "Counters", spanner.AllKeys(), []string{"Id"}))
	wantEqual(t, len(ids), workers*rounds)
	wantEqual(t, ids[len(ids)-1], int64(workers*rounds-1))
}

// Of two people on call one may leave, not both.
func TestNoWriteSkew(t *testing.T) {
	inParallel(t)
	ctx := testContext(t)
	client := newClient(t, counters)
	for range 20 {
		_, err := client.Apply(ctx, []*spanner.Mutation{put(0, 1), put(1, 1)})
		check(t, err)
		var group sync.WaitGroup
		for id := range int64(2) {
			group.Go(func() {
				_, err := client.ReadWriteTransaction(ctx,
					func(ctx context.Context, tx *spanner.ReadWriteTransaction) error {
						var on int64
						rows := tx.Query(ctx, spanner.NewStatement("SELECT SUM(N) FROM Counters"))
						err := rows.Do(func(row *spanner.Row) error { return row.Columns(&on) })
						if err != nil || on < 2 {
							return err
						}
						return tx.BufferWrite([]*spanner.Mutation{put(id, 0)})
					})
				if err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		wantEqual(t, one[int64](t, client.Single().Query(ctx,
			spanner.NewStatement("SELECT SUM(N) FROM Counters"))), int64(1))
	}
}

func TestTransactionSeesItsDmlNotItsMutations(t *testing.T) {
	ctx := testContext(t)
	client := newClient(t, counters)
	_, err := client.ReadWriteTransaction(ctx, func(ctx context.Context, tx *spanner.ReadWriteTransaction) error {
		count := func() int64 {
			return one[int64](t, tx.Query(ctx, spanner.NewStatement("SELECT COUNT(*) FROM Counters")))
		}
		if _, err := tx.Update(ctx, spanner.NewStatement("INSERT Counters (Id, N) VALUES (1, 1)")); err != nil {
			return err
		}
		wantEqual(t, count(), int64(1))
		if err := tx.BufferWrite([]*spanner.Mutation{put(2, 2)}); err != nil {
			return err
		}
		wantEqual(t, count(), int64(1))
		return nil
	})
	check(t, err)
	wantEqual(t, valueOf(ctx, t, client, 1)+valueOf(ctx, t, client, 2), int64(3))
}

func TestRollback(t *testing.T) {
	ctx := testContext(t)
	client := newClient(t, counters)
	mine := errors.New("mine")
	_, err := client.ReadWriteTransaction(ctx, func(ctx context.Context, tx *spanner.ReadWriteTransaction) error {
		if _, err := tx.Update(ctx, spanner.NewStatement("INSERT Counters (Id, N) VALUES (1, 1)")); err != nil {
			return err
		}
		return mine
	})
	if !errors.Is(err, mine) {
		t.Error(err)
	}
	// The row is neither there nor locked.
	_, err = client.Apply(ctx, []*spanner.Mutation{spanner.Insert("Counters", []string{"Id", "N"}, []any{1, 5})})
	check(t, err)
}

func TestFailedFirstStatementDoesNotEndTheTransaction(t *testing.T) {
	ctx := testContext(t)
	client := newClient(t, counters)
	_, err := client.ReadWriteTransaction(ctx, func(ctx context.Context, tx *spanner.ReadWriteTransaction) error {
		_, err := tx.Update(ctx, spanner.NewStatement("INSERT Nope (Id) VALUES (1)"))
		if spanner.ErrCode(err) == codes.Aborted {
			return err // the client begins anew, by BeginTransaction
		}
		wantCode(t, err, codes.InvalidArgument, "Nope")
		_, err = tx.Update(ctx, spanner.NewStatement("INSERT Counters (Id, N) VALUES (1, 1)"))
		return err
	})
	check(t, err)
	wantEqual(t, valueOf(ctx, t, client, 1), int64(1))
}

func TestStatementBasedTransaction(t *testing.T) {
	ctx := testContext(t)
	client := newClient(t, counters)
	tx, err := spanner.NewReadWriteStmtBasedTransaction(ctx, client)
	check(t, err)
	_, err = tx.Update(ctx, spanner.NewStatement("INSERT Counters (Id, N) VALUES (1, 1)"))
	check(t, err)
	response, err := tx.CommitWithReturnResp(ctx)
	check(t, err)
	if time.Since(response.CommitTs).Abs() > time.Minute {
		t.Errorf("committed at %v", response.CommitTs)
	}
	tx, err = spanner.NewReadWriteStmtBasedTransaction(ctx, client)
	check(t, err)
	_, err = tx.Update(ctx, spanner.NewStatement("DELETE FROM Counters WHERE true"))
	check(t, err)
	tx.Rollback(ctx)
	wantEqual(t, valueOf(ctx, t, client, 1), int64(1))
}

func TestCommitOptions(t *testing.T) {
	ctx := testContext(t)
	client := newClient(t, counters, "CREATE INDEX ByN ON Counters (N)")
	delay := 20 * time.Millisecond
	options := spanner.TransactionOptions{
		CommitOptions:  spanner.CommitOptions{ReturnCommitStats: true, MaxCommitDelay: &delay},
		TransactionTag: "app=conformance,action=options",
		CommitPriority: spannerpb.RequestOptions_PRIORITY_LOW,
	}
	response, err := client.ReadWriteTransactionWithOptions(ctx,
		func(ctx context.Context, tx *spanner.ReadWriteTransaction) error {
			_, err := tx.UpdateWithOptions(ctx, spanner.NewStatement("INSERT Counters (Id, N) VALUES (1, 1)"),
				spanner.QueryOptions{RequestTag: "insert", Priority: spannerpb.RequestOptions_PRIORITY_LOW})
			return err
		}, options)
	check(t, err)
	if local { // Google's emulator gives none; two columns and an index entry
		wantEqual(t, response.CommitStats.GetMutationCount(), int64(3))
	}
	_, err = client.Apply(ctx, []*spanner.Mutation{put(2, 2)},
		spanner.ApplyAtLeastOnce(), spanner.TransactionTag("tag"), spanner.Priority(spannerpb.RequestOptions_PRIORITY_LOW))
	check(t, err)
}
