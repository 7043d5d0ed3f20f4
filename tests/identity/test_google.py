"""Google credentials to a Spanner that asks for TLS and a token. Google's own client stands beside
ours: both must get their token from the same fakes, with the same fields."""

import json
import os

import google.auth
import google.auth.external_account
import google.auth.iam
import google.auth.transport.requests
import google.oauth2.credentials
import pytest

import ocsf
from fake_google import TOKEN
from servers import DATABASE, RECIPES, Authority
from test_kafka import WAYS, Pipeline
from worker import Program

DATA = "https://www.googleapis.com/auth/spanner.data"
ADMIN = "https://www.googleapis.com/auth/spanner.admin"


@pytest.fixture
def sql(request, secure, fake, tmp_path):
    """Runs SELECT 1 with credentials (a dict, or None for the metadata server)."""
    program = Program(request.config.getoption("--program"), "", tmp_path)
    for name in ("SPANNER_EMULATOR_HOST", "GOOGLE_APPLICATION_CREDENTIALS"):
        program.environment.pop(name, None)
    log = tmp_path / "connections.jsonl"

    def run(credentials, hosts=True, tokens=TOKEN + "\n"):
        secure.tokens.write_text(tokens)
        program.environment |= {"HOME": str(tmp_path), "GCE_METADATA_HOST": fake.host,
                                "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH":
                                    str(secure.authority.certificate)}
        if hosts:
            allowed = fake.hosts() if hosts is True else hosts
            program.environment["KAFKA_SPANNER_CREDENTIAL_HOSTS"] = ",".join(allowed)
        for name in ("GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES", "SSL_CERT_FILE"):
            program.environment.pop(name, None)
            if name in os.environ:
                program.environment[name] = os.environ[name]
        if credentials is not None:
            file = tmp_path / "credentials.json"
            file.write_text(json.dumps(credentials))
            program.environment["GOOGLE_APPLICATION_CREDENTIALS"] = str(file)
        port = secure.address.rsplit(":", 1)[1]
        done = program("sql", "--connection-log", log, "--endpoint", f"https://localhost:{port}",
                       "-d", DATABASE, "-e", "SELECT 1 AS one")
        shown = done.stdout + done.stderr + (log.read_text() if log.exists() else "")
        assert TOKEN not in shown
        return done

    return run


def federated(fake, tmp_path, **more):
    subject = tmp_path / "subject"
    subject.write_text("subject")
    return {"type": "external_account", "audience": "//iam.googleapis.com/pool",
            "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
            "token_url": f"http://{fake.host}/v1/token",
            "credential_source": {"file": str(subject)}, **more}


def reference(credentials, tmp_path, scope=DATA):
    """What Google's own client gets with the same file."""
    file = tmp_path / "reference.json"
    file.write_text(json.dumps(credentials))
    found, _ = google.auth.load_credentials_from_file(str(file), scopes=[scope])
    found.refresh(google.auth.transport.requests.Request())
    return found.token


def spanner_entries(tmp_path):
    lines = ocsf.check((tmp_path / "connections.jsonl").read_text())
    return [line for line in lines if line["dst_endpoint"]["svc_name"] == "spanner"]


def asked(fake, path):
    """Fields of the requests to `path`."""
    return [fields for _, where, _, fields in fake.requests if where.endswith(path)]


def test_metadata_server(sql, fake, tmp_path):
    done = sql(None)
    assert done.returncode == 0, done.stderr
    assert asked(fake, "/token") == [{"scopes": DATA}]
    entries = spanner_entries(tmp_path)
    assert entries and all(e["status_id"] == 1 for e in entries)
    for entry in entries:  # gRPC does not tell of TLS by itself
        tls = entry["unmapped"]["tls"]
        assert tls["version"] == "TLSv1.3" and tls["sni"] == "localhost"
        assert tls["certificate"]["subject"] == "CN=spanner"


def test_federation(sql, fake, tmp_path):
    credentials = federated(fake, tmp_path)
    assert reference(credentials, tmp_path) == TOKEN
    done = sql(credentials)
    assert done.returncode == 0, done.stderr
    theirs, ours = asked(fake, "/v1/token")
    assert ours == theirs
    assert ours["scope"] == DATA


def test_the_recipe(sql, fake, tmp_path, monkeypatch):
    """docs/guide/identity/google-wif.json, with nothing changed but the address and the path."""
    # Google's client asks for the project's name too, at an address that no file can change.
    monkeypatch.setattr(google.auth.external_account.Credentials, "get_project_id",
                        lambda *_, **__: None)
    credentials = json.loads((RECIPES / "google-wif.json").read_text())
    here = federated(fake, tmp_path)
    changed = {name: here[name] for name in ("token_url", "credential_source")}
    assert set(changed["credential_source"]) == set(credentials["credential_source"])
    asked_for = both_ask_alike(sql, fake, tmp_path, credentials | changed, "/v1/token")
    assert asked_for["audience"] == credentials["audience"]


def test_impersonation(sql, fake, tmp_path):
    address = f"http://{fake.host}/v1/projects/-/serviceAccounts/sa@p.test:generateAccessToken"
    credentials = federated(fake, tmp_path, service_account_impersonation_url=address)
    assert reference(credentials, tmp_path) == TOKEN
    done = sql(credentials)
    assert done.returncode == 0, done.stderr
    theirs, ours = asked(fake, ":generateAccessToken")
    assert ours["scope"] == theirs["scope"] == [DATA]
    assert ADMIN not in str(fake.requests)


def plain(fields):
    """The fields of a request, whatever blanks stand in a subject that is JSON."""
    subject = str(fields.get("subject_token", ""))
    return fields | ({"subject_token": json.loads(subject)} if subject.startswith("[") else {})


def both_ask_alike(sql, fake, tmp_path, credentials, path):
    """Google's client and ours get the token, and sent the same to `path`."""
    assert reference(credentials, tmp_path) == TOKEN
    done = sql(credentials)
    assert done.returncode == 0, done.stderr
    theirs, ours = [r for r in fake.requests if r[1].endswith(path)]
    assert plain(ours[3]) == plain(theirs[3])
    authorization = [{name.lower(): value for name, value in r[2].items()}.get("authorization")
                     for r in (theirs, ours)]
    assert authorization[0] == authorization[1]
    return ours[3]


@pytest.fixture
def googles_own_endpoints(fake, monkeypatch):
    """Google's client takes these, whatever the file says."""
    monkeypatch.setattr(google.oauth2.credentials, "_GOOGLE_OAUTH2_TOKEN_ENDPOINT",
                        f"http://{fake.host}/token")
    monkeypatch.setattr(google.auth.iam, "_IAM_ENDPOINT", f"http://{fake.host}/v1/projects/-"
                        "/serviceAccounts/{}:generateAccessToken")


def test_a_user(sql, fake, tmp_path, googles_own_endpoints):
    credentials = {"type": "authorized_user", "client_id": "c", "client_secret": "s",
                   "refresh_token": "r", "token_uri": f"http://{fake.host}/token"}
    assert reference(credentials, tmp_path) == TOKEN
    done = sql(credentials)
    assert done.returncode == 0, done.stderr
    theirs, ours = asked(fake, "/token")
    # As Google's clients for Go and Java, ours asks for no scope: a login that was for the whole of
    # cloud-platform may be refused a part of it that was not named then.
    assert ours == {name: value for name, value in theirs.items() if name != "scope"}


def test_a_person_of_a_workforce_pool(sql, fake, tmp_path):
    both_ask_alike(sql, fake, tmp_path, {
        "type": "external_account_authorized_user", "client_id": "c", "client_secret": "s",
        "refresh_token": "r", "token_url": f"http://{fake.host}/oauthtoken",
        "audience": "//iam.googleapis.com/locations/global/workforcePools/p/providers/q"},
        "/oauthtoken")


def test_impersonation_by_a_user(sql, fake, tmp_path, googles_own_endpoints):
    """`gcloud auth application-default login --impersonate-service-account`."""
    asked_for = both_ask_alike(sql, fake, tmp_path, {
        "type": "impersonated_service_account", "delegates": ["projects/-/serviceAccounts/b@p"],
        "service_account_impersonation_url":
            f"http://{fake.host}/v1/projects/-/serviceAccounts/sa@p.test:generateAccessToken",
        "source_credentials": {"type": "authorized_user", "client_id": "c", "client_secret": "s",
                               "refresh_token": "r", "token_uri": f"http://{fake.host}/token"}},
        ":generateAccessToken")
    assert asked_for["scope"] == [DATA]


@pytest.fixture
def who(tmp_path, monkeypatch):
    """A program that gives the subject, and keeps what it was told."""
    program = tmp_path / "who"
    program.write_text(f"""#!/bin/sh
env | grep ^GOOGLE_EXTERNAL | sort >> {tmp_path}/told
echo '{{"version": 1, "success": true, "token_type": "urn:ietf:params:oauth:token-type:jwt",'
echo ' "id_token": "subject", "expiration_time": 4000000000}}'
""")
    program.chmod(0o755)
    monkeypatch.setenv("GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES", "1")
    return program


def test_a_program(sql, fake, who, tmp_path):
    credentials = federated(fake, tmp_path, credential_source={
        "executable": {"command": f"{who} --please", "timeout_millis": 5000}})
    both_ask_alike(sql, fake, tmp_path, credentials, "/v1/token")
    told = (tmp_path / "told").read_text().splitlines()
    ours = told[len(told) // 2:]
    assert "GOOGLE_EXTERNAL_ACCOUNT_AUDIENCE=//iam.googleapis.com/pool" in ours
    theirs = [line for line in told[:len(told) // 2] if "ACCOUNT_ID=" not in line]
    assert set(ours) >= {line for line in theirs if "REVOKE" not in line}


def test_a_program_that_nobody_allowed(sql, fake, who, tmp_path, monkeypatch):
    monkeypatch.delenv("GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES")
    done = sql(federated(fake, tmp_path,
                         credential_source={"executable": {"command": str(who)}}))
    assert done.returncode != 0 and "ALLOW_EXECUTABLES=1" in done.stderr
    assert not (tmp_path / "told").exists() and fake.requests == []


def test_a_certificate(sql, fake, tmp_path, monkeypatch):
    """X.509 federation: STS is shown the certificate in TLS, and gets it as the subject."""
    authority = Authority(tmp_path / "workload", "workload-ca")
    certificate, key = authority.issue("workload")
    config = tmp_path / "certificate_config.json"
    config.write_text(json.dumps({"cert_configs": {"workload": {
        "cert_path": str(certificate), "key_path": str(key)}}}))
    chain = tmp_path / "chain.pem"
    chain.write_text(certificate.read_text() + authority.certificate.read_text())
    server = fake.behind_tls(authority)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.certificate))  # ours
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.certificate))  # Google's client
    credentials = federated(fake, tmp_path, token_url=f"https://{server}/v1/token",
                            subject_token_type="urn:ietf:params:oauth:token-type:mtls",
                            credential_source={"certificate": {
                                "certificate_config_location": str(config),
                                "trust_chain_path": str(chain)}})
    asked_for = both_ask_alike(sql, fake, tmp_path, credentials, "/v1/token")
    assert len(json.loads(asked_for["subject_token"])) == 2
    assert fake.peers == ["workload", "workload"]


def test_nothing_goes_to_an_address_that_nobody_allowed(sql, fake, tmp_path):
    done = sql(federated(fake, tmp_path), hosts=False)
    assert done.returncode != 0
    assert "nothing is sent there" in done.stderr
    assert fake.requests == []


def test_a_refused_token(sql, secure, fake, tmp_path):
    done = sql(None, tokens="another\n")
    assert done.returncode != 0
    assert "invalid authentication credentials" in done.stderr


def test_a_subject_that_google_does_not_know(sql, fake, tmp_path):
    credentials = federated(fake, tmp_path)
    (tmp_path / "subject").write_text("stranger")
    done = sql(credentials)
    assert done.returncode != 0
    assert "invalid_grant (unknown subject)" in done.stderr


def test_a_running_pipeline_asks_for_rows_only(request, kafka, idp, spanner, secure, fake,
                                               tmp_path):
    """Whatever it does, --create too. Schemas are for plan --apply, which asks by name."""
    made = Pipeline("scopes", WAYS["plain"][0], kafka, idp, spanner, tmp_path)
    port = secure.address.rsplit(":", 1)[1]
    made.target = {"database": DATABASE, "endpoint": f"https://localhost:{port}"}
    made.table = "Scopes"
    secure.tokens.write_text(TOKEN + "\n")
    program = Program(request.config.getoption("--program"), "", tmp_path)
    program.environment |= {"HOME": str(tmp_path), "GCE_METADATA_HOST": fake.host,
                            "PASSWORD": "plain-s3cret", "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH":
                                str(secure.authority.certificate)}
    program.ok(*made.arguments(), "--once")
    program.ok("status", made.write())
    assert {fields["scopes"] for fields in asked(fake, "/token")} == {DATA}
    fake.requests.clear()
    program.ok("plan", "--apply", made.write())
    assert {fields["scopes"] for fields in asked(fake, "/token")} == {f"{DATA},{ADMIN}"}
