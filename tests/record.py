#!/usr/bin/env python3
"""Fills in the answers of tests/sql/*.test and tests/expr/*.test from a running Spanner emulator.

    SPANNER_EMULATOR_HOST=127.0.0.1:9010 tests/record.py [--all] [FILE…]

Cases without an answer get one; with --all every answer is asked again, except where
`# by hand: why` stands between. tests/README.md tells the form. Needs
`pip install google-cloud-spanner`.
"""
import argparse
import base64
import glob
import json
import logging
import os
import re
import sys

os.environ.setdefault("SPANNER_EMULATOR_HOST", "127.0.0.1:9010")
os.environ["GOOGLE_CLOUD_SPANNER_MULTIPLEXED_SESSIONS"] = "false"
logging.disable(logging.CRITICAL)

from google.api_core import exceptions  # noqa: E402
from google.cloud import spanner  # noqa: E402
from google.cloud.spanner_v1 import (  # noqa: E402
    CommitRequest, ExecuteSqlRequest, StructType, TransactionOptions, TransactionSelector, Type,
    TypeCode)
from google.protobuf.struct_pb2 import Struct  # noqa: E402

DDL = ("CREATE", "ALTER", "DROP", "GRANT", "REVOKE", "ANALYZE", "RENAME")
DML = ("INSERT", "UPDATE", "DELETE")


# ---- Text of types and values ----

def type_text(t):
    if t.code == TypeCode.ARRAY:
        return f"ARRAY<{type_text(t.array_element_type)}>"
    if t.code == TypeCode.STRUCT:
        return f"STRUCT<{fields_text(t.struct_type.fields)}>"
    return t.code.name


def fields_text(fields):
    return ", ".join(f"{f.name} {type_text(f.type_)}".strip() for f in fields)


def split_top(text, separator):
    """The parts of `text` between separators that stand outside of <…>."""
    parts, depth, start = [], 0, 0
    for i, c in enumerate(text):
        depth += {"<": 1, ">": -1}.get(c, 0)
        if c == separator and depth == 0:
            parts.append(text[start:i])
            start = i + 1
    return parts + [text[start:]]


def parse_type(text):
    text = text.strip()
    if text.startswith("ARRAY<"):
        return Type(code=TypeCode.ARRAY, array_element_type=parse_type(text[6:-1]))
    if not text.startswith("STRUCT<"):
        return Type(code=TypeCode[text])
    fields = []
    for field in split_top(text[7:-1], ",") if text != "STRUCT<>" else []:
        words = split_top(field.strip(), " ")
        name = words[0] if len(words) > 1 else ""
        fields.append(StructType.Field(name=name, type_=parse_type(words[-1])))
    return Type(code=TypeCode.STRUCT, struct_type=StructType(fields=fields))


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
        fields = zip(v, t.struct_type.fields)
        return "(" + ", ".join(value_text(e, f.type_) for e, f in fields) + ")"
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


def error_text(error):
    message = re.sub(r" \[at \d+:\d+\]$", "", error.message.split("\n")[0])
    code = error.grpc_status_code.name if error.grpc_status_code else "UNKNOWN"
    return f"ERROR {code} {message}"


def sorts(statement):
    """True when ORDER BY stands outside of all parentheses, so that the order of rows counts."""
    depth = 0
    for token in re.findall(r"'[^']*'|\"[^\"]*\"|[()]|\w+\s+BY\b", statement.upper()):
        depth += {"(": 1, ")": -1}.get(token, 0)
        if depth == 0 and token.startswith("ORDER"):
            return True
    return False


# ---- The emulator ----

class Emulator:
    def __init__(self):
        self.client = spanner.Client(project="tests", disable_builtin_metrics=True)
        config = "projects/tests/instanceConfigs/emulator-config"
        self.instance = self.client.instance("tests", configuration_name=config)
        if not self.instance.exists():
            self.instance.create().result()

    def use(self, name):
        """A new, empty database of this name."""
        self.database = self.instance.database(name)
        if self.database.exists():
            self.database.drop()
        self.database = self.instance.database(name)
        self.database.create().result()
        self.api = self.database.spanner_api
        self.session = self.api.create_session(database=self.database.name).name

    def execute(self, case, transaction=None):
        request = ExecuteSqlRequest(session=self.session, sql=case.statement,
                                    transaction=transaction)
        params = {}
        for name, kind, value in case.parameters:
            params[name] = json.loads(value)
            if kind != "?":
                request.param_types[name] = parse_type(kind)
        if transaction is not None:
            request.seqno = 1
        if params:
            request.params = Struct()
            request.params.update(params)
        return self.api.execute_sql(request=request, timeout=20, retry=None)

    def first_value(self, case):
        """TYPE value: of the first column of the first row."""
        if not case.statement.upper().startswith(("SELECT", "WITH")):
            case.statement = "SELECT " + case.statement
        result = self.execute(case)
        field = result.metadata.row_type.fields[0].type_
        if not result.rows:
            return [f"{type_text(field)} no row"]
        return [f"{type_text(field)} {value_text(result.rows[0][0], field)}"]

    def rows(self, case):
        word = re.match(r"\s*(?:@\{[^}]*\})?\s*(\w*)", case.statement).group(1).upper()
        if word in DDL:
            self.database.update_ddl([case.statement]).result()
            return ["= done"]
        if word not in DML:
            result = self.execute(case)
            return self.table("", result, sorts(case.statement))
        options = TransactionOptions(read_write=TransactionOptions.ReadWrite())
        begun = self.api.begin_transaction(session=self.session, options=options).id
        try:
            result = self.execute(case, TransactionSelector(id=begun))
            self.api.commit(request=CommitRequest(session=self.session, transaction_id=begun))
        except exceptions.GoogleAPICallError:
            self.api.rollback(session=self.session, transaction_id=begun)
            raise
        count = f"{result.stats.row_count_exact} rows"
        if not result.metadata.row_type.fields:
            return [f"= {count}"]
        return self.table(count + ": ", result, False)

    @staticmethod
    def table(head, result, ordered):
        fields = result.metadata.row_type.fields
        lines = [", ".join(value_text(v, f.type_) for v, f in zip(row, fields))
                 for row in result.rows]
        if len(lines) < 2:
            ordered = True
        head = ("= " if ordered else "~ ") + head + fields_text(fields)
        return [head] + (lines if ordered else sorted(lines))

    def answer(self, case, is_expression):
        try:
            return self.first_value(case) if is_expression else self.rows(case)
        except exceptions.GoogleAPICallError as error:
            return [error_text(error)]


# ---- Files ----

class Case:
    """A statement with the lines that belong to it."""

    def __init__(self):
        self.head = []  # as they stand in the file: statement, parameters, `# by hand`
        self.parameters = []
        self.by_hand = False
        self.answer = []
        self.statement = ""


def read(path):
    """Cases and, as plain text, the lines between them."""
    parts = []
    for line in open(path, encoding="utf-8").read().rstrip("\n").split("\n"):
        case = parts[-1] if parts and isinstance(parts[-1], Case) else None
        if line.startswith("> "):
            if case is None or case.answer or case.parameters or case.by_hand:
                parts.append(Case())
            case = parts[-1]
            case.statement += ("\n" if case.statement else "") + line[2:]
            case.head.append(line)
        elif case is None or line == "":
            parts.append(line)
        elif line.startswith("@") and not case.answer:
            name, rest = line[1:].split(" ", 1)
            kind = split_top(rest, " ")[0]
            case.parameters.append((name, kind, rest[len(kind) + 1:]))
            case.head.append(line)
        elif line.startswith("#"):
            case.by_hand |= line.startswith("# by hand:")
            case.head.append(line)
        else:
            case.answer.append(line)
    return parts


def record(path, emulator, again):
    is_expression = os.path.basename(os.path.dirname(os.path.abspath(path))) == "expr"
    emulator.use("t-" + re.sub(r"[^a-z0-9]", "-", os.path.basename(path)[:-5])[:28].rstrip("-"))
    out = []
    changed = 0
    for part in read(path):
        if isinstance(part, str):
            out.append(part)
            continue
        wanted = not part.by_hand and (again or not part.answer)
        if wanted or (not is_expression and not part.by_hand):
            got = emulator.answer(part, is_expression)
            if wanted:
                changed += got != part.answer
                part.answer = got
        out += part.head + part.answer
    open(path, "w", encoding="utf-8").write("\n".join(out) + "\n")
    print(f"{path}: {changed} answers changed")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--all", action="store_true", help="ask again where there is an answer")
    parser.add_argument("files", nargs="*")
    arguments = parser.parse_args()
    here = os.path.dirname(os.path.abspath(__file__))
    files = arguments.files or sorted(glob.glob(os.path.join(here, "sql", "*.test")) +
                                      glob.glob(os.path.join(here, "expr", "*.test")))
    emulator = Emulator()
    for path in files:
        record(path, emulator, arguments.all)
    return 0


if __name__ == "__main__":
    sys.exit(main())
