"""Fine-grained access control as Google's client sees it: a role of the session."""

import pytest
from conftest import new_database
from google.api_core import exceptions
from raw import Raw, write


@pytest.fixture(scope="module")
def database(instance):
    database = new_database(
        instance,
        [
            "CREATE TABLE Singers (SingerId INT64, Name STRING(MAX), Secret STRING(MAX)) "
            "PRIMARY KEY (SingerId)",
            "CREATE ROLE reader",
            "GRANT SELECT(SingerId, Name) ON TABLE Singers TO ROLE reader",
            "CREATE ROLE nothing",
        ],
    )
    yield database
    database.drop()


def as_role(endpoint, database, role):
    raw = Raw(endpoint, database.name)
    request = {"database": database.name, "session": {"creator_role": role}}
    raw.session = raw.client.create_session(request=request).name
    return raw


def test_reads_queries_and_writes(endpoint, database):
    reader = as_role(endpoint, database, "reader")
    reader.sql("SELECT SingerId, Name FROM Singers")
    reader.read("Singers", ["SingerId", "Name"])
    denied = "Role reader does not have required privileges on table Singers."
    for refused in (
        lambda: reader.sql("SELECT Secret FROM Singers"),
        lambda: reader.sql("SELECT * FROM Singers"),
        lambda: reader.read("Singers", ["Secret"]),
        lambda: reader.commit(write("insert", "Singers", ["SingerId"], [1])),
    ):
        with pytest.raises(exceptions.PermissionDenied, match=denied):
            refused()


def test_a_role_that_is_not_there(endpoint, database):
    ghost = as_role(endpoint, database, "ghost")
    with pytest.raises(exceptions.PermissionDenied, match="Role not found: ghost."):
        ghost.sql("SELECT 1")


def test_metadata_is_what_the_role_may_see(endpoint, database):
    sql = "SELECT COUNT(*) FROM INFORMATION_SCHEMA.TABLES WHERE TABLE_SCHEMA = ''"
    assert as_role(endpoint, database, "reader").sql(sql).rows[0][0] == "1"
    assert as_role(endpoint, database, "nothing").sql(sql).rows[0][0] == "0"


def test_roles_are_listed(database):
    names = sorted(role.name.split("/")[-1] for role in database.list_database_roles())
    assert names == ["nothing", "public", "reader", "spanner_info_reader", "spanner_sys_reader"]
