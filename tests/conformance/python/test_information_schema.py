"""INFORMATION_SCHEMA against what Google's emulator (1.5.28) answered for the same schema.

Renew the recording with: pytest test_information_schema.py --endpoint HOST:PORT --emulator,
after deleting information_schema.json.
"""

import json
import pathlib

import pytest

RECORDED = pathlib.Path(__file__).with_name("information_schema.json")

QUERIES = {
    "columns of the metadata": """
        SELECT TABLE_NAME, ORDINAL_POSITION, COLUMN_NAME, SPANNER_TYPE, IS_NULLABLE
        FROM INFORMATION_SCHEMA.COLUMNS WHERE TABLE_SCHEMA = 'INFORMATION_SCHEMA'
        ORDER BY TABLE_NAME, ORDINAL_POSITION""",
}
OWN = "TABLE_SCHEMA NOT IN ('INFORMATION_SCHEMA', 'SPANNER_SYS')"
for table, condition, order in [
    ("SCHEMATA", "TRUE", "2"),
    ("TABLES", OWN, "2, 3"),
    ("COLUMNS", OWN, "2, 3, 5"),
    ("COLUMN_OPTIONS", OWN, "2, 3, 4"),
    ("COLUMN_COLUMN_USAGE", OWN, "3, 4"),
    ("INDEXES", OWN + " AND NOT SPANNER_IS_MANAGED", "2, 3, 4"),
    ("INDEX_COLUMNS", OWN + " AND NOT STARTS_WITH(INDEX_NAME, 'IDX_')", "2, 3, 4, 7, 6"),
    ("TABLE_CONSTRAINTS", OWN, "3"),
    ("CHECK_CONSTRAINTS", "CONSTRAINT_SCHEMA NOT IN ('INFORMATION_SCHEMA', 'SPANNER_SYS')", "3"),
    ("KEY_COLUMN_USAGE", OWN, "3, 8"),
    ("REFERENTIAL_CONSTRAINTS", "TRUE", "3"),
    ("CONSTRAINT_TABLE_USAGE", OWN, "6, 3"),
    ("CONSTRAINT_COLUMN_USAGE", OWN, "7, 3, 4"),
    ("VIEWS", OWN, "3"),
    ("DATABASE_OPTIONS", "TRUE", "3"),
    ("CHANGE_STREAMS", "TRUE", "3"),
    ("SEQUENCES", "TRUE", "3"),
]:
    QUERIES[table] = f"SELECT * FROM INFORMATION_SCHEMA.{table} WHERE {condition} ORDER BY {order}"


def ask(database, query):
    with database.snapshot() as snapshot:
        result = snapshot.execute_sql(query)
        rows = [list(row) for row in result]
        return {"columns": [f.name for f in result.fields], "rows": rows}


# Where production and the emulator differ, production counts: views say who runs them.
KNOWN = {"VIEWS": lambda answer: [row.__setitem__(4, "INVOKER") for row in answer["rows"]]}


@pytest.mark.parametrize("name", QUERIES)
def test_as_recorded(database, local, name):
    found = ask(database, QUERIES[name])
    if not RECORDED.exists():
        RECORDED.write_text("{}\n")
    recorded = json.loads(RECORDED.read_text())
    if not local and name not in recorded:
        recorded[name] = found
        RECORDED.write_text(json.dumps(recorded, indent=1, sort_keys=True) + "\n")
    expected = recorded[name]
    if name in KNOWN and local:
        KNOWN[name](expected)
    if name == "columns of the metadata":  # there are more tables here than the emulator has
        tables = {row[0] for row in expected["rows"]}
        found["rows"] = [row for row in found["rows"] if row[0] in tables]
    assert found["columns"] == expected["columns"]
    assert found["rows"] == expected["rows"]
