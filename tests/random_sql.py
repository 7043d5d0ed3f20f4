"""Random schemas, rows, DML and queries for tests/differential.py: the same seed, the same ones."""
import random

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
TYPES = {"STRING": "STRING(MAX)", "ARRAY": "ARRAY<INT64>"} | {
    kind: kind for kind in ("INT64", "FLOAT64", "BOOL", "DATE", "NUMERIC", "TIMESTAMP")}


class Column:
    def __init__(self, name, kind, not_null=False, default=None, generated=None):
        self.name, self.type, self.not_null = name, kind, not_null
        self.default, self.generated = default, generated

    def ddl(self):
        text = f"{self.name} {TYPES[self.type]}" + (" NOT NULL" if self.not_null else "")
        if self.default:
            text += f" DEFAULT ({self.default})"
        return text + (f" AS ({self.generated}) STORED" if self.generated else "")


class Table:
    """`key`: how many of the first columns make it. `indexes`: those that a hint may name."""

    def __init__(self, name, columns, key):
        self.name, self.columns, self.key = name, columns, key
        self.indexes = []

    def written(self):
        return [c for c in self.columns if not c.generated]


class Generator:
    """Statements over `tables`. `columns` are the names in scope: (text, type)."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.aliases = 0
        self.tables = []

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
        table = self.pick(self.tables)
        hint = ""
        if self.chance(10):
            hint = "@{FORCE_INDEX=" + self.pick(table.indexes + ["_BASE_TABLE"]) + "}"
        return f"{table.name}{hint} {name}", [(f"{name}.{c.name}", c.type) for c in table.columns]

    def source(self, outer, depth):
        text, columns = self.table(outer, depth)
        while depth > 0 and self.chance(35):
            right, more = self.table(outer, depth - 1)
            kind = self.pick(["JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "CROSS JOIN"])
            text += f" {kind} {right}"
            if kind != "CROSS JOIN":
                if self.chance(15):
                    text = text.replace(f"{kind} {right}", f"{kind}{self.join_hint()} {right}")
                text += " ON " + self.join_condition(columns, more, depth)
            columns = columns + more
        return text, columns

    def join_hint(self):
        return "@{JOIN_METHOD=" + self.pick(["HASH_JOIN", "APPLY_JOIN", "MERGE_JOIN"]) + "}"

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

    # ---- Schemas ----

    def schema(self):
        """Statements that make tables, which queries are then about."""
        self.tables = []
        statements = []
        for name in ("P", "Q", "R")[:self.random.randint(2, 3)]:
            table = self.new_table(name)
            self.tables.append(table)
            orders = ", ".join(c.name + self.pick(["", "", " DESC"])
                               for c in table.columns[:table.key])
            columns = ", ".join(c.ddl() for c in table.columns)
            statements.append(f"CREATE TABLE {name} ({columns}) PRIMARY KEY ({orders})")
            for number in range(self.random.randint(0, 3)):
                statements.append(self.index(table, f"{name}X{number}"))
        return statements

    def new_table(self, name):
        key = self.random.randint(1, 3)
        kinds = [self.pick(["INT64", "INT64", "STRING", "DATE", "BOOL", "FLOAT64", "TIMESTAMP",
                            "NUMERIC"]) for _ in range(key)]
        columns = [Column(f"K{i}", kind, self.chance(60)) for i, kind in enumerate(kinds)]
        others = ["INT64", "STRING", "ARRAY"] + [self.pick(SCALARS) for _ in range(4)]
        for i, kind in enumerate(others):
            default = self.pick(VALUES[kind]) if self.chance(15) else None
            columns.append(Column(f"C{i}", kind, self.chance(10) and default is None, default))
        if self.chance(40):
            columns.append(Column("G", "STRING", generated="UPPER(C1)"))
        return Table(name, columns, key)

    def index(self, table, name):
        usable = [c for c in table.columns if c.type != "ARRAY"]
        chosen = self.random.sample(usable, self.random.randint(1, 2))
        rest = [c for c in table.columns[table.key:] if c not in chosen]
        unique = "UNIQUE " if self.chance(8) else ""
        filtered = "NULL_FILTERED " if self.chance(15) else ""
        parts = ", ".join(c.name + self.pick(["", " DESC"]) for c in chosen)
        storing = f" STORING ({self.pick(rest).name})" if self.chance(40) else ""
        if not filtered:
            table.indexes.append(name)
        return f"CREATE {unique}{filtered}INDEX {name} ON {table.name}({parts}){storing}"

    # ---- DML ----

    def values(self, columns):
        return ", ".join(self.literal(c.type, 0 if c.not_null else 15) for c in columns)

    def row_columns(self, table, verb):
        """The key, and each other column more often than not.

        INSERT OR UPDATE gets all: the emulator resets those that are left out, unlike Spanner
        (https://github.com/GoogleCloudPlatform/cloud-spanner-emulator/issues/303).
        """
        whole = verb == "INSERT OR UPDATE"
        return [c for c in table.written()
                if whole or c in table.columns[:table.key] or c.not_null or self.chance(80)]

    def rows(self, table, verb, count):
        columns = self.row_columns(table, verb)
        rows = ", ".join(f"({self.values(columns)})" for _ in range(count))
        return f"({', '.join(c.name for c in columns)}) VALUES {rows}"

    def returning(self, table):
        if not self.chance(40):
            return ""
        action = "WITH ACTION AS act " if self.chance(30) else ""
        if self.chance(30):
            return f" THEN RETURN {action}*"
        scope = [(c.name, c.type) for c in table.columns]
        kind = self.pick(SCALARS)
        return f" THEN RETURN {action}{self.plain(kind, scope)} AS r0, {self.pick(scope)[0]}"

    def plain(self, kind, scope):
        """An expression without subqueries, which THEN RETURN does not take."""
        while True:
            text = self.expr(kind, scope, 2)
            if "SELECT" not in text:
                return text

    def selected(self, table, verb, columns):
        """Of rows with the same key IGNORE takes the first, and a table's rows have no order."""
        source, scope = self.source([], 0)
        key = table.columns[:table.key]
        ignore = verb == "INSERT OR IGNORE"
        items = ", ".join(self.expr(c.type, scope, 1) if c in key or not ignore else
                          self.literal(c.type, 0 if c.not_null else 15) for c in columns)
        group = " GROUP BY " + ", ".join(str(i + 1) for i in range(len(key))) if ignore else ""
        return f"SELECT {items} FROM {source}{self.where(scope, 1)}{group}"

    def insert(self, table):
        """The emulator's IGNORE returns rows that it did not insert, so nothing is asked for."""
        verb = self.pick(["INSERT", "INSERT OR UPDATE", "INSERT OR IGNORE"])
        if self.chance(75):
            rows = self.rows(table, verb, self.random.randint(1, 3))
        else:
            columns = self.row_columns(table, verb)
            rows = f"({', '.join(c.name for c in columns)}) "
            rows += self.selected(table, verb, columns)
        returning = "" if verb == "INSERT OR IGNORE" else self.returning(table)
        return f"{verb} INTO {table.name} {rows}{returning}"

    def change(self, table):
        scope = [(c.name, c.type) for c in table.columns]
        where = self.where(scope, 2) or " WHERE TRUE"
        if self.chance(25):
            return f"DELETE FROM {table.name}{where}" + self.returning(table)
        free = [c for c in table.written() if c not in table.columns[:table.key]]
        chosen = self.random.sample(free, self.random.randint(1, 2))
        sets = ", ".join(f"{c.name} = " + ("DEFAULT" if c.default and self.chance(30) else
                                           self.expr(c.type, scope, 2)) for c in chosen)
        return f"UPDATE {table.name} SET {sets}{where}" + self.returning(table)

    def statement(self):
        if self.chance(70):
            return self.query()
        table = self.pick(self.tables)
        return self.insert(table) if self.chance(60) else self.change(table)
