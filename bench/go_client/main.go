// What a user of Google's Go client gets from the local Spanner and from Google's emulator (where
// it is installed), in one run: read-modify-write on different keys with the client's own
// ReadWriteTransaction, the same tried again at once when it is ABORTED (by its
// statement-based transactions), blind commits with Apply, single reads. See ./run.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"cloud.google.com/go/spanner"
	"google.golang.org/grpc/codes"
)

const (
	databaseName  = "projects/bench/instances/bench/databases/bench"
	keysPerWorker = 64
)

var (
	program  = flag.String("program", "kafka-spanner", "the local Spanner's program")
	emulator = flag.String("emulator",
		"/usr/lib/google-cloud-sdk/bin/cloud_spanner_emulator/emulator_main", "Google's emulator")
	seconds = flag.Int("seconds", 3, "of each measurement")
	workers = flag.String("workers", "1,8,64", "goroutines")
)

// A call does its work once; attempts counts the transactions that it began.
type call func(ctx context.Context, client *spanner.Client, key int64, attempts *atomic.Int64) error

func put(key, value int64) *spanner.Mutation {
	return spanner.InsertOrUpdate("Kv", []string{"K", "V", "S"},
		[]any{key, value, "thirty characters of text here"})
}

func valueOf(row *spanner.Row, err error) (value int64, _ error) {
	if err != nil {
		return 0, err
	}
	return value, row.Columns(&value)
}

func readModifyWrite(ctx context.Context, client *spanner.Client, key int64,
	attempts *atomic.Int64) error {
	_, err := client.ReadWriteTransaction(ctx,
		func(ctx context.Context, tx *spanner.ReadWriteTransaction) error {
			attempts.Add(1)
			value, err := valueOf(tx.ReadRow(ctx, "Kv", spanner.Key{key}, []string{"V"}))
			if err != nil {
				return err
			}
			return tx.BufferWrite([]*spanner.Mutation{put(key, value+1)})
		})
	return err
}

func retriedAtOnce(ctx context.Context, client *spanner.Client, key int64,
	attempts *atomic.Int64) error {
	tx, err := spanner.NewReadWriteStmtBasedTransaction(ctx, client)
	for err == nil {
		attempts.Add(1)
		var value int64
		if value, err = valueOf(tx.ReadRow(ctx, "Kv", spanner.Key{key}, []string{"V"})); err == nil {
			if err = tx.BufferWrite([]*spanner.Mutation{put(key, value+1)}); err == nil {
				if _, err = tx.Commit(ctx); err == nil {
					return nil
				}
			}
		}
		if spanner.ErrCode(err) != codes.Aborted {
			tx.Rollback(ctx)
			return err
		}
		tx, err = tx.ResetForRetry(ctx)
	}
	return err
}

func blind(ctx context.Context, client *spanner.Client, key int64, attempts *atomic.Int64) error {
	attempts.Add(1)
	_, err := client.Apply(ctx, []*spanner.Mutation{put(key, key)}, spanner.ApplyAtLeastOnce())
	return err
}

func blindReplayProtected(ctx context.Context, client *spanner.Client, key int64,
	attempts *atomic.Int64) error {
	attempts.Add(1)
	_, err := client.Apply(ctx, []*spanner.Mutation{put(key, key)})
	return err
}

func pointRead(ctx context.Context, client *spanner.Client, key int64,
	attempts *atomic.Int64) error {
	attempts.Add(1)
	_, err := valueOf(client.Single().ReadRow(ctx, "Kv", spanner.Key{key}, []string{"V"}))
	return err
}

// The emulator is slower at everything once it has had aborted transactions: what has none is first.
var measured = []struct {
	name string
	call call
}{
	{"ReadRow", pointRead},
	{"Apply, at least once", blind},
	{"Apply", blindReplayProtected},
	{"read-modify-write", readModifyWrite},
	{"the same, again at once", retriedAtOnce},
}

// A rate is what the workers did together; failed calls are counted apart, and by their codes.
type rate struct {
	perSecond, p50Micros float64
	tries                float64 // transactions begun for each that was done
	failed               int
	failure              string // the first
}

func measure(client *spanner.Client, call call, workers int) rate {
	var mu sync.Mutex
	var result rate
	var took []time.Duration
	var attempts atomic.Int64
	var wait sync.WaitGroup
	begun := time.Now()
	until := begun.Add(time.Duration(*seconds) * time.Second)
	ctx, cancel := context.WithDeadline(context.Background(), until.Add(30*time.Second))
	defer cancel()
	for worker := range workers {
		wait.Go(func() {
			var mine []time.Duration
			failed, failure := 0, ""
			for n := 0; time.Now().Before(until); n++ {
				started := time.Now()
				err := call(ctx, client, int64(worker*keysPerWorker+n%keysPerWorker), &attempts)
				if err == nil {
					mine = append(mine, time.Since(started))
					continue
				}
				failed++
				failure = err.Error()
			}
			mu.Lock()
			defer mu.Unlock()
			took = append(took, mine...)
			result.failed += failed
			if failure != "" {
				result.failure = failure
			}
		})
	}
	wait.Wait()
	if len(took) > 0 {
		slices.Sort(took)
		result.perSecond = float64(len(took)) / time.Since(begun).Seconds()
		result.p50Micros = float64(took[len(took)/2].Microseconds())
		result.tries = float64(attempts.Load()) / float64(len(took))
	}
	return result
}

// results has a rate for each line of the table.
func runSide(ctx context.Context, address string, counts []int) (map[string]rate, error) {
	os.Setenv("SPANNER_EMULATOR_HOST", address)
	if err := createDatabase(ctx); err != nil {
		return nil, err
	}
	client, err := spanner.NewClientWithConfig(ctx, databaseName,
		spanner.ClientConfig{DisableNativeMetrics: true})
	if err != nil {
		return nil, err
	}
	defer client.Close()
	var rows []*spanner.Mutation
	for key := range int64(slices.Max(counts) * keysPerWorker) {
		rows = append(rows, put(key, 0))
	}
	if _, err := client.Apply(ctx, rows); err != nil {
		return nil, err
	}
	results := map[string]rate{}
	for _, one := range measured {
		for _, count := range counts {
			results[lineOf(one.name, count)] = measure(client, one.call, count)
		}
	}
	return results, nil
}

func lineOf(name string, workers int) string { return fmt.Sprintf("%s, %d workers", name, workers) }

func main() {
	flag.Parse()
	var counts []int
	for text := range strings.SplitSeq(*workers, ",") {
		count, err := strconv.Atoi(text)
		if err != nil || count < 1 {
			log.Fatalf("-workers %q: numbers with commas between them", *workers)
		}
		counts = append(counts, count)
	}
	ours, err := withLocal(counts)
	if err != nil {
		log.Fatal(err)
	}
	theirs, err := withEmulator(counts)
	if err != nil && !errors.Is(err, exec.ErrNotFound) && !os.IsNotExist(err) {
		log.Fatal(err)
	}
	report(counts, ours, theirs)
}

func report(counts []int, ours, theirs map[string]rate) {
	fmt.Printf("cloud.google.com/go/spanner; %d s each; local Spanner with every commit synced\n", *seconds)
	fmt.Printf("%-38s %30s   %30s %8s\n", "", "local Spanner", "emulator", "ratio")
	fmt.Printf("%-38s %10s %10s %8s   %10s %10s %8s\n", "", "per s", "p50 us", "tries", "per s",
		"p50 us", "tries")
	for _, one := range measured {
		for _, count := range counts {
			line := lineOf(one.name, count)
			a, b := ours[line], theirs[line]
			fmt.Printf("%-38s %10.0f %10.0f %8.2f   %10.0f %10.0f %8.2f %8.2f\n", line, a.perSecond,
				a.p50Micros, a.tries, b.perSecond, b.p50Micros, b.tries, a.perSecond/b.perSecond)
			for side, failures := range map[string]rate{"local": a, "emulator": b} {
				if failures.failed > 0 {
					fmt.Printf("  %s: %d failed: %s\n", side, failures.failed, failures.failure)
				}
			}
		}
	}
}
