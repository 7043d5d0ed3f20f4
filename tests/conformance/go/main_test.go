// Google's Go client against the Spanner behind SPANNER_EMULATOR_HOST: see ../run.
package conformance

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"cloud.google.com/go/spanner"
	database "cloud.google.com/go/spanner/admin/database/apiv1"
	"cloud.google.com/go/spanner/admin/database/apiv1/databasepb"
	instance "cloud.google.com/go/spanner/admin/instance/apiv1"
	"cloud.google.com/go/spanner/admin/instance/apiv1/instancepb"
	"google.golang.org/api/iterator"
	"google.golang.org/grpc/codes"
)

const (
	project      = "projects/conformance"
	instanceName = project + "/instances/go-conformance"
)

var (
	instances *instance.InstanceAdminClient
	databases *database.DatabaseAdminClient
	// False on Google's emulator, whose known differences stand at the assertions.
	local   = os.Getenv("CONFORMANCE_TARGET") == "local"
	counter atomic.Int64
)

func TestMain(m *testing.M) {
	if os.Getenv("SPANNER_EMULATOR_HOST") == "" {
		log.Fatal("start it by tests/conformance/run go")
	}
	if err := setUp(context.Background()); err != nil {
		log.Fatal(err)
	}
	os.Exit(m.Run())
}

func setUp(ctx context.Context) (err error) {
	if instances, err = instance.NewInstanceAdminClient(ctx); err != nil {
		return err
	}
	if databases, err = database.NewDatabaseAdminClient(ctx); err != nil {
		return err
	}
	created, err := instances.CreateInstance(ctx, &instancepb.CreateInstanceRequest{
		Parent:     project,
		InstanceId: "go-conformance",
		Instance: &instancepb.Instance{
			Config: project + "/instanceConfigs/emulator-config", DisplayName: "Go", NodeCount: 1,
		},
	})
	if spanner.ErrCode(err) == codes.AlreadyExists {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = created.Wait(ctx)
	return err
}

func testContext(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// inParallel is for tests with several transactions at once: Google's emulator forgets them in a
// multiplexed session, and this client has no other.
func inParallel(t *testing.T) {
	t.Helper()
	if !local {
		t.Skip("only one transaction at a time on Google's emulator")
	}
}

// newDatabase makes a database that goes with the test.
func newDatabase(t *testing.T, statements ...string) string {
	t.Helper()
	ctx := testContext(t)
	id := fmt.Sprintf("g%d-%d", time.Now().Unix()%1_000_000_000, counter.Add(1))
	created, err := databases.CreateDatabase(ctx, &databasepb.CreateDatabaseRequest{
		Parent:          instanceName,
		CreateStatement: "CREATE DATABASE `" + id + "`",
		ExtraStatements: statements,
	})
	check(t, err)
	_, err = created.Wait(ctx)
	check(t, err)
	name := instanceName + "/databases/" + id
	t.Cleanup(func() {
		err := databases.DropDatabase(context.Background(),
			&databasepb.DropDatabaseRequest{Database: name})
		if err != nil {
			t.Error(err)
		}
	})
	return name
}

func connect(t *testing.T, name string, config spanner.ClientConfig) *spanner.Client {
	t.Helper()
	config.DisableNativeMetrics = true
	client, err := spanner.NewClientWithConfig(context.Background(), name, config)
	check(t, err)
	t.Cleanup(client.Close)
	return client
}

func newClient(t *testing.T, statements ...string) *spanner.Client {
	t.Helper()
	return connect(t, newDatabase(t, statements...), spanner.ClientConfig{})
}

const singers = `CREATE TABLE Singers (
  Id INT64 NOT NULL, First STRING(1024), Last STRING(1024), Born DATE, Score FLOAT64
) PRIMARY KEY (Id)`

const counters = `CREATE TABLE Counters (Id INT64 NOT NULL, N INT64 NOT NULL) PRIMARY KEY (Id)`

// singersClient has ten singers, F0 L9 to F9 L0.
func singersClient(t *testing.T, statements ...string) *spanner.Client {
	t.Helper()
	client := newClient(t, append([]string{singers}, statements...)...)
	var rows []*spanner.Mutation
	for i := range 10 {
		rows = append(rows, spanner.Insert("Singers", []string{"Id", "First", "Last"},
			[]any{i, fmt.Sprint("F", i), fmt.Sprint("L", 9-i)}))
	}
	_, err := client.Apply(testContext(t), rows)
	check(t, err)
	return client
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantCode(t *testing.T, err error, code codes.Code, text string) {
	t.Helper()
	if spanner.ErrCode(err) != code || (err != nil && !strings.Contains(err.Error(), text)) {
		t.Errorf("error: %v, want %v with %q", err, code, text)
	}
}

func wantEqual(t *testing.T, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %v (%T)\nwant %v (%T)", got, got, want, want)
	}
}

// idsOf reads the INT64s of the first column.
func idsOf(t *testing.T, rows *spanner.RowIterator) []int64 {
	t.Helper()
	ids := []int64{}
	check(t, rows.Do(func(row *spanner.Row) error {
		var id int64
		err := row.Column(0, &id)
		ids = append(ids, id)
		return err
	}))
	return ids
}

func failureOf(rows *spanner.RowIterator) error {
	return rows.Do(func(*spanner.Row) error { return nil })
}

// one gives the only value of the only row.
func one[T any](t *testing.T, rows *spanner.RowIterator) T {
	t.Helper()
	defer rows.Stop()
	var value T
	row, err := rows.Next()
	check(t, err)
	check(t, row.Column(0, &value))
	if _, err = rows.Next(); !errors.Is(err, iterator.Done) {
		t.Errorf("after the only row: %v", err)
	}
	return value
}
