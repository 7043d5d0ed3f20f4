package conformance

import (
	"slices"
	"strings"
	"testing"

	"cloud.google.com/go/spanner"
	"cloud.google.com/go/spanner/admin/database/apiv1/databasepb"
	"google.golang.org/grpc/codes"
)

// Fine-grained access control. Google's emulator parses roles and lets everybody do everything.
func TestRoles(t *testing.T) {
	if !local {
		t.Skip("Google's emulator does not enforce roles")
	}
	ctx := testContext(t)
	name := newDatabase(t, singers, counters,
		"CREATE ROLE reader", "CREATE ROLE writer",
		"GRANT SELECT(Id, First) ON TABLE Singers TO ROLE reader",
		// A mutation that may update names the key's columns too, so it needs the right to them.
		"GRANT SELECT, INSERT, UPDATE(Id, N) ON TABLE Counters TO ROLE writer")
	listed := all(t, databases.ListDatabaseRoles(ctx, &databasepb.ListDatabaseRolesRequest{Parent: name}).Next)
	var roles []string
	for _, role := range listed {
		roles = append(roles, role.GetName()[strings.LastIndex(role.GetName(), "/")+1:])
	}
	for _, role := range []string{"public", "reader", "writer", "spanner_info_reader", "spanner_sys_reader"} {
		if !slices.Contains(roles, role) {
			t.Errorf("no role %s in %v", role, roles)
		}
	}
	reader := connect(t, name, spanner.ClientConfig{DatabaseRole: "reader"})
	writer := connect(t, name, spanner.ClientConfig{DatabaseRole: "writer"})
	query := func(client *spanner.Client, sql string) error {
		return failureOf(client.Single().Query(ctx, spanner.NewStatement(sql)))
	}
	check(t, query(reader, "SELECT Id, First FROM Singers"))
	check(t, query(writer, "SELECT * FROM Counters"))
	_, err := writer.Apply(ctx, []*spanner.Mutation{put(1, 1)})
	check(t, err)
	wantCode(t, query(reader, "SELECT Last FROM Singers"), codes.PermissionDenied, "reader")
	wantCode(t, query(reader, "SELECT * FROM Counters"), codes.PermissionDenied, "reader")
	_, err = reader.Apply(ctx, []*spanner.Mutation{put(2, 2)})
	wantCode(t, err, codes.PermissionDenied, "reader")
	_, err = writer.Apply(ctx, []*spanner.Mutation{spanner.Delete("Counters", spanner.AllKeys())})
	wantCode(t, err, codes.PermissionDenied, "writer")
}
