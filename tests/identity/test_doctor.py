"""`doctor` finds what is wrong, and what an identity may do beyond what its pipeline needs: nothing
is said of one that has the least rights, and each right more, or less, is named."""

import json

import pytest

from test_grants import Granted, acl, allow, forbid, no_acls_stay  # noqa: F401


@pytest.fixture
def least(kafka, spanner, program, tmp_path, request):
    """A pipeline under a role and a Kafka user with exactly what `plan --grants` prints."""
    name = request.node.name.removeprefix("test_")[:28].strip("_")
    made = Granted(name, kafka, spanner, program, tmp_path)
    made.least = made.grants()
    allow(kafka, made.least["kafka"])
    made.document["to"]["spanner"]["role"] = made.least["role"]
    made.write()
    made.database.update_ddl(made.least["spanner"]).result(60)
    return made


def doctor(made):
    """(exit code, {check: (result, what it said)})"""
    done = made.program("doctor", "--output", "json", made.file)
    checks = json.loads(done.stdout)
    assert done.stdout.count('"check"') == len(checks)
    return done.returncode, {c["check"]: (c["result"], c["said"]) for c in checks}


def unwell(checks):
    return {check: said for check, (result, said) in checks.items() if result != "ok"}


def test_doctor_least_rights(least):
    code, checks = doctor(least)
    assert code == 0 and unwell(checks) == {}
    assert checks[f"rights on topic {least.topic}"] == ("ok", "nothing beyond what it needs")
    role = least.least["role"]
    assert checks[f"rights of the role {role}"] == ("ok", "nothing beyond what it needs")
    text = least.program.ok("doctor", least.file)
    assert all(line.startswith("ok\t") for line in text.splitlines())


def test_doctor_rights_beyond(least, kafka):
    more = {"resource": "Topic", "name": least.topic, "principal": "User:bob", "operation": "Write"}
    allow(kafka, [more])
    role = least.least["role"]
    least.database.update_ddl([
        "CREATE TABLE Salaries (Id INT64, Salary INT64) PRIMARY KEY (Id)",
        f"GRANT SELECT(Salary) ON TABLE Salaries TO ROLE {role}"]).result(60)
    code, checks = doctor(least)
    assert code == 0, "what is too much is a warning"
    found = unwell(checks)
    assert set(found) == {f"rights on topic {least.topic}", f"rights of the role {role}"}
    assert "beyond what it needs: WRITE." in found[f"rights on topic {least.topic}"]
    assert "beyond what it needs: SELECT on Salaries" in found[f"rights of the role {role}"]


def test_doctor_without_a_role(kafka, spanner, program, tmp_path):
    made = Granted("doctor_no_role", kafka, spanner, program, tmp_path)
    allow(kafka, made.grants()["kafka"])
    code, checks = doctor(made)
    assert code == 0 and "can write every table" in unwell(checks)["role"]


def test_doctor_less_than_needed(least, kafka):
    topics = [e for e in least.least["kafka"] if e["resource"].lower() == "topic"]
    forbid(kafka, topics)
    code, checks = doctor(least)
    assert code == 3 and "uthorization failed" in unwell(checks)[f"topic {least.topic}"]
    # May see it, not read it.
    allow(kafka, [e | {"operation": "Describe"} for e in topics])
    code, checks = doctor(least)
    assert code == 3
    assert "may not read it: `plan --grants`" in unwell(checks)[f"rights on topic {least.topic}"]


def test_doctor_wrong_things(least, program):
    """Each names itself, and what can still be tried is tried."""
    where = f"Kafka {least.document['from']['kafka']['brokers']}"
    program.environment["PASSWORD"] = "wrong-s3cret"
    code, checks = doctor(least)
    assert code == 3 and set(unwell(checks)) == {where}
    assert "Authentication failed" in unwell(checks)[where]
    del program.environment["PASSWORD"]
    code, checks = doctor(least)
    assert code == 2 and "PASSWORD is not set" in unwell(checks)["secret://env/PASSWORD"]
    program.environment["PASSWORD"] = "plain-s3cret"
    least.document["from"]["kafka"]["topic"] = "nope"
    least.document["tables"]["Missing"] = "SELECT k AS Id"
    least.write()
    code, checks = doctor(least)
    assert "Missing" in str(unwell(checks)), checks
    assert code != 0 and unwell(checks)["topic nope"]
    program.environment["SPANNER_EMULATOR_HOST"] = "127.0.0.1:9"
    code, checks = doctor(least)
    database = least.document["to"]["spanner"]["database"]
    assert code == 3 and "does not answer" in unwell(checks)[f"Spanner {database}"]
