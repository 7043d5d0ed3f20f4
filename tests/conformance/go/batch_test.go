package conformance

import (
	"slices"
	"sync"
	"testing"

	"cloud.google.com/go/spanner"
	"google.golang.org/grpc/codes"
)

// manyClient has 2,000 rows, Id 0 to 1999.
func manyClient(t *testing.T) *spanner.Client {
	t.Helper()
	client := newClient(t, "CREATE TABLE Many (Id INT64 NOT NULL, Text STRING(MAX)) PRIMARY KEY (Id)",
		"CREATE INDEX ByText ON Many (Text)")
	var rows []*spanner.Mutation
	for i := range 2_000 {
		rows = append(rows, spanner.Insert("Many", []string{"Id", "Text"}, []any{i, string(rune('a' + i%26))}))
	}
	_, err := client.Apply(testContext(t), rows)
	check(t, err)
	return client
}

func TestPartitions(t *testing.T) {
	inParallel(t)
	ctx := testContext(t)
	client := manyClient(t)
	options := spanner.PartitionOptions{MaxPartitions: 8}
	transaction, err := client.BatchReadOnlyTransaction(ctx, spanner.StrongRead())
	check(t, err)
	defer transaction.Close()
	// What is written later is in no partition.
	_, err = client.Apply(ctx, []*spanner.Mutation{spanner.Insert("Many", []string{"Id"}, []any{5_000})})
	check(t, err)
	for name, partition := range map[string]func() ([]*spanner.Partition, error){
		"read": func() ([]*spanner.Partition, error) {
			return transaction.PartitionRead(ctx, "Many", spanner.AllKeys(), []string{"Id"}, options)
		},
		"index": func() ([]*spanner.Partition, error) {
			return transaction.PartitionReadUsingIndex(ctx, "Many", "ByText", spanner.AllKeys(), []string{"Id"}, options)
		},
		"data boost": func() ([]*spanner.Partition, error) {
			return transaction.PartitionReadWithOptions(ctx, "Many", spanner.AllKeys(), []string{"Id"}, options,
				spanner.ReadOptions{DataBoostEnabled: true})
		},
		"query": func() ([]*spanner.Partition, error) {
			statement := spanner.Statement{SQL: "SELECT Id FROM Many WHERE Id >= @from", Params: map[string]any{"from": 0}}
			return transaction.PartitionQuery(ctx, statement, options)
		},
	} {
		t.Run(name, func(t *testing.T) {
			parts, err := partition()
			check(t, err)
			if len(parts) == 0 {
				t.Fatal("no partitions")
			}
			// Another process gets the transaction and the partitions as bytes.
			id := transaction.ID
			bytes, err := id.MarshalBinary()
			check(t, err)
			var other spanner.BatchReadOnlyTransactionID
			check(t, other.UnmarshalBinary(bytes))
			reader := client.BatchReadOnlyTransactionFromID(other)
			var mu sync.Mutex
			var found []int64
			var group sync.WaitGroup
			for _, part := range parts {
				bytes, err := part.MarshalBinary()
				check(t, err)
				group.Go(func() {
					var copied spanner.Partition
					if err := copied.UnmarshalBinary(bytes); err != nil {
						t.Error(err)
						return
					}
					ids := idsOf(t, reader.Execute(ctx, &copied))
					mu.Lock()
					defer mu.Unlock()
					found = append(found, ids...)
				})
			}
			group.Wait()
			slices.Sort(found)
			wantEqual(t, len(found), 2_000)
			wantEqual(t, len(slices.Compact(found)), 2_000)
		})
	}
}

func TestWhatCannotBePartitioned(t *testing.T) {
	ctx := testContext(t)
	client := manyClient(t)
	transaction, err := client.BatchReadOnlyTransaction(ctx, spanner.StrongRead())
	check(t, err)
	defer transaction.Close()
	for _, sql := range []string{
		"SELECT COUNT(*) FROM Many",
		"SELECT Id FROM Many ORDER BY Id",
		"SELECT Id FROM Many LIMIT 3",
	} {
		_, err = transaction.PartitionQuery(ctx, spanner.NewStatement(sql), spanner.PartitionOptions{})
		wantCode(t, err, codes.InvalidArgument, "")
	}
}
