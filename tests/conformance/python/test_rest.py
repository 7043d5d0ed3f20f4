"""The REST API: Google's clients over their REST transports, and `gcloud spanner` where it is."""

import json
import os
import shutil
import subprocess
import threading
import time
import urllib.error
import urllib.request

import pytest
from google.api_core import exceptions
from google.auth.credentials import AnonymousCredentials
from google.cloud import spanner_v1
from google.cloud.spanner_admin_database_v1.services import database_admin
from google.cloud.spanner_admin_instance_v1.services import instance_admin
from google.cloud.spanner_v1.services import spanner

PROJECT = "projects/conformance"
INSTANCE = f"{PROJECT}/instances/rest"
DATABASE = f"{INSTANCE}/databases/rest-db"
SINGERS = "CREATE TABLE Singers (Id INT64, Name STRING(MAX), Born DATE) PRIMARY KEY (Id)"


def start(*flags):
    """A Spanner of its own, and the host:port of its REST API."""
    program = os.environ["CONFORMANCE_PROGRAM"]
    if not program:
        pytest.skip("only with --program")
    process = subprocess.Popen(
        [program, "spanner", "--in-memory", "--listen", "127.0.0.1:0", "--rest", "127.0.0.1:0",
         "--output", "json", *flags],
        stdout=subprocess.PIPE, text=True)
    return process, json.loads(process.stdout.readline())["rest"]


@pytest.fixture(scope="module")
def rest():
    process, address = start()
    yield address
    process.terminate()
    assert process.wait(20) == 0


def client(kind, transport, rest):
    return kind(transport=transport(
        host=rest, url_scheme="http", credentials=AnonymousCredentials()))


@pytest.fixture(scope="module")
def instances(rest):
    return client(instance_admin.InstanceAdminClient,
                  instance_admin.transports.InstanceAdminRestTransport, rest)


@pytest.fixture(scope="module")
def databases(rest, instances):
    config = next(iter(instances.list_instance_configs(parent=PROJECT))).name
    instances.create_instance(
        parent=PROJECT, instance_id="rest",
        instance={"config": config, "display_name": "Over REST", "node_count": 1}).result(60)
    databases = client(database_admin.DatabaseAdminClient,
                       database_admin.transports.DatabaseAdminRestTransport, rest)
    databases.create_database(request={
        "parent": INSTANCE, "create_statement": "CREATE DATABASE `rest-db`",
        "extra_statements": [SINGERS]}).result(60)
    return databases


@pytest.fixture(scope="module")
def data(rest, databases):
    return client(spanner.SpannerClient, spanner.transports.SpannerRestTransport, rest)


def test_administration(instances, databases):
    assert instances.get_instance(name=INSTANCE).display_name == "Over REST"
    assert [i.name for i in instances.list_instances(request={
        "parent": PROJECT, "filter": "name:rest"})] == [
        INSTANCE]
    assert [d.name for d in databases.list_databases(request={
        "parent": INSTANCE, "page_size": 1})] == [DATABASE]
    databases.update_database_ddl(
        database=DATABASE, statements=["CREATE INDEX ByName ON Singers(Name)"]).result(60)
    ddl = databases.get_database_ddl(database=DATABASE).statements
    assert [statement.split("(")[0] for statement in ddl] == [
        "CREATE TABLE Singers ", "CREATE INDEX ByName ON Singers"]
    databases.update_database(database={"name": DATABASE, "enable_drop_protection": True},
                              update_mask={"paths": ["enable_drop_protection"]}).result(60)
    assert databases.get_database(name=DATABASE).enable_drop_protection
    instances.update_instance(
        instance={"name": INSTANCE, "display_name": "Renamed"},
        field_mask={"paths": ["display_name"]}).result(60)
    assert instances.get_instance(name=INSTANCE).display_name == "Renamed"


def test_errors_are_as_over_grpc(databases):
    with pytest.raises(exceptions.NotFound, match="Database not found"):
        databases.get_database(name=f"{INSTANCE}/databases/none")
    with pytest.raises(exceptions.Conflict, match="Database already exists"):
        databases.create_database(parent=INSTANCE, create_statement="CREATE DATABASE `rest-db`")
    with pytest.raises(exceptions.BadRequest, match="Syntax error"):
        databases.update_database_ddl(database=DATABASE, statements=["CREATE NOTHING"]).result(60)


def test_rows(data):
    session = data.create_session(database=DATABASE).name
    begin = {"read_write": {}}
    transaction = data.begin_transaction(session=session, options=begin).id
    written = data.execute_sql(request={
        "session": session, "transaction": {"id": transaction}, "seqno": 1,
        "sql": "INSERT INTO Singers (Id, Name, Born) "
               "VALUES (1, 'Ann', '1970-01-31'), (2, @n, NULL)",
        "params": {"n": "é\n"}, "param_types": {"n": {"code": spanner_v1.TypeCode.STRING}}})
    assert written.stats.row_count_exact == 2
    committed = data.commit(request={"session": session, "transaction_id": transaction})
    assert committed.commit_timestamp is not None
    sql = "SELECT Id, Name, Born FROM Singers ORDER BY Id"
    rows = [["1", "Ann", "1970-01-31"], ["2", "é\n", None]]
    query = {"session": session, "sql": sql}
    assert [list(row) for row in data.execute_sql(request=query).rows] == rows
    parts = list(data.execute_streaming_sql(request=query))
    assert [value for part in parts for value in part.values] == rows[0] + rows[1]
    read = data.read(request={"session": session, "table": "Singers", "columns": ["Name"],
                              "key_set": {"keys": [["1"]]}})
    assert [list(row) for row in read.rows] == [["Ann"]]
    data.delete_session(name=session)
    with pytest.raises(exceptions.NotFound, match="Session not found"):
        data.get_session(name=session)


def ask(rest, verb, path, body=None):
    request = urllib.request.Request(f"http://{rest}{path}", body, method=verb)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)["error"]


def test_what_is_no_request_says_so(rest, databases):
    for verb, path, body, status, words in [
        ("GET", "/v1/nothing", None, 404, "has no GET /v1/nothing"),
        ("PUT", f"/v1/{DATABASE}", b"{}", 404, "has no PUT"),
        ("POST", f"/v1/{DATABASE}/sessions", b"{", 400, "no JSON object"),
        ("POST", f"/v1/{DATABASE}/sessions", b'{"nope": 1}', 400, "nope"),
        ("POST", f"/v1/{DATABASE}/sessions", b'{"session": 5}', 400, ""),
        ("GET", f"/v1/{INSTANCE}/databases?nope=1", None, 400, "has no such field"),
        ("GET", f"/v1/{INSTANCE}/databases?pageSize=x", None, 400, ""),
    ]:
        answer = ask(rest, verb, path, body)
        assert answer[0] == status and words in answer[1]["message"], (verb, path, answer)
    assert ask(rest, "GET", f"/v1/{INSTANCE}/databases?pageSize=5&alt=json")[0] == 200


def test_its_end_waits_for_no_long_request():
    process, address = start("--database", DATABASE)
    session = ask(address, "POST", f"/v1/{DATABASE}/sessions", b"{}")[1]["name"]
    series = "UNNEST(GENERATE_ARRAY(1, 16000))"
    body = json.dumps({"sql": f"SELECT COUNT(*) FROM {series} a, {series} b, {series} c"}).encode()
    answers = []
    asking = threading.Thread(
        target=lambda: answers.append(ask(address, "POST", f"/v1/{session}:executeSql", body)))
    asking.start()
    running = json.dumps(
        {"sql": "SELECT TEXT FROM SPANNER_SYS.OLDEST_ACTIVE_QUERIES"}).encode()
    give_up = time.monotonic() + 30
    while "COUNT(*)" not in str(ask(address, "POST", f"/v1/{session}:executeSql", running)):
        assert time.monotonic() < give_up
        time.sleep(0.1)
    process.terminate()
    assert process.wait(20) == 0
    asking.join(20)
    assert answers[0][0] >= 400


@pytest.mark.skipif(shutil.which("gcloud") is None, reason="gcloud is not installed")
def test_gcloud(rest, databases, tmp_path):
    def gcloud(*arguments):
        done = subprocess.run(
            ["gcloud", "spanner", *arguments, "--quiet", "--format=json"], text=True,
            capture_output=True, timeout=120,
            env={**os.environ, "CLOUDSDK_CONFIG": str(tmp_path), "CLOUDSDK_CORE_PROJECT":
                 "conformance", "CLOUDSDK_AUTH_DISABLE_CREDENTIALS": "true",
                 "CLOUDSDK_CORE_DISABLE_USAGE_REPORTING": "true",
                 "CLOUDSDK_API_ENDPOINT_OVERRIDES_SPANNER": f"http://{rest}/"})
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout.strip() else None

    of = "--instance=rest"
    gcloud("databases", "create", "music", of, "--ddl=CREATE TABLE T (K INT64) PRIMARY KEY (K)")
    assert "music" in [d["name"].split("/")[-1] for d in gcloud("databases", "list", of)]
    gcloud("databases", "ddl", "update", "music", of, "--ddl=ALTER TABLE T ADD COLUMN S STRING(9)")
    gcloud("rows", "insert", of, "--database=music", "--table=T", "--data=K=1,S=one")
    gcloud("rows", "update", of, "--database=music", "--table=T", "--data=K=1,S=uno")
    rows = gcloud("databases", "execute-sql", "music", of, "--sql=SELECT K, S FROM T")
    assert rows["rows"] == [["1", "uno"]]
    gcloud("databases", "execute-sql", "music", of, "--sql=DELETE FROM T WHERE TRUE")
    assert "T" in gcloud("databases", "ddl", "describe", "music", of)[0]
    gcloud("databases", "delete", "music", of)
