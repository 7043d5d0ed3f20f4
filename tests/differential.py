#!/usr/bin/env python3
"""Random tables, data and queries, asked of Google's emulator and of the local Spanner.

    tests/differential.py --emulator HOST:PORT --local HOST:PORT [--seed N] [--count N]

Prints every statement whose answers differ and exits 1 if there was one; a difference that counts
becomes a case of tests/sql. Of errors the code is compared. The same seed makes the same
statements. Needs `pip install google-cloud-spanner`.
"""
import argparse
import os
import random
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import record  # noqa: E402

TABLES = {
    "P": [("K", "INT64"), ("I", "INT64"), ("S", "STRING"), ("F", "FLOAT64"), ("B", "BOOL"),
          ("D", "DATE"), ("N", "NUMERIC"), ("A", "ARRAY")],
    "Q": [("K", "INT64"), ("L", "INT64"), ("I", "INT64"), ("S", "STRING"), ("F", "FLOAT64"),
          ("T", "TIMESTAMP")],
}
DDL = [
    "CREATE TABLE P (K INT64 NOT NULL, I INT64, S STRING(MAX), F FLOAT64, B BOOL, D DATE, "
    "N NUMERIC, A ARRAY<INT64>) PRIMARY KEY (K)",
    "CREATE TABLE Q (K INT64 NOT NULL, L INT64 NOT NULL, I INT64, S STRING(MAX), F FLOAT64, "
    "T TIMESTAMP) PRIMARY KEY (K, L DESC)",
    "CREATE INDEX PI ON P(I)",
    "CREATE INDEX PS ON P(S DESC, I) STORING (F)",
    "CREATE INDEX QI ON Q(I, S)",
]
# As literals; few, so that they meet.
VALUES = {
    "INT64": ["0", "1", "2", "3", "-1", "40"],
    "STRING": ["''", "'a'", "'b'", "'ab'", "'A'", "'é'", "'%'"],
    "FLOAT64": ["0.0", "1.5", "-2.25", "1e10", "CAST('nan' AS FLOAT64)", "CAST('inf' AS FLOAT64)"],
    "BOOL": ["TRUE", "FALSE"],
    "DATE": ["DATE '2024-02-29'", "DATE '1999-12-31'", "DATE '2024-03-01'"],
    "NUMERIC": ["NUMERIC '0'", "NUMERIC '1.5'", "NUMERIC '-0.000000001'"],
    "TIMESTAMP": ["TIMESTAMP '2024-03-10T10:00:00Z'", "TIMESTAMP '1970-01-01T00:00:00.5Z'"],
    "ARRAY": ["[1, 2]", "[]", "[NULL, 3]"],
}
SCALARS = ["INT64", "STRING", "FLOAT64", "BOOL", "DATE", "NUMERIC", "TIMESTAMP"]


class Generator:
    """`columns` are the names in scope: (text, type)."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.aliases = 0

    def pick(self, items):
        return self.random.choice(items)

    def chance(self, percent):
        return self.random.randrange(100) < percent

    def alias(self):
        self.aliases += 1
        return f"t{self.aliases}"

    def literal(self, kind, null=10):
        if self.chance(null):
            return f"CAST(NULL AS {'ARRAY<INT64>' if kind == 'ARRAY' else kind})"
        return self.pick(VALUES[kind])

    def expr(self, kind, columns, depth):
        fitting = [text for text, t in columns if t == kind]
        if depth <= 0 or self.chance(30):
            return self.pick(fitting) if fitting and self.chance(80) else self.literal(kind)
        make = lambda k: self.expr(k, columns, depth - 1)  # noqa: E731
        any_kind = self.pick(SCALARS)
        common = [
            lambda: f"IF({make('BOOL')}, {make(kind)}, {make(kind)})",
            lambda: f"COALESCE({make(kind)}, {make(kind)})",
            lambda: f"CASE {make('INT64')} WHEN {make('INT64')} THEN {make(kind)} "
                    f"ELSE {make(kind)} END",
        ]
        if kind != "ARRAY":
            common.append(lambda: f"NULLIF({make(kind)}, {make(kind)})")
            common.append(lambda: self.scalar_subquery(kind, columns, depth - 1))
        own = {
            "INT64": [
                lambda: f"({make('INT64')} + {self.pick(['1', '2'])})",
                lambda: f"SAFE_SUBTRACT({make('INT64')}, {make('INT64')})",
                lambda: f"LENGTH({make('STRING')})", lambda: f"ARRAY_LENGTH({make('ARRAY')})",
                lambda: f"MOD({make('INT64')}, 3)", lambda: f"EXTRACT(DAY FROM {make('DATE')})",
                lambda: f"SAFE_CAST({make('STRING')} AS INT64)",
                lambda: f"DATE_DIFF({make('DATE')}, {make('DATE')}, MONTH)",
            ],
            "STRING": [
                lambda: f"CONCAT({make('STRING')}, {make('STRING')})",
                lambda: f"UPPER({make('STRING')})", lambda: f"SUBSTR({make('STRING')}, 1, 1)",
                lambda: f"CAST({make(self.pick(['INT64', 'BOOL', 'DATE', 'NUMERIC']))} AS STRING)",
                lambda: f"REPLACE({make('STRING')}, 'a', 'xy')",
            ],
            "FLOAT64": [
                lambda: f"({make('FLOAT64')} * 2)", lambda: f"ABS({make('FLOAT64')})",
                lambda: f"IEEE_DIVIDE({make('FLOAT64')}, {make('FLOAT64')})",
                lambda: f"CAST({make('NUMERIC')} AS FLOAT64)", lambda: f"ROUND({make('FLOAT64')})",
            ],
            "BOOL": [
                lambda: f"({make(any_kind)} {self.pick(['=', '<', '>=', '!='])} {make(any_kind)})",
                lambda: f"({make('BOOL')} {self.pick(['AND', 'OR'])} {make('BOOL')})",
                lambda: f"(NOT {make('BOOL')})",
                lambda: f"({make(any_kind)} IS {self.pick(['', 'NOT '])}NULL)",
                lambda: f"({make(any_kind)} IN ({make(any_kind)}, {make(any_kind)}))",
                lambda: f"({make(any_kind)} BETWEEN {make(any_kind)} AND {make(any_kind)})",
                lambda: f"({make('STRING')} LIKE " + self.pick(["'%a%'", "''", "'_'"]) + ")",
                lambda: f"({make('INT64')} IN UNNEST({make('ARRAY')}))",
                lambda: self.exists(columns, depth - 1), lambda: self.in_query(columns, depth - 1),
            ],
            "DATE": [lambda: f"DATE_ADD({make('DATE')}, INTERVAL 1 MONTH)",
                     lambda: f"DATE_TRUNC({make('DATE')}, YEAR)"],
            "NUMERIC": [lambda: f"({make('NUMERIC')} + {make('NUMERIC')})",
                        lambda: f"CAST({make('BOOL')} AS INT64) * NUMERIC '2'"],
            "TIMESTAMP": [lambda: f"TIMESTAMP_ADD({make('TIMESTAMP')}, INTERVAL 1 HOUR)",
                          lambda: f"TIMESTAMP({make('DATE')}, 'UTC')"],
            "ARRAY": [lambda: f"ARRAY_CONCAT({make('ARRAY')}, {make('ARRAY')})",
                      lambda: f"[{make('INT64')}, {make('INT64')}]"],
        }
        return self.pick(own[kind] * 2 + common)()

    # ---- Queries ----

    def table(self, columns_outer, depth):
        """FROM item and its columns."""
        name = self.alias()
        if depth > 0 and self.chance(15):
            query, columns = self.select(columns_outer and [], depth - 1, names=True)
            return f"({query}) {name}", [(f"{name}.{c}", t) for c, t in columns]
        table = self.pick(list(TABLES))
        hint = ""
        if table == "P" and self.chance(10):
            hint = "@{FORCE_INDEX=" + self.pick(["PI", "PS", "_BASE_TABLE"]) + "}"
        return f"{table}{hint} {name}", [(f"{name}.{c}", t) for c, t in TABLES[table]]

    def source(self, outer, depth):
        text, columns = self.table(outer, depth)
        while depth > 0 and self.chance(35):
            right, more = self.table(outer, depth - 1)
            kind = self.pick(["JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "CROSS JOIN"])
            text += f" {kind} {right}"
            if kind != "CROSS JOIN":
                text += " ON " + self.join_condition(columns, more, depth)
            columns = columns + more
        return text, columns

    def join_condition(self, left, right, depth):
        kind = self.pick(["INT64", "INT64", "STRING"])
        a = [c for c, t in left if t == kind]
        b = [c for c, t in right if t == kind]
        if not a or not b:
            return self.expr("BOOL", left + right, 1)
        text = f"{self.pick(a)} = {self.pick(b)}"
        if self.chance(30):
            text += " AND " + self.expr("BOOL", left + right, 1)
        return text

    def where(self, columns, depth):
        if self.chance(40):
            return ""
        if self.chance(40):
            keys = [c for c, t in columns if t == "INT64"]
            if keys:
                key = self.pick(keys)
                return " WHERE " + self.pick([
                    f"{key} = {self.literal('INT64', 5)}", f"{key} > {self.literal('INT64', 5)}",
                    f"{key} IN (1, 3, {self.literal('INT64', 5)})", f"{key} BETWEEN 0 AND 2",
                    f"{key} IS NULL", f"{key} < 2 AND {key} >= 0"])
        return " WHERE " + self.expr("BOOL", columns, depth)

    def select(self, outer, depth, names=False):
        """A query and its columns (name, type)."""
        source, columns = self.source(outer, depth)
        scope = columns + (outer or [])
        where = self.where(scope, min(depth, 2))
        if self.chance(30):
            return self.grouped(source, columns, where, depth)
        kinds = [self.pick(SCALARS) for _ in range(self.random.randint(1, 3))]
        items = [(f"c{i}", kind) for i, kind in enumerate(kinds)]
        exprs = [self.expr(kind, scope, min(depth, 2)) for kind in kinds]
        distinct = "DISTINCT " if self.chance(15) else ""
        text = ", ".join(f"{e} AS {name}" for e, (name, _) in zip(exprs, items))
        return f"SELECT {distinct}{text} FROM {source}{where}", items

    def grouped(self, source, columns, where, depth):
        groupable = [c for c in columns if c[1] not in ("ARRAY", "FLOAT64")]
        keys = [self.pick(groupable) for _ in range(self.random.randint(0, 2)) if groupable]
        items, texts = [], []
        for i, (column, kind) in enumerate(keys):
            items.append((f"g{i}", kind))
            texts.append(f"{column} AS g{i}")
        for i in range(self.random.randint(1, 3)):
            text, kind = self.aggregate(columns, depth)
            items.append((f"c{i}", kind))
            texts.append(f"{text} AS c{i}")
        group = " GROUP BY " + ", ".join(str(i + 1) for i in range(len(keys))) if keys else ""
        having = f" HAVING COUNT(*) > {self.pick(['0', '1', '2'])}" if self.chance(20) else ""
        return f"SELECT {', '.join(texts)} FROM {source}{where}{group}{having}", items

    def aggregate(self, columns, depth):
        make = lambda k: self.expr(k, columns, 1)  # noqa: E731
        distinct = "DISTINCT " if self.chance(20) else ""
        kind = self.pick(SCALARS)
        return self.pick([
            ("COUNT(*)", "INT64"), (f"COUNT({distinct}{make(kind)})", "INT64"),
            (f"SUM({distinct}{make('NUMERIC')})", "NUMERIC"),
            (f"MIN({make(kind)})", kind), (f"MAX({make(kind)})", kind),
            (f"COUNTIF({make('BOOL')})", "INT64"), (f"LOGICAL_OR({make('BOOL')})", "BOOL"),
            (f"BIT_XOR({make('INT64')})", "INT64"), (f"AVG({make('NUMERIC')})", "NUMERIC"),
        ])

    def scalar_subquery(self, kind, outer, depth):
        source, columns = self.source(outer, min(depth, 1))
        where = self.where(columns + outer, 1)
        inner = self.expr(kind, columns + outer, 1)
        return f"(SELECT MAX({inner}) FROM {source}{where})"

    def exists(self, outer, depth):
        source, columns = self.source(outer, min(depth, 1))
        return f"EXISTS (SELECT 1 FROM {source}{self.where(columns + outer, 1)})"

    def in_query(self, outer, depth):
        kind = self.pick(["INT64", "STRING", "DATE"])
        source, columns = self.source(outer, min(depth, 1))
        where = self.where(columns + outer, 1)
        word = self.pick(["IN", "NOT IN"])
        return (f"({self.expr(kind, outer, 1)} {word} "
                f"(SELECT {self.expr(kind, columns, 1)} FROM {source}{where}))")

    def query(self):
        text, items = self.select([], 2)
        if self.chance(15):
            word = self.pick(["UNION ALL", "UNION DISTINCT", "INTERSECT DISTINCT",
                              "EXCEPT DISTINCT", "EXCEPT ALL"])
            other = ", ".join(self.literal(kind) for _, kind in items)
            text += f" {word} SELECT {other}"
        if self.chance(40):
            order = ", ".join(f"{i + 1}{self.pick(['', ' DESC'])}" for i in range(len(items)))
            text += f" ORDER BY {order}"
            if self.chance(40):
                text += f" LIMIT {self.random.randint(0, 5)} OFFSET {self.random.randint(0, 2)}"
        return text

    def rows(self, table, count):
        columns = TABLES[table]
        keys = 1 if table == "P" else 2
        seen = set()
        for _ in range(count):
            row = [self.literal(kind, 0 if i < keys else 20) for i, (_, kind) in enumerate(columns)]
            if tuple(row[:keys]) in seen:
                continue
            seen.add(tuple(row[:keys]))
            yield f"({', '.join(row)})"


def connect(host, seed):
    os.environ["SPANNER_EMULATOR_HOST"] = host
    server = record.Emulator()
    server.use(f"differential-{seed}")
    generator = Generator(seed)
    for statement in DDL:
        run(server, statement)
    for table, columns in TABLES.items():
        names = ", ".join(name for name, _ in columns)
        rows = ", ".join(generator.rows(table, 12))
        answer = run(server, f"INSERT INTO {table} ({names}) VALUES {rows}")
        assert answer[0].startswith("= "), answer
    return server


def run(server, statement):
    case = record.Case()
    case.statement = statement
    answer = server.answer(case, False)
    if answer[0].startswith("ERROR"):
        return [" ".join(answer[0].split()[:2])]
    # -0.0 and 0.0 are equal: which of them stands for a group is anybody's choice.
    lines = [line.replace("-0.0", "0.0") for line in answer]
    return lines[:1] + (sorted(lines[1:]) if lines[0].startswith("~") else lines[1:])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--emulator", required=True)
    parser.add_argument("--local", required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=1000)
    arguments = parser.parse_args()
    emulator = connect(arguments.emulator, arguments.seed)
    local = connect(arguments.local, arguments.seed)
    generator = Generator(arguments.seed)
    differ = errors = 0
    for _ in range(arguments.count):
        statement = generator.query()
        want, got = run(emulator, statement), run(local, statement)
        errors += want[0].startswith("ERROR")
        if want == got or want[0] == "ERROR DEADLINE_EXCEEDED":  # no verdict from the emulator
            continue
        differ += 1
        print(f"{statement}\n  emulator {want[:6]}\n  local    {got[:6]}", flush=True)
    print(f"{arguments.count} statements, {errors} errors, {differ} differ")
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
