"""Codes and texts of refused writes. The texts are the emulator's, recorded from version 1.5.28."""

import pytest
from google.cloud.spanner_v1.types import KeyRange, Mutation
from raw import READ_WRITE, STRONG, delete, error_of, values, write

TYPES_PAGE = "https://cloud.google.com/spanner/docs/data-types"

CASES = [
    # name, mutations, code, text
    ("duplicate", [write("insert", "Singers", ["SingerId"], [1])], "ALREADY_EXISTS",
     "Table Singers: Row {Int64(1)} already exists."),
    ("update missing", [write("update", "Singers", ["SingerId", "FirstName"], [99, "a"])],
     "NOT_FOUND", "Table Singers: Row {Int64(99)} not found."),
    ("table", [write("insert", "Nope", ["SingerId"], [99])], "NOT_FOUND", "Table not found: Nope"),
    ("column", [write("insert", "Singers", ["SingerId", "Nope"], [99, "a"])], "NOT_FOUND",
     "Column not found in table Singers: Nope"),
    ("column twice", [write("insert", "Singers", ["SingerId", "FirstName", "firstname"],
                            [99, "a", "b"])],
     "INVALID_ARGUMENT", "Multiple values for column FirstName."),
    ("value count", [write("insert", "Singers", ["SingerId", "FirstName"], [99])],
     "INVALID_ARGUMENT",
     "Mutation column and value size mismatch: Found: 2 columns and 1 values"),
    ("no key", [write("insert", "Singers", ["FirstName"], ["a"])], "FAILED_PRECONDITION",
     "A new row in table Singers does not specify a non-null value for NOT NULL column: SingerId"),
    ("null key", [write("insert", "Singers", ["SingerId"], [None])], "FAILED_PRECONDITION",
     "Cannot specify a null value for column: Singers.SingerId in table: Singers"),
    ("INT64 text", [write("insert", "Singers", ["SingerId"], ["abc"])], "FAILED_PRECONDITION",
     "Could not parse abc as an integer"),
    ("INT64 number", [write("insert", "Singers", ["SingerId"], [1.5])], "FAILED_PRECONDITION",
     "Could not parse number_value: 1.5\n as INT64"),
    ("INT64 bool", [write("insert", "Singers", ["SingerId"], [True])], "FAILED_PRECONDITION",
     "Could not parse bool_value: true\n as INT64"),
    ("STRING number", [write("insert", "Singers", ["SingerId", "FirstName"], [5, 1.5])],
     "FAILED_PRECONDITION", "Could not parse number_value: 1.5\n as STRING"),
    ("BYTES", [write("insert", "Singers", ["SingerId", "Info"], [5, "!!"])],
     "FAILED_PRECONDITION",
     "Could not parse !! as BYTES. Byte strings must be base64-encoded. For more details, see "
     "https://cloud.google.com/spanner/docs/reference/rpc/google.spanner.v1#typecode"),
    ("DATE", [write("insert", "Singers", ["SingerId", "BirthDate"], [5, "2020-13-01"])],
     "FAILED_PRECONDITION",
     "Could not parse 2020-13-01 as a DATE. Dates must be in the format YYYY-[M]M-[D]D and the "
     "year must be in the range [1, 9999]. For more details on the DATE type encoding, see "
     f"{TYPES_PAGE}#date-type"),
    ("TIMESTAMP zone", [write("insert", "Singers", ["SingerId", "Updated"],
                              [5, "2020-11-01T00:00:00+01:00"])], "FAILED_PRECONDITION",
     "Could not parse 2020-11-01T00:00:00+01:00 as a TIMESTAMP. The timestamp value must end with "
     "an uppercase literal 'Z' to specify Zulu time (UTC-0). For details on the TIMESTAMP type "
     f"encoding, see {TYPES_PAGE}#timestamp-type"),
    ("DATE year 0", [write("insert", "Singers", ["SingerId", "BirthDate"], [5, "0000-01-01"])],
     "INVALID_ARGUMENT",
     "Invalid date value: 0000-01-01. Dates must be in the format YYYY-[M]M-[D]D and the year must "
     "be in the range [1, 9999]. For more details on the DATE type encoding, see "
     f"{TYPES_PAGE}#date-type"),
    ("TIMESTAMP year 0", [write("insert", "Singers", ["SingerId", "Updated"],
                                [5, "0000-01-01T00:00:00Z"])], "INVALID_ARGUMENT",
     "Timestamp out of range: 0-01-01T00:00:00+00:00. For details on the TIMESTAMP type encoding, "
     f"see {TYPES_PAGE}#timestamp-type"),
    ("TIMESTAMP too late", [write("insert", "Singers", ["SingerId", "Updated"],
                                  [5, "9999-12-31T23:59:60Z"])], "INVALID_ARGUMENT",
     "Timestamp out of range: 10000-01-01T00:00:00+00:00. For details on the TIMESTAMP type "
     f"encoding, see {TYPES_PAGE}#timestamp-type"),
    ("NUMERIC", [write("insert", "Singers", ["SingerId", "Amount"], [5, "zz"])],
     "FAILED_PRECONDITION",
     "Could not parse zz as a NUMERIC. The NUMERIC type supports 38 digits of precision and 9 "
     f"digits of scale. See {TYPES_PAGE} for more details"),
    ("FLOAT64", [write("insert", "Singers", ["SingerId", "Score"], [5, "1.5"])],
     "FAILED_PRECONDITION",
     "Could not parse 1.5 as a FLOAT64. Only the following string values are supported for "
     f"FLOAT64: 'Infinity', 'NaN', and '-Infinity'. See {TYPES_PAGE}#floating-point-type for more "
     "details"),
    ("JSON", [write("insert", "Singers", ["SingerId", "Document"], [5, "{"])],
     "FAILED_PRECONDITION",
     f"Could not parse {{ as a JSON. See {TYPES_PAGE} for more details"),
    ("ARRAY", [write("insert", "Singers", ["SingerId", "Tags"], [5, "x"])], "FAILED_PRECONDITION",
     'Could not parse string_value: "x"\n as ARRAY<STRING>'),
    ("too long", [write("insert", "Singers", ["SingerId", "FirstName"], [5, "x" * 1025])],
     "FAILED_PRECONDITION",
     "New value exceeds the maximum size limit for this column: Singers.FirstName, size: 1025, "
     "limit: 1024."),
    ("null", [write("insert", "Singers", ["SingerId", "LastName"], [5, None])],
     "FAILED_PRECONDITION",
     "Cannot specify a null value for column: Singers.LastName in table: Singers"),
    ("check", [write("insert", "Singers", ["SingerId"], [-5])], "OUT_OF_RANGE",
     "Check constraint `Singers`.`PositiveId` is violated for key {Int64(-5)}"),
    ("foreign key", [write("insert", "Concerts", ["ConcertId", "SingerId"], [1, 77])],
     "FAILED_PRECONDITION",
     "Foreign key `FK_Singer` constraint violation on table `Concerts`. Cannot find referenced "
     "key `{Int64(77)}` in table `Singers`."),
    ("generated", [write("insert", "Singers", ["SingerId", "FullName"], [5, "x"])],
     "FAILED_PRECONDITION", "Cannot write into generated column `Singers.FullName`."),
    ("future", [write("insert", "Singers", ["SingerId", "Updated"], [11, "2999-11-01T00:00:00Z"])],
     "FAILED_PRECONDITION",
     "Cannot write timestamps in the future, found: 2999-11-01T00:00:00+00:00"),
    ("parent", [write("insert", "Albums", ["SingerId", "AlbumId"], [77, 1])], "NOT_FOUND",
     "Insert failed because key was not found in parent table:  Parent Table: Singers  Child "
     "Table: Albums  Key: {Int64(77)}"),
    ("unique", [write("insert", "Albums", ["SingerId", "AlbumId", "Title"], [1, 3, "t"])],
     "ALREADY_EXISTS", "UNIQUE violation on index AlbumsByTitle,  duplicate key: {String(\"t\")"),
    ("key parts", [delete("Albums", keys=[values(1)])], "FAILED_PRECONDITION",
     "Wrong number of key parts for Albums. Expected 2 key parts, found 1 key parts. Supplied "
     'key: values { string_value: "1" }'),
    ("deleted, updated", [delete("Singers", keys=[values(1)]),
                          write("update", "Singers", ["SingerId", "FirstName"], [1, "x"])],
     "INVALID_ARGUMENT",
     "Row {Int64(1)} in Singers was deleted and then updated in the same transaction."),
    ("index as table", [write("insert", "SingersByName", ["LastName"], ["x"])], "NOT_FOUND",
     "Table not found: SingersByName"),
    ("metadata", [write("insert", "INFORMATION_SCHEMA.TABLES", ["TABLE_NAME"], ["x"])],
     "NOT_FOUND", "Table not found: INFORMATION_SCHEMA.TABLES"),
    ("nothing", [Mutation()], "INVALID_ARGUMENT",
     "No value provided for required field: Mutation.operation"),
    ("range without end",
     [delete("Singers", ranges=[KeyRange(start_closed=values(1))])], "INVALID_ARGUMENT",
     "Key range must contain either end_closed or end_open."),
]


# Production says these in other words than the emulator; the local Spanner follows production.
PRODUCTION = {
    "duplicate": "Row [1] in table Singers already exists",
    "update missing": "Row [99] in table Singers is missing. Row cannot be updated.",
    "no key": "A row in table Singers does not specify a value for key column: SingerId.",
    "null key": "Cannot specify a null value for column: SingerId in table: Singers",
    "null": "Cannot specify a null value for column: LastName in table: Singers",
    "check": "Check constraint `Singers`.`PositiveId` is violated for key [-5]",
    "foreign key": "Foreign key constraint `FK_Singer` is violated on table `Concerts`. Cannot "
                   "find referenced values in Singers(SingerId).",
    "parent": "Parent row for row [77,1] in table Albums is missing. Row cannot be written.",
    "unique": "UNIQUE violation on index AlbumsByTitle, duplicate key: [t]",
    "deleted, updated": "Row [1] in table Singers was deleted and then updated in the same "
                        "transaction.",
}


@pytest.fixture(autouse=True)
def rows(api):
    api.commit(
        write("insert_or_update", "Singers", ["SingerId", "FirstName"], [1, "a"]),
        write("insert_or_update", "Albums", ["SingerId", "AlbumId", "Title"], [1, 1, "t"]),
    )


@pytest.mark.parametrize("name,mutations,code,text", CASES, ids=[c[0] for c in CASES])
def test_refused(api, local, name, mutations, code, text):
    found_code, found_text, _ = error_of(api.commit, *mutations)
    assert found_code == code
    assert found_text.startswith(PRODUCTION.get(name, text) if local else text)


def test_nothing_of_a_refused_commit_is_written(api):
    error_of(
        api.commit,
        write("insert", "Counters", ["Id", "N"], [1, 1]),
        write("insert", "Singers", ["SingerId"], [1]),
    )
    assert len(api.read("Counters", ["Id"]).rows) == 0


def test_session_not_found(api):
    missing = api.database + "/sessions/none"
    code, text, details = error_of(api.commit, session=missing)
    assert (code, text) == ("NOT_FOUND", f"Session not found: {missing}")
    assert details[0].resource_type == "type.googleapis.com/google.spanner.v1.Session"
    assert details[0].resource_name == missing


def test_transaction_is_required(api):
    code, text, _ = error_of(
        api.call, "commit", {"session": api.session}
    )
    assert code == "INVALID_ARGUMENT"
    assert text == "No value provided for required field: CommitRequest.transaction"


def test_unknown_transaction(api, local):
    code, text, _ = error_of(api.commit, transaction_id=b"123456")
    assert (code, text) == ("NOT_FOUND", "Transaction not found: 123456")


def test_finished_transactions(api):
    id = api.begin(READ_WRITE).id
    first = api.commit(transaction_id=id)
    assert api.commit(transaction_id=id).commit_timestamp == first.commit_timestamp
    code, text, _ = error_of(api.rollback, id)
    assert (code, text) == (
        "FAILED_PRECONDITION",
        "Cannot rollback a transaction after it has been committed.",
    )
    id = api.begin(READ_WRITE).id
    api.rollback(id)
    api.rollback(id)
    code, text, _ = error_of(api.commit, transaction_id=id)
    assert (code, text) == (
        "FAILED_PRECONDITION",
        "Cannot commit a transaction after it has been rolled back.",
    )
    id = api.begin(STRONG).id
    code, text, _ = error_of(api.commit, transaction_id=id)
    assert (code, text) == (
        "FAILED_PRECONDITION",
        "Cannot commit or rollback a read-only or partitioned-dml transaction.",
    )
