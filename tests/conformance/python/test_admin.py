"""Instances, databases, schema changes, operations; what survives a restart."""

import datetime
import grpc
import pytest
from conftest import SCHEMA, make_instance, new_database
from google.api_core import exceptions
from google.cloud import spanner
from google.cloud.spanner_admin_database_v1 import SplitPoints
from google.cloud.spanner_v1 import KeySet
from google.iam.v1 import policy_pb2
from raw import values


def test_instance_configs(client):
    configs = list(client.list_instance_configs())
    assert any(c.name.endswith("/emulator-config") for c in configs)


def test_instance_is_listed(client, instance):
    assert instance.name in [i.name for i in client.list_instances()]
    instance.reload()
    assert instance.display_name == "Conformance"


@pytest.mark.parametrize("id", ["i", "A-b", "1ab", "ab-", "a" * 65])
def test_bad_instance_ids(client, instance, id):
    other = client.instance(id, configuration_name=instance.configuration_name)
    with pytest.raises(exceptions.InvalidArgument, match="Instance ID must start with"):
        other.create()


def test_duplicate_instance(client, instance):
    with pytest.raises(exceptions.AlreadyExists, match="Instance already exists"):
        client.instance("conformance", configuration_name=instance.configuration_name).create()


def test_missing_database(instance):
    with pytest.raises(exceptions.NotFound, match="Database not found: .*/nope"):
        instance.database("nope").reload()


def test_bad_database_ids(instance):
    with pytest.raises(exceptions.InvalidArgument, match="Invalid database name."):
        instance.database("A-").create()


def test_create_use_drop(instance):
    database = new_database(instance, SCHEMA)
    assert database.name in [d.name for d in instance.list_databases()]
    with pytest.raises(exceptions.AlreadyExists, match="Database already exists"):
        instance.database(database.database_id).create()
    database.update_ddl(["CREATE TABLE More (Id INT64) PRIMARY KEY (Id)"]).result(60)
    database.reload()
    assert any("CREATE TABLE More" in s for s in database.ddl_statements)
    database.drop()
    assert not database.exists()
    database.drop()


def test_ddl_is_printed_as_spanner_prints_it(instance):
    statements = ["CREATE TABLE X (A INT64) PRIMARY KEY(A)", "CREATE INDEX I ON X(A DESC)"]
    database = new_database(instance, statements)
    database.reload()
    assert list(database.ddl_statements) == [
        "CREATE TABLE X (\n  A INT64,\n) PRIMARY KEY(A)", "CREATE INDEX I ON X(A DESC)"]
    database.drop()


def test_refused_schema_changes(instance):
    database = new_database(instance, ["CREATE TABLE X (A INT64) PRIMARY KEY(A)"])
    with pytest.raises(exceptions.InvalidArgument, match="Error parsing Spanner DDL statement"):
        database.update_ddl(["FOO"]).result(60)
    with pytest.raises(exceptions.FailedPrecondition, match="Duplicate name in schema: X."):
        database.update_ddl(["CREATE TABLE X (A INT64) PRIMARY KEY(A)"]).result(60)
    database.drop()


def test_named_operations(instance):
    database = new_database(instance, [])
    statements = ["CREATE TABLE X (A INT64) PRIMARY KEY(A)"]
    operation = database.update_ddl(statements, operation_id="my_op")
    operation.result(60)
    assert operation.operation.name == database.name + "/operations/my_op"
    assert operation.metadata.database == database.name
    with pytest.raises(exceptions.AlreadyExists, match="Operation already exists"):
        database.update_ddl(statements, operation_id="my_op")
    with pytest.raises(exceptions.InvalidArgument, match="Invalid operation id"):
        database.update_ddl(statements, operation_id="1-X")
    database.drop()


def set_policy(api, resource, member, etag=b""):
    policy = policy_pb2.Policy(etag=etag)
    policy.bindings.add(role="roles/spanner.databaseUser", members=[member])
    return api.set_iam_policy(request={"resource": resource, "policy": policy})


def test_policies_are_kept(client, instance, local):
    if not local:
        pytest.skip("the emulator has no policies")
    database = new_database(instance, [])
    for api, resource in [(client.database_admin_api, database.name),
                          (client.instance_admin_api, instance.name)]:
        set_policy(api, resource, "user:one@example.com")
        before = api.get_iam_policy(request={"resource": resource})
        set_policy(api, resource, "user:two@example.com", before.etag)
        after = api.get_iam_policy(request={"resource": resource})
        assert list(after.bindings[0].members) == ["user:two@example.com"]
        with pytest.raises(exceptions.Aborted, match="concurrent policy changes"):
            set_policy(api, resource, "user:three@example.com", before.etag)
        asked = {"resource": resource, "permissions": ["spanner.databases.read"]}
        assert api.test_iam_permissions(request=asked).permissions == ["spanner.databases.read"]
    with pytest.raises(exceptions.NotFound, match="Database not found"):
        client.database_admin_api.get_iam_policy(request={"resource": database.name + "x"})
    database.drop()


def test_split_points(client, instance, local):
    if not local:
        pytest.skip("the emulator has no split points")
    database = new_database(instance, SCHEMA)

    def add(table, *keys, initiator="", **options):
        keys = [SplitPoints.Key(key_parts=values(*key)) for key in keys]
        client.database_admin_api.add_split_points(request={
            "database": database.name, "initiator": initiator,
            "split_points": [SplitPoints(table=table, keys=keys, **options)]})

    add("Singers", [10], [20])
    in_an_hour = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)
    add("Singers", [10], initiator="load", expire_time=in_an_hour)  # in the place of the other
    add("Singers", ["a", "b"], ["a", "b", 7], index="SingersByName")
    with database.snapshot() as snapshot:
        points = [list(r) for r in snapshot.execute_sql(
            "SELECT SPLIT_KEY, TABLE_NAME, INDEX_NAME, INITIATOR, "
            "TIMESTAMP_DIFF(EXPIRE_TIME, CURRENT_TIMESTAMP(), HOUR) "
            "FROM SPANNER_SYS.USER_SPLIT_POINTS ORDER BY 1")]
    by_default = "CloudAddSplitPointsAPI"
    of_index = "Index: SingersByName on Singers, Index Key: (a,b), Primary Table Key: ({})"
    assert points == [
        [of_index.format(7), "Singers", "SingersByName", by_default, 239],
        [of_index.format("<begin>"), "Singers", "SingersByName", by_default, 239],
        ["Singers(10)", "Singers", "", "load", 0],
        ["Singers(20)", "Singers", "", by_default, 239]]
    with pytest.raises(exceptions.NotFound, match="Nobody"):
        add("Nobody", [10])
    with pytest.raises(exceptions.InvalidArgument):
        add("Singers")
    with pytest.raises(exceptions.FailedPrecondition, match="Wrong number of key parts"):
        add("Singers", [])
    with pytest.raises(exceptions.InvalidArgument, match="at most 100"):
        add("Singers", *([k] for k in range(101)))
    with pytest.raises(exceptions.InvalidArgument, match="within 30 days"):
        add("Singers", [10], expire_time=in_an_hour + datetime.timedelta(days=30))
    database.drop()


def test_reflection_names_the_services(endpoint, local):
    if not local:
        pytest.skip("the emulator has no reflection")
    with grpc.insecure_channel(endpoint) as channel:
        service = "/grpc.reflection.v1alpha.ServerReflection/"
        ask = channel.stream_stream(service + "ServerReflectionInfo")
        list_services = b"\x3a\x00"
        answer = next(ask(iter([list_services]), timeout=15))
        assert b"google.spanner.v1.Spanner" in answer
        file_of_a_symbol = b"\x22\x19google.spanner.v1.Spanner"
        assert b"spanner.proto" in next(ask(iter([file_of_a_symbol]), timeout=15))


def test_kill_and_restart_keeps_everything(server, monkeypatch):
    monkeypatch.setenv("SPANNER_EMULATOR_HOST", server.listen)
    instance = make_instance(spanner.Client(project="conformance"))
    database = new_database(instance, SCHEMA)
    with database.batch() as batch:
        batch.insert("Singers", ["SingerId", "FirstName"], [(i, str(i)) for i in range(1, 100)])
    database.reload()
    ddl = list(database.ddl_statements)
    api = spanner.Client(project="conformance").database_admin_api
    policy = set_policy(api, database.name, "user:one@example.com")
    server.kill()
    server.start()
    again = instance.database(database.database_id)
    with again.snapshot() as snapshot:
        found = list(snapshot.read("Singers", ["SingerId"], KeySet(all_=True)))
    assert found == [[i] for i in range(1, 100)]
    again.reload()
    assert list(again.ddl_statements) == ddl
    assert api.get_iam_policy(request={"resource": database.name}) == policy
    again.drop()


def test_how_far_back_a_database_can_be_read(instance, local):
    """GetDatabase tells the retention of old versions, and the moment that it begins with."""
    if not local:
        pytest.skip("the emulator does not tell")
    before = datetime.datetime.now(datetime.timezone.utc)
    database = new_database(instance, [])
    database.reload()
    assert database.version_retention_period == "1h"
    assert before - datetime.timedelta(seconds=1) <= database.earliest_version_time
    database.update_ddl([f"ALTER DATABASE `{database.database_id}` "
                         "SET OPTIONS (version_retention_period = '7d')"]).result(60)
    database.reload()
    assert database.version_retention_period == "7d"
    database.drop()


def test_a_refused_instance_deletion_leaves_everything(client, local):
    """A protected database keeps its instance, and all sessions and other databases in it."""
    if not local:
        pytest.skip("the emulator has no drop protection")
    config = next(iter(client.list_instance_configs())).name
    instance = client.instance("protected", configuration_name=config, node_count=1)
    instance.create().result(60)
    first, kept = instance.database("a-first"), instance.database("b-kept")
    for database in (first, kept):
        database.create().result(60)
        with database.snapshot() as snapshot:
            assert list(snapshot.execute_sql("SELECT 1")) == [[1]]
    kept.enable_drop_protection = True
    kept.update(["enable_drop_protection"]).result(60)
    for refused in (kept.drop, instance.delete):
        with pytest.raises(exceptions.FailedPrecondition):
            refused()
    for database in (first, kept):  # over the sessions that were there
        with database.snapshot() as snapshot:
            assert list(snapshot.execute_sql("SELECT 1")) == [[1]]
    kept.enable_drop_protection = False
    kept.update(["enable_drop_protection"]).result(60)
    instance.delete()
    assert not instance.exists()


def test_what_updates_name(client, instance, local):
    if not local:
        pytest.skip("the emulator differs")
    # Google's client always sends the configuration along.
    instance.reload()
    instance.display_name = "Renamed"
    instance.update().result(60)
    instance.reload()
    assert instance.display_name == "Renamed"
    admin = client.instance_admin_api
    wrong = {"name": instance.name, "config": "projects/p/instanceConfigs/other"}
    for mask, fields in ((["config"], wrong), ([], {"name": instance.name}),
                         (["nonsense"], {"name": instance.name})):
        with pytest.raises(exceptions.InvalidArgument):
            admin.update_instance(request={"instance": fields, "field_mask": {"paths": mask}})
    database = new_database(instance, [])
    with pytest.raises(exceptions.InvalidArgument):
        database.update([])
    database.drop()


def test_options_of_a_database_are_told(instance, local):
    if not local:
        pytest.skip("the emulator does not tell")
    database = new_database(instance, [])
    database.update_ddl([f"ALTER DATABASE `{database.database_id}` "
                         "SET OPTIONS (default_leader = 'us-east4')"]).result(60)
    database.reload()
    assert database.default_leader == "us-east4"
    assert database.get_iam_policy().etag == b"\x00 \x01"  # nothing is bound
    database.drop()
