#!/usr/bin/env python3
"""Fills in the answers of tests/expr/*.test from a running Spanner emulator.

    SPANNER_EMULATOR_HOST=127.0.0.1:9010 tests/expr/record.py [--all] [FILE…]

A case is a line `> expression` (or `> SELECT …`, of which the first column of the first row counts) and the
line with its answer: `TYPE value` or `ERROR CODE message`. Cases without an answer get one; with --all every
answer is asked again, except where `# by hand: why` stands between. Needs `pip install google-cloud-spanner`.
"""
import argparse
import base64
import glob
import logging
import os
import re
import sys

os.environ.setdefault("SPANNER_EMULATOR_HOST", "127.0.0.1:9010")
os.environ["GOOGLE_CLOUD_SPANNER_MULTIPLEXED_SESSIONS"] = "false"
logging.disable(logging.CRITICAL)

from google.api_core import exceptions  # noqa: E402
from google.cloud import spanner  # noqa: E402
from google.cloud.spanner_v1 import ExecuteSqlRequest, TypeCode  # noqa: E402


def connect():
    client = spanner.Client(project="expr", disable_builtin_metrics=True)
    instance = client.instance("expr", configuration_name="projects/expr/instanceConfigs/emulator-config")
    if not instance.exists():
        instance.create().result()
    database = instance.database("expr")
    if not database.exists():
        database.create().result()
    api = database.spanner_api
    return api, api.create_session(database=database.name).name


def type_text(t):
    if t.code == TypeCode.ARRAY:
        return f"ARRAY<{type_text(t.array_element_type)}>"
    if t.code == TypeCode.STRUCT:
        fields = (f"{f.name} {type_text(f.type_)}".strip() for f in t.struct_type.fields)
        return f"STRUCT<{', '.join(fields)}>"
    return t.code.name


def quoted(data, prefix, is_bytes):
    out = []
    for c in data:
        code = c if is_bytes else ord(c)
        char = chr(code)
        if char in "\\'":
            out.append("\\" + char)
        elif code < 32 or code == 127 or (is_bytes and code > 126):
            out.append({10: "\\n", 9: "\\t", 13: "\\r"}.get(code, f"\\x{code:02x}"))
        else:
            out.append(char)
    return prefix + "'" + "".join(out) + "'"


def value_text(v, t):
    if v is None:
        return "NULL"
    if t.code == TypeCode.ARRAY:
        return "[" + ", ".join(value_text(e, t.array_element_type) for e in v) + "]"
    if t.code == TypeCode.STRUCT:
        return "(" + ", ".join(value_text(e, f.type_) for e, f in zip(v, t.struct_type.fields)) + ")"
    if t.code == TypeCode.BOOL:
        return "true" if v else "false"
    if t.code in (TypeCode.FLOAT64, TypeCode.FLOAT32):
        if isinstance(v, str):
            return {"Infinity": "inf", "-Infinity": "-inf", "NaN": "nan"}[v]
        return repr(float(v))
    if t.code == TypeCode.STRING:
        return quoted(v, "", False)
    if t.code == TypeCode.BYTES:
        return quoted(base64.b64decode(v), "b", True)
    return v


def ask(api, session, expression):
    sql = expression if expression.upper().startswith(("SELECT", "WITH")) else "SELECT " + expression
    try:
        result = api.execute_sql(request=ExecuteSqlRequest(session=session, sql=sql), timeout=20, retry=None)
    except exceptions.GoogleAPICallError as error:
        message = re.sub(r" \[at \d+:\d+\]$", "", error.message.split("\n")[0])
        return f"ERROR {error.grpc_status_code.name} {message}"
    field = result.metadata.row_type.fields[0].type_
    if not result.rows:
        return f"{type_text(field)} no row"
    return f"{type_text(field)} {value_text(result.rows[0][0], field)}"


def record(path, api, session, again):
    lines = open(path, encoding="utf-8").read().split("\n")
    out = []
    i = asked = 0
    while i < len(lines):
        out.append(lines[i])
        if not lines[i].startswith("> "):
            i += 1
            continue
        expression = lines[i][2:]
        i += 1
        by_hand = i < len(lines) and lines[i].startswith("# by hand:")
        if by_hand:
            out.append(lines[i])
            i += 1
        has_answer = i < len(lines) and lines[i] != "" and not lines[i].startswith((">", "#"))
        if has_answer and (by_hand or not again):
            out.append(lines[i])
        elif not by_hand:
            out.append(ask(api, session, expression))
            asked += 1
        i += has_answer
    open(path, "w", encoding="utf-8").write("\n".join(out))
    print(f"{path}: {asked} asked")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--all", action="store_true", help="ask again where there is an answer")
    parser.add_argument("files", nargs="*")
    arguments = parser.parse_args()
    here = os.path.dirname(os.path.abspath(__file__))
    files = arguments.files or sorted(glob.glob(os.path.join(here, "*.test")))
    api, session = connect()
    for path in files:
        record(path, api, session, arguments.all)
    return 0


if __name__ == "__main__":
    sys.exit(main())
