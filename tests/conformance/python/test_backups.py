"""Backups and what is made of them: copies, restored databases; schedules."""

import datetime

import pytest
from conftest import SCHEMA, make_instance, new_database
from google.api_core import exceptions
from google.cloud import spanner
from google.cloud.spanner_admin_database_v1 import (
    Backup, BackupSchedule, BackupScheduleSpec, CrontabSpec)
from google.cloud.spanner_v1 import KeySet
from google.protobuf import duration_pb2, field_mask_pb2


@pytest.fixture(autouse=True)
def only_local(local):
    if not local:
        pytest.skip("the emulator has no backups")


@pytest.fixture(scope="module")
def database(instance):
    database = new_database(instance, SCHEMA + ["CREATE INDEX ByName ON Singers(FirstName)"])
    put(database, 1, 100)
    yield database
    database.drop()


def put(database, *ids):
    with database.batch() as batch:
        batch.insert_or_update("Singers", ["SingerId", "FirstName"], [(i, f"n{i}") for i in ids])


def ids(database, **index):
    with database.snapshot() as snapshot:
        return [r[0] for r in snapshot.read("Singers", ["SingerId"], KeySet(all_=True), **index)]


def after(hours):
    now = datetime.datetime.now(datetime.timezone.utc)
    return now + datetime.timedelta(hours=hours)


def make(instance, id, database, hours=7, **more):
    backup = instance.backup(id, database=database, expire_time=after(hours), **more)
    operation = backup.create()
    operation.result(60)
    backup.reload()
    return backup, operation


def test_backup_and_restore(client, instance, database):
    backup, operation = make(instance, "one", database)
    assert operation.operation.name.startswith(backup.name + "/operations/")
    assert operation.metadata.name == backup.name
    assert operation.metadata.progress.progress_percent == 100
    found = client.database_admin_api.get_backup(name=backup.name)
    assert found.state == Backup.State.READY and found.size_bytes > 0
    assert found.database == database.name
    assert found.max_expire_time - found.create_time == datetime.timedelta(days=366)

    put(database, 2)  # not in the backup
    restored = instance.database("restored-one")
    operation = restored.restore(backup)
    operation.result(60)
    assert operation.metadata.name == restored.name
    assert operation.metadata.backup_info.backup == backup.name
    assert ids(restored) == [1, 100]
    assert sorted(ids(restored, index="ByName")) == [1, 100]
    restored.reload()
    database.reload()
    assert list(restored.ddl_statements) == list(database.ddl_statements)
    assert restored.restore_info.backup_info.source_database == database.name
    put(restored, 3)
    assert ids(restored) == [1, 3, 100] and ids(database) == [1, 2, 100]
    with pytest.raises(exceptions.AlreadyExists, match="Database already exists"):
        restored.restore(backup)
    assert restored.name in [d.name for d in instance.list_databases()]
    restored.drop()
    backup.delete()
    with pytest.raises(exceptions.NotFound, match="Backup not found: .*/one"):
        backup.reload()


def test_version_time_is_what_is_backed_up(instance, database):
    with database.snapshot() as snapshot:
        then = list(snapshot.execute_sql("SELECT CURRENT_TIMESTAMP()"))[0][0]
    before = ids(database)
    put(database, 777)
    backup, _ = make(instance, "versioned", database, version_time=then)
    restored = instance.database("restored-versioned")
    restored.restore(backup).result(60)
    assert ids(restored) == before
    restored.drop()
    backup.delete()
    with pytest.raises(exceptions.InvalidArgument, match="must not be in the future"):
        make(instance, "versioned", database, version_time=after(1))
    with pytest.raises(exceptions.FailedPrecondition):
        make(instance, "versioned", database, version_time=after(-2))


def test_copies(instance, database):
    backup, _ = make(instance, "original", database)
    copy = instance.copy_backup("a-copy", backup.name, expire_time=after(24))
    operation = copy.create()
    operation.result(60)
    assert operation.metadata.source_backup == backup.name
    copy.reload()
    assert copy.version_time == backup.version_time
    backup.delete()
    restored = instance.database("restored-copy")
    restored.restore(copy).result(60)
    assert ids(restored) == ids(database)
    restored.drop()
    copy.delete()


def test_refused(client, instance, database):
    backup, _ = make(instance, "refused", database)
    with pytest.raises(exceptions.AlreadyExists, match="Backup already exists"):
        make(instance, "refused", database)
    for hours in [5, 367 * 24]:
        with pytest.raises(exceptions.InvalidArgument, match="at least 6 hours"):
            make(instance, "other", database, hours)
        with pytest.raises(exceptions.InvalidArgument, match="at least 6 hours"):
            backup.update_expire_time(after(hours))
    with pytest.raises(exceptions.InvalidArgument, match="must start with a lowercase letter"):
        make(instance, "Bad", database)
    with pytest.raises(exceptions.NotFound, match="Database not found"):
        make(instance, "other", instance.database("nope"))
    with pytest.raises(exceptions.NotFound, match="Backup not found"):
        instance.database("other").restore(instance.backup("nope"))
    with pytest.raises(exceptions.FailedPrecondition, match="contains backups"):
        instance.delete()
    backup.update_expire_time(after(48))
    backup.reload()
    assert backup.expire_time > after(47)
    backup.delete()


def test_lists_and_filters(client, instance, database):
    for id in ["list-a", "list-b"]:
        make(instance, id, database)
    api, parent = client.database_admin_api, instance.name

    def listed(filter):
        request = {"parent": parent, "filter": filter, "page_size": 1}
        return [b.name.split("/")[-1] for b in api.list_backups(request=request)]

    assert listed("name:list") == ["list-b", "list-a"]  # the newest first
    assert listed("state:READY AND NOT name:list-a AND name:list") == ["list-b"]
    assert listed('(name:list) AND (create_time < "2020-01-01T00:00:00Z")') == []
    assert listed("size_bytes > 0 AND name:list-a") == ["list-a"]
    with pytest.raises(exceptions.InvalidArgument, match="Invalid filter"):
        listed("(name")
    kind = "type.googleapis.com/google.spanner.admin.database.v1.CreateBackupMetadata"
    operations = api.list_backup_operations(
        request={"parent": parent, "filter": f"(metadata.@type:{kind}) AND (metadata.name:list-b)"})
    assert ["list-b" in o.name for o in operations] == [True]
    assert not list(api.list_backup_operations(request={"parent": parent, "filter": "done:false"}))
    for id in ["list-a", "list-b"]:
        instance.backup(id).delete()


def test_backups_survive_a_kill(server, monkeypatch):
    monkeypatch.setenv("SPANNER_EMULATOR_HOST", server.listen)
    instance = make_instance(spanner.Client(project="conformance"))
    database = new_database(instance, SCHEMA)
    put(database, 1, 2)
    backup, _ = make(instance, "kept", database)
    database.drop()  # a backup lives on
    server.kill()
    server.start()
    backup.reload()
    restored = instance.database("restored")
    restored.restore(backup).result(60)
    server.kill()
    server.start()
    assert ids(restored) == [1, 2]
    backup.delete()


def test_schedules(client, database):
    api = client.database_admin_api
    kept = BackupSchedule(
        spec=BackupScheduleSpec(cron_spec=CrontabSpec(text="0 2 * * *")),
        retention_duration=duration_pb2.Duration(seconds=86400))
    made = api.create_backup_schedule(
        parent=database.name, backup_schedule=kept, backup_schedule_id="daily")
    assert made.name == database.name + "/backupSchedules/daily"
    assert made.spec.cron_spec.time_zone == "UTC" and made.full_backup_spec is not None
    with pytest.raises(exceptions.AlreadyExists, match="BackupSchedule already exists"):
        api.create_backup_schedule(
            parent=database.name, backup_schedule=kept, backup_schedule_id="daily")
    assert [s.name for s in api.list_backup_schedules(parent=database.name)] == [made.name]
    made.spec.cron_spec.text = "0 4 * * *"
    mask = field_mask_pb2.FieldMask(paths=["spec.cron_spec.text"])
    api.update_backup_schedule(backup_schedule=made, update_mask=mask)
    assert api.get_backup_schedule(name=made.name).spec.cron_spec.text == "0 4 * * *"
    made.spec.cron_spec.text = "whenever"
    with pytest.raises(exceptions.InvalidArgument, match="five fields of crontab"):
        api.update_backup_schedule(backup_schedule=made, update_mask=mask)
    api.delete_backup_schedule(name=made.name)
    with pytest.raises(exceptions.NotFound, match="BackupSchedule not found"):
        api.get_backup_schedule(name=made.name)
