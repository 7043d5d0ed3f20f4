"""PROTO and ENUM columns: bundles by DDL, values, parameters and results through the client."""

import pytest
from conftest import new_database
from google.api_core import exceptions
from google.cloud.spanner_admin_database_v1 import (
    GetDatabaseDdlRequest, UpdateDatabaseDdlRequest)
from google.cloud.spanner_v1 import KeySet, TypeCode, param_types
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

FILE = descriptor_pb2.FileDescriptorProto(
    name="music.proto", package="music", syntax="proto3",
    message_type=[dict(name="Song", field=[
        dict(name="title", number=1, type="TYPE_STRING", label="LABEL_OPTIONAL"),
        dict(name="bars", number=2, type="TYPE_INT64", label="LABEL_REPEATED"),
        dict(name="genre", number=3, type="TYPE_ENUM", type_name=".music.Genre",
             label="LABEL_OPTIONAL")])],
    enum_type=[dict(name="Genre", value=[
        dict(name="POP", number=0), dict(name="JAZZ", number=1)])])
FILES = descriptor_pb2.FileDescriptorSet(file=[FILE]).SerializeToString()
POOL = descriptor_pool.DescriptorPool()
POOL.Add(FILE)
Song = message_factory.GetMessageClass(POOL.FindMessageTypeByName("music.Song"))
DDL = ["CREATE PROTO BUNDLE (music.Song, music.Genre)",
       """CREATE TABLE Tracks (Id INT64 NOT NULL, Song music.Song, Genre music.Genre,
          Songs ARRAY<music.Song>, Genres ARRAY<music.Genre>) PRIMARY KEY (Id)""",
       "CREATE INDEX TracksByGenre ON Tracks(Genre)"]
COLUMNS = ["Id", "Song", "Genre", "Songs", "Genres"]


@pytest.fixture(scope="module")
def songs(instance):
    database = instance.database(
        "songs", ddl_statements=DDL, proto_descriptors=FILES)
    database.create().result(60)
    yield database
    database.drop()


def song(title, *bars):
    return Song(title=title, bars=bars, genre=1)


def test_ddl_tells_the_descriptors(client, songs, local):
    answer = client.database_admin_api.get_database_ddl(
        GetDatabaseDdlRequest(database=songs.name))
    assert answer.statements[0] == "CREATE PROTO BUNDLE (\n  music.Genre,\n  music.Song,\n)"
    assert "Song `music.Song`," in answer.statements[1]
    files = descriptor_pb2.FileDescriptorSet.FromString(answer.proto_descriptors).file
    assert list(files) == ([FILE] if local else [])  # the emulator leaves them out


@pytest.mark.parametrize("row", [
    (1, song("a", 1, -2), 1, [song("b"), None, Song()], [0, None, 1]),
    (2, Song(), 0, [], []),
    (3, None, None, None, None),
    (4, song("x" * 100_000), 7, None, [7]),  # a number without a name
])
def test_round_trip(songs, row):
    with songs.batch() as batch:
        batch.insert_or_update("Tracks", COLUMNS, [row])
    wanted = [row[0], row[1], row[2], row[3], row[4]]
    with songs.snapshot(multi_use=True) as snapshot:
        read = list(snapshot.read("Tracks", COLUMNS, KeySet(keys=[[row[0]]]),
                                  column_info={"Song": Song(), "Songs": Song()}))
        result = snapshot.execute_sql(
            f"SELECT {', '.join(COLUMNS)} FROM Tracks WHERE Id = {row[0]}",
            column_info={"Song": Song(), "Songs": Song()})
        queried = list(result)
    assert read == [wanted]
    assert queried == [wanted]
    types = [f.type_ for f in result.fields]
    assert (types[1].code, types[1].proto_type_fqn) == (TypeCode.PROTO, "music.Song")
    assert (types[2].code, types[2].proto_type_fqn) == (TypeCode.ENUM, "music.Genre")
    assert types[3].array_element_type.proto_type_fqn == "music.Song"


def test_parameters(songs):
    with songs.batch() as batch:
        batch.insert_or_update("Tracks", COLUMNS, [(10, song("p"), 1, None, None)])
    enum = param_types.Type(code=TypeCode.ENUM, proto_type_fqn="music.Genre")
    with songs.snapshot(multi_use=True) as snapshot:
        assert list(snapshot.execute_sql(
            "SELECT Id FROM Tracks WHERE Genre = @g AND Id >= 10", {"g": 1}, {"g": enum})) == [[10]]
        assert list(snapshot.execute_sql(
            "SELECT @s AS S", {"s": song("q")}, {"s": param_types.ProtoMessage(Song())},
            column_info={"S": Song()})) == [[song("q")]]

    def insert(transaction):
        transaction.execute_update(
            "INSERT INTO Tracks (Id, Song, Genre) VALUES (11, @s, @g)",
            {"s": song("dml"), "g": 0},
            {"s": param_types.ProtoMessage(Song()), "g": enum})
    songs.run_in_transaction(insert)
    with songs.snapshot() as snapshot:
        found = list(snapshot.read("Tracks", ["Song", "Genre"], KeySet(keys=[[11]]),
                                   column_info={"Song": Song()}))
    assert found == [[song("dml"), 0]]


def test_an_enum_is_a_key(songs):
    with songs.batch() as batch:
        batch.insert_or_update("Tracks", ["Id", "Genre"], [(20, 1), (21, 0), (22, 1)])
    with songs.snapshot() as snapshot:
        found = list(snapshot.read("Tracks", ["Id"], KeySet(keys=[[1]]), index="TracksByGenre"))
    assert {20, 22} <= {row[0] for row in found}
    assert 21 not in {row[0] for row in found}


def test_update_ddl_brings_descriptors(client, instance):
    database = new_database(instance, [])
    api = client.database_admin_api
    with pytest.raises(exceptions.GoogleAPICallError):
        api.update_database_ddl(
            UpdateDatabaseDdlRequest(database=database.name, statements=DDL)).result(60)
    api.update_database_ddl(UpdateDatabaseDdlRequest(
        database=database.name, statements=DDL, proto_descriptors=FILES)).result(60)
    with pytest.raises(exceptions.FailedPrecondition):
        api.update_database_ddl(UpdateDatabaseDdlRequest(
            database=database.name, statements=["DROP PROTO BUNDLE"])).result(60)
    database.drop()


def test_bundles_survive_a_kill(server, monkeypatch):
    from google.cloud import spanner

    monkeypatch.setenv("SPANNER_EMULATOR_HOST", server.listen)
    from conftest import make_instance
    client = spanner.Client(project="conformance")
    instance = make_instance(client)
    database = instance.database("songs", ddl_statements=DDL, proto_descriptors=FILES)
    database.create().result(60)
    with database.batch() as batch:
        batch.insert("Tracks", COLUMNS, [(1, song("kept"), 1, [song("s")], [1])])
    server.kill()
    server.start()
    client = spanner.Client(project="conformance")
    database = client.instance("conformance").database("songs")
    with database.snapshot() as snapshot:
        found = list(snapshot.read("Tracks", COLUMNS, KeySet(all_=True),
                                   column_info={"Song": Song(), "Songs": Song()}))
    assert found == [[1, song("kept"), 1, [song("s")], [1]]]
