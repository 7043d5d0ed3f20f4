#!/usr/bin/env python3
"""Fills in the answers of tests/ddl/*.test from a running Spanner emulator.

    SPANNER_EMULATOR_HOST=127.0.0.1:9010 tests/ddl/record.py [FILE…]

A file is cases. `== title` begins one, with a database of its own. `> text` (more lines:
`>   text`) is one step: `DDL` asks for GetDatabaseDdl, SELECT, WITH and DML run as SQL, `PROTO`
(and a .proto file in the lines after it) is what proto_descriptors the case's DDL brings from here
on, anything else is one UpdateDatabaseDdl, of several statements where a line ends with `;`.
`< text` is the emulator's answer: `OK`, `CODE: message`, rows, or the statements. `= text` is what
the local Spanner answers instead, with `# why` above the step; those lines are kept. `>! text` is
a step that is not asked of the emulator. Numbers that it makes up (FK_A_B_0123456789ABCDEF_1) are
written `#`.
Needs `pip install google-cloud-spanner` and `protoc`.
"""
import glob
import logging
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import uuid

os.environ.setdefault("SPANNER_EMULATOR_HOST", "127.0.0.1:9010")
os.environ["SPANNER_DISABLE_BUILTIN_METRICS"] = "true"
logging.disable(logging.CRITICAL)

import grpc  # noqa: E402
from google.cloud import spanner_admin_database_v1 as admin  # noqa: E402
from google.cloud import spanner_admin_instance_v1 as instances  # noqa: E402
from google.cloud import spanner_v1 as v1  # noqa: E402
from google.cloud.spanner_admin_database_v1.services import database_admin  # noqa: E402
from google.cloud.spanner_admin_instance_v1.services import instance_admin  # noqa: E402
from google.cloud.spanner_v1.services import spanner  # noqa: E402

INSTANCE = "projects/ddl/instances/ddl"
CODES = {c.value[0]: c.name for c in grpc.StatusCode}


def value_text(v, t):
    if v is None:
        return "NULL"
    if t.code == v1.TypeCode.ARRAY:
        return "[" + ", ".join(value_text(e, t.array_element_type) for e in v) + "]"
    if t.code == v1.TypeCode.BOOL:
        return "true" if v else "false"
    if t.code in (v1.TypeCode.FLOAT64, v1.TypeCode.FLOAT32) and not isinstance(v, str):
        return repr(float(v))
    return str(v).replace("\n", "\\n")


class Emulator:
    def __init__(self):
        channel = grpc.insecure_channel(os.environ["SPANNER_EMULATOR_HOST"])
        self.admin = database_admin.transports.DatabaseAdminGrpcTransport(channel=channel)
        self.spanner = spanner.transports.SpannerGrpcTransport(channel=channel)
        instance = instances.Instance(
            name=INSTANCE, config="projects/ddl/instanceConfigs/emulator-config",
            display_name="ddl", node_count=1)
        request = instances.CreateInstanceRequest(
            parent="projects/ddl", instance_id="ddl", instance=instance)
        try:
            instance_admin.transports.InstanceAdminGrpcTransport(channel=channel).create_instance(
                request)
        except grpc.RpcError as e:
            assert e.code() == grpc.StatusCode.ALREADY_EXISTS, e

    def new_database(self):
        name = "d" + uuid.uuid4().hex[:12]
        self.admin.create_database(admin.CreateDatabaseRequest(
            parent=INSTANCE, create_statement=f"CREATE DATABASE `{name}`"))
        self.database = f"{INSTANCE}/databases/{name}"
        request = v1.CreateSessionRequest(database=self.database)
        self.session = self.spanner.create_session(request).name
        self.descriptors = b""

    def drop_database(self):
        self.admin.drop_database(admin.DropDatabaseRequest(database=self.database))

    def ddl(self, statements):
        request = admin.UpdateDatabaseDdlRequest(
            database=self.database, statements=statements, proto_descriptors=self.descriptors)
        operation = self.admin.update_database_ddl(request)
        while not operation.done:
            operation = self.admin.operations_client.get_operation(operation.name)
        if operation.HasField("error"):
            return [f"{CODES[operation.error.code]}: {operation.error.message}"]
        return ["OK"]

    def sql(self, text):
        write = not re.match(r"\s*(SELECT|WITH|\()", text, re.I)
        transaction = {"single_use": {"read_only": {"strong": True}}}
        if write:
            transaction = {"begin": {"read_write": {}}}
        request = v1.ExecuteSqlRequest(
            session=self.session, sql=text, transaction=transaction, seqno=1)
        result = self.spanner.execute_sql(request)
        if write:
            self.spanner.commit(v1.CommitRequest(
                session=self.session, transaction_id=result.metadata.transaction.id))
        raw = v1.ResultSet.pb(result)
        if not raw.metadata.row_type.fields:
            return ["OK"]
        types = [f.type_ for f in result.metadata.row_type.fields]
        rows = [" | ".join(value_text(v, t) for v, t in zip(row, types)) for row in result.rows]
        return rows or ["no rows"]

    def set_descriptors(self, step):
        with tempfile.TemporaryDirectory() as folder:
            (pathlib.Path(folder) / "case.proto").write_text(step.removeprefix("PROTO"))
            out = pathlib.Path(folder) / "out"
            subprocess.run(["protoc", f"-I{folder}", f"-o{out}", "case.proto"], check=True)
            self.descriptors = out.read_bytes()
        return ["OK"]

    def answer(self, step):
        try:
            if step.startswith("PROTO\n"):
                return self.set_descriptors(step)
            if step == "DDL":
                request = admin.GetDatabaseDdlRequest(database=self.database)
                statements = self.admin.get_database_ddl(request).statements
                return "\n".join([s + ";" for s in statements] or ["nothing"]).split("\n")
            if re.match(r"(SELECT|WITH|INSERT|UPDATE|DELETE)\b", step, re.I):
                return self.sql(step)
            statements = [s.strip() for s in re.split(r";\s*$", step, flags=re.M) if s.strip()]
            return self.ddl(statements)
        except grpc.RpcError as e:
            return [f"{e.code().name}: {line}" if i == 0 else line
                    for i, line in enumerate(e.details().split("\n"))]


def masked(line):
    return re.sub(r"_[0-9A-F]{16}(?=[_\W]|$)", "_#", line)


def record(path, emulator):
    out, step, open_case = [], [], False

    def flush():
        if step:
            out.extend("< " + masked(line) for line in emulator.answer("\n".join(step)))
            step.clear()

    for line in path.read_text().splitlines():
        if line.startswith("<"):
            continue
        if line.startswith(">   ") and step:
            step.append(line[2:])
        else:
            flush()
            if line.startswith("== "):
                if open_case:
                    emulator.drop_database()
                emulator.new_database()
                open_case = True
            elif line.startswith("> "):
                step.append(line[2:])
        out.append(line)
    flush()
    if open_case:
        emulator.drop_database()
    path.write_text("\n".join(out) + "\n")


if __name__ == "__main__":
    files = sys.argv[1:] or sorted(glob.glob(os.path.join(os.path.dirname(__file__), "*.test")))
    for name in files:
        record(pathlib.Path(name), Emulator())
