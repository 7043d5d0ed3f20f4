"""`doctor` finds what is wrong, and what an identity may do beyond what its pipeline needs: nothing
is said of one that has the least rights, and each right more, or less, is named."""

import json
from concurrent import futures

import grpc
import pytest
from confluent_kafka.admin import (AclBinding, AclOperation, AclPermissionType,
                                   ResourcePatternType, ResourceType)
from google.iam.v1 import iam_policy_pb2

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


class IamProxy(grpc.GenericRpcHandler):
    """Before a Spanner: says which of `granted` somebody has, and hands all else on."""

    def __init__(self, behind, granted):
        self.channel = grpc.insecure_channel(behind)
        self.granted, self.asked = granted, []
        self.server = grpc.server(futures.ThreadPoolExecutor(8), handlers=[self])
        self.address = f"127.0.0.1:{self.server.add_insecure_port('127.0.0.1:0')}"
        self.server.start()

    def service(self, details):
        if details.method.endswith("/TestIamPermissions"):
            return grpc.unary_unary_rpc_method_handler(self.answer)
        own = ("user-agent", "grpc-", "te", "content-type")
        metadata = [(k, v) for k, v in details.invocation_metadata if not k.startswith(own)]
        call = self.channel.unary_stream(details.method)
        return grpc.unary_stream_rpc_method_handler(
            lambda request, context: self.pass_on(call(request, metadata=metadata), context))

    @staticmethod
    def pass_on(answers, context):
        try:
            yield from answers
        except grpc.RpcError as error:
            context.abort(error.code(), error.details())

    def answer(self, data, context):
        request = iam_policy_pb2.TestIamPermissionsRequest.FromString(data)
        self.asked.append((request.resource, list(request.permissions)))
        has = [p for p in request.permissions if p in self.granted]
        return iam_policy_pb2.TestIamPermissionsResponse(permissions=has).SerializeToString()

    def stop(self):
        self.server.stop(None)
        self.channel.close()


def doctor(made, *more):
    """(exit code, {check: (result, what it said)})"""
    done = made.program("doctor", "--output", "json", *more, made.file)
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


def test_doctor_rights_of_other_roles(least):
    """What a role was granted through another, and what everybody may."""
    role = least.least["role"]
    least.database.update_ddl([
        "CREATE TABLE Salaries (Id INT64, Salary INT64) PRIMARY KEY (Id)", "CREATE ROLE clerk",
        "CREATE ROLE person", "GRANT SELECT ON TABLE Salaries TO ROLE clerk",
        f"GRANT ROLE clerk TO ROLE person, {role}", "CREATE CHANGE STREAM Watch FOR ALL",
        "GRANT SELECT ON CHANGE STREAM Watch TO ROLE public"]).result(60)
    _, checks = doctor(least)
    found = unwell(checks)[f"rights of the role {role}"]
    assert "SELECT on Salaries (of the role clerk)" in found
    assert "SELECT on Watch (of the role public)" in found
    assert "person" not in found


def test_doctor_iam(least, spanner):
    """Google's answer is a fake's; without --iam nobody is asked, since it takes another scope."""
    proxy = IamProxy(spanner.address, {"spanner.databases.write", "spanner.databases.updateDdl"})
    least.program.environment["SPANNER_EMULATOR_HOST"] = proxy.address
    _, checks = doctor(least)
    assert "rights in IAM" not in checks and proxy.asked == []
    code, checks = doctor(least, "--iam")
    found = unwell(checks)["rights in IAM"]
    assert code == 0
    assert "beyond what it needs: spanner.databases.updateDdl, spanner.databases.write." in found
    proxy.granted.clear()
    _, checks = doctor(least, "--iam")
    assert checks["rights in IAM"] == ("ok", "nothing beyond what it needs")
    (resource, permissions), _ = proxy.asked
    assert resource == least.database.name and "spanner.databases.setIamPolicy" in permissions
    proxy.stop()


def test_doctor_rights_on_what_is_not_ours(least, kafka):
    """Of other topics, and of the cluster; and more than needed on the group."""
    kafka.create_topic("payroll", 1)
    allow(kafka, [
        {"resource": "Topic", "name": "payroll", "principal": "User:bob", "operation": "Read"},
        {"resource": "Group", "name": least.name, "principal": "User:bob", "operation": "Delete"}])
    cluster = AclBinding(ResourceType.BROKER, "kafka-cluster", ResourcePatternType.LITERAL,
                         "User:bob", "*", AclOperation.ALTER, AclPermissionType.ALLOW)
    for done in kafka.admin.create_acls([cluster]).values():
        done.result(30)
    least.run()  # the group is there
    code, checks = doctor(least)
    found, where = unwell(checks), f"Kafka {least.document['from']['kafka']['brokers']}"
    assert code == 0 and set(found) == {f"rights on group {least.name}",
                                        f"rights on the cluster of {where}",
                                        f"rights on other topics of {where}"}
    assert "beyond what it needs: DELETE." in found[f"rights on group {least.name}"]
    assert "ALTER" in found[f"rights on the cluster of {where}"]
    assert "READ on payroll" in found[f"rights on other topics of {where}"]


def test_doctor_without_the_group(least, kafka):
    groups = [e for e in least.least["kafka"] if e["resource"].lower() == "group"]
    forbid(kafka, groups)
    code, checks = doctor(least)
    assert code == 3 and set(unwell(checks)) == {f"rights on group {least.name}"}
    assert "`plan --grants`" in unwell(checks)[f"rights on group {least.name}"]


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
    del program.environment["SPANNER_EMULATOR_HOST"]
    program.environment["GOOGLE_APPLICATION_CREDENTIALS"] = "/nowhere/key.json"
    code, checks = doctor(least)
    assert code != 0 and "/nowhere/key.json" in unwell(checks)["credentials for Spanner"]
