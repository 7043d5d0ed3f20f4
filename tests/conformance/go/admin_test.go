package conformance

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"cloud.google.com/go/iam/apiv1/iampb"
	"cloud.google.com/go/longrunning/autogen/longrunningpb"
	"cloud.google.com/go/spanner"
	"cloud.google.com/go/spanner/admin/database/apiv1/databasepb"
	"cloud.google.com/go/spanner/admin/instance/apiv1/instancepb"
	"google.golang.org/api/iterator"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
)

// all gives what an iterator has left.
func all[T any](t *testing.T, next func() (T, error)) []T {
	t.Helper()
	var items []T
	for {
		item, err := next()
		if errors.Is(err, iterator.Done) {
			return items
		}
		check(t, err)
		items = append(items, item)
	}
}

func TestInstances(t *testing.T) {
	ctx := testContext(t)
	name := project + "/instances/go-other"
	created, err := instances.CreateInstance(ctx, &instancepb.CreateInstanceRequest{
		Parent: project, InstanceId: "go-other",
		Instance: &instancepb.Instance{
			Config: project + "/instanceConfigs/emulator-config", DisplayName: "Other",
			ProcessingUnits: 500, Labels: map[string]string{"env": "test"},
		},
	})
	check(t, err)
	made, err := created.Wait(ctx)
	check(t, err)
	wantEqual(t, made.GetState(), instancepb.Instance_READY)
	defer func() {
		check(t, instances.DeleteInstance(ctx, &instancepb.DeleteInstanceRequest{Name: name}))
		_, err := instances.GetInstance(ctx, &instancepb.GetInstanceRequest{Name: name})
		wantCode(t, err, codes.NotFound, "Instance not found")
	}()
	got, err := instances.GetInstance(ctx, &instancepb.GetInstanceRequest{Name: name})
	check(t, err)
	wantEqual(t, got.GetProcessingUnits(), int32(500))
	wantEqual(t, got.GetLabels(), map[string]string{"env": "test"})
	list := func(filter string) []string {
		found := instances.ListInstances(ctx, &instancepb.ListInstancesRequest{Parent: project, Filter: filter, PageSize: 1})
		var names []string
		for _, one := range all(t, found.Next) {
			names = append(names, one.GetName())
		}
		return names
	}
	if found := list(""); !slices.Contains(found, name) || !slices.Contains(found, instanceName) {
		t.Errorf("listed: %v", found)
	}
	if local { // Google's emulator neither filters nor updates
		wantEqual(t, list("labels.env:test"), []string{name})
		wantEqual(t, list("name:go-other"), []string{name})
		wantEqual(t, list("labels.env:prod"), []string(nil))
		updated, err := instances.UpdateInstance(ctx, &instancepb.UpdateInstanceRequest{
			Instance:  &instancepb.Instance{Name: name, DisplayName: "New name", NodeCount: 2},
			FieldMask: &fieldmaskpb.FieldMask{Paths: []string{"display_name", "node_count"}},
		})
		check(t, err)
		_, err = updated.Wait(ctx)
		check(t, err)
		got, err = instances.GetInstance(ctx, &instancepb.GetInstanceRequest{Name: name})
		check(t, err)
		wantEqual(t, got.GetDisplayName(), "New name")
		wantEqual(t, got.GetNodeCount(), int32(2))
	}
	_, err = instances.CreateInstance(ctx, &instancepb.CreateInstanceRequest{Parent: project, InstanceId: "X-"})
	wantCode(t, err, codes.InvalidArgument, "")
}

func TestDatabases(t *testing.T) {
	ctx := testContext(t)
	name := newDatabase(t, singers)
	got, err := databases.GetDatabase(ctx, &databasepb.GetDatabaseRequest{Name: name})
	check(t, err)
	wantEqual(t, got.GetState(), databasepb.Database_READY)
	if got.GetCreateTime() == nil && local {
		t.Error("no create time")
	}
	var names []string
	for _, one := range all(t, databases.ListDatabases(ctx,
		&databasepb.ListDatabasesRequest{Parent: instanceName, PageSize: 1}).Next) {
		names = append(names, one.GetName())
	}
	if !slices.Contains(names, name) {
		t.Errorf("listed: %v", names)
	}
	_, err = databases.CreateDatabase(ctx, &databasepb.CreateDatabaseRequest{
		Parent: instanceName, CreateStatement: "CREATE DATABASE `" + name[strings.LastIndex(name, "/")+1:] + "`"})
	wantCode(t, err, codes.AlreadyExists, "")
	_, err = databases.GetDatabase(ctx, &databasepb.GetDatabaseRequest{Name: instanceName + "/databases/nope"})
	wantCode(t, err, codes.NotFound, "Database not found")
}

func TestSchemaChanges(t *testing.T) {
	ctx := testContext(t)
	name := newDatabase(t, singers)
	update := func(statements ...string) error {
		operation, err := databases.UpdateDatabaseDdl(ctx, &databasepb.UpdateDatabaseDdlRequest{
			Database: name, Statements: statements})
		if err != nil {
			return err
		}
		if err := operation.Wait(ctx); err != nil {
			return err
		}
		metadata, err := operation.Metadata()
		check(t, err)
		wantEqual(t, len(metadata.GetCommitTimestamps()), len(statements))
		return nil
	}
	check(t, update("CREATE TABLE Albums (Id INT64 NOT NULL, K INT64) PRIMARY KEY (Id, K), INTERLEAVE IN PARENT Singers",
		"ALTER TABLE Singers ADD COLUMN Added BOOL", "CREATE INDEX ByK ON Albums (K)"))
	ddl, err := databases.GetDatabaseDdl(ctx, &databasepb.GetDatabaseDdlRequest{Database: name})
	check(t, err)
	wantEqual(t, len(ddl.GetStatements()), 3)
	wantCode(t, update("DROP TABLE Singers"), codes.FailedPrecondition, "Albums")
	wantCode(t, update("CREATE TABLE"), codes.InvalidArgument, "")
	check(t, update("DROP INDEX ByK", "DROP TABLE Albums", "DROP TABLE Singers"))
	operations := all(t, databases.ListOperations(ctx,
		&longrunningpb.ListOperationsRequest{Name: name + "/operations"}).Next)
	if len(operations) < 3 {
		t.Errorf("%d operations", len(operations))
	}
	if local { // Google's emulator has none of these
		found := all(t, databases.ListDatabaseOperations(ctx, &databasepb.ListDatabaseOperationsRequest{
			Parent: instanceName}).Next)
		if len(found) < len(operations) {
			t.Errorf("%d operations of the instance, %d of the database", len(found), len(operations))
		}
		protect := func(on bool) {
			updated, err := databases.UpdateDatabase(ctx, &databasepb.UpdateDatabaseRequest{
				Database:   &databasepb.Database{Name: name, EnableDropProtection: on},
				UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"enable_drop_protection"}},
			})
			check(t, err)
			_, err = updated.Wait(ctx)
			check(t, err)
		}
		protect(true)
		err := databases.DropDatabase(ctx, &databasepb.DropDatabaseRequest{Database: name})
		wantCode(t, err, codes.FailedPrecondition, "")
		protect(false)
	}
}

// A client whose database was dropped is told so, not that its session went away.
func TestDroppedDatabase(t *testing.T) {
	ctx := testContext(t)
	name := newDatabase(t, singers)
	client := connect(t, name, spanner.ClientConfig{})
	check(t, failureOf(client.Single().Query(ctx, spanner.NewStatement("SELECT 1"))))
	check(t, databases.DropDatabase(ctx, &databasepb.DropDatabaseRequest{Database: name}))
	err := failureOf(client.Single().Query(ctx, spanner.NewStatement("SELECT 1")))
	wantCode(t, err, codes.NotFound, "")
}

func TestIam(t *testing.T) {
	if !local {
		t.Skip("Google's emulator has no IAM")
	}
	ctx := testContext(t)
	name := newDatabase(t)
	policy := &iampb.Policy{Bindings: []*iampb.Binding{
		{Role: "roles/spanner.databaseReader", Members: []string{"user:a@example.com"}}}}
	set, err := databases.SetIamPolicy(ctx, &iampb.SetIamPolicyRequest{Resource: name, Policy: policy})
	check(t, err)
	got, err := databases.GetIamPolicy(ctx, &iampb.GetIamPolicyRequest{Resource: name})
	check(t, err)
	wantEqual(t, fmt.Sprint(got.GetBindings()), fmt.Sprint(set.GetBindings()))
	permissions := []string{"spanner.databases.read"}
	tested, err := databases.TestIamPermissions(ctx, &iampb.TestIamPermissionsRequest{
		Resource: name, Permissions: permissions})
	check(t, err)
	wantEqual(t, tested.GetPermissions(), permissions)
}
