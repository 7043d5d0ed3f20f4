#!/usr/bin/env python3
"""`kafka-spanner sql` as a person uses it, on a terminal, against a local Spanner of its own.

shell_test.py PROGRAM [unittest arguments]
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

from terminal import Terminal

PROGRAM = sys.argv.pop(1)
DATABASE = "projects/p/instances/i/databases/shell"
SCHEMA = """
CREATE TABLE Singers (
  SingerId INT64 NOT NULL, Name STRING(100) DEFAULT ('nobody'),
  Upper STRING(100) AS (UPPER(Name)) STORED, CONSTRAINT Positive CHECK (SingerId > 0)
) PRIMARY KEY (SingerId);
CREATE TABLE Albums (
  SingerId INT64 NOT NULL, AlbumId INT64 NOT NULL, Title STRING(MAX),
) PRIMARY KEY (SingerId, AlbumId DESC), INTERLEAVE IN PARENT Singers ON DELETE CASCADE;
CREATE UNIQUE INDEX ByTitle ON Albums (Title DESC, AlbumId);
CREATE TABLE Concerts (
  Id INT64 NOT NULL, SingerId INT64,
  CONSTRAINT Who FOREIGN KEY (SingerId) REFERENCES Singers (SingerId)
) PRIMARY KEY (Id);
CREATE VIEW Names SQL SECURITY INVOKER AS SELECT s.Name FROM Singers AS s;
"""


class Shell(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp())
        cls.spanner = subprocess.Popen(
            [PROGRAM, "spanner", "--in-memory", "--listen", "127.0.0.1:0", "--output", "json",
             "--database", DATABASE],
            stdout=subprocess.PIPE, text=True,
        )
        cls.address = json.loads(cls.spanner.stdout.readline())["address"]
        cls.base = [PROGRAM, "sql", "--endpoint", cls.address, "-d", DATABASE]
        cls.environment = dict(
            os.environ, TERM="xterm", XDG_STATE_HOME=str(cls.folder), LC_ALL="C.UTF-8"
        )
        done = cls.script("-e", SCHEMA)
        assert done.returncode == 0, done.stderr

    @classmethod
    def tearDownClass(cls):
        cls.spanner.kill()
        cls.spanner.wait()
        cls.spanner.stdout.close()
        shutil.rmtree(cls.folder)

    @classmethod
    def script(cls, *arguments, stdin=""):
        return subprocess.run(
            cls.base + list(arguments), env=cls.environment, input=stdin, text=True,
            capture_output=True, timeout=120,
        )

    def shell(self):
        terminal = Terminal(self.base, self.environment)
        self.addCleanup(terminal.kill)
        terminal.expect("sql> $")
        terminal.run("\\timing off")
        return terminal

    # ---- At the prompt

    def test_statements_span_lines_and_end_with_a_semicolon(self):
        shell = self.shell()
        self.assertEqual(shell.run("SELECT 'a;b' AS x, -- not yet;", r"->> $").strip(), "")
        self.assertRegex(shell.run("1 + 1 AS y;"), r"x +y\s+-+ +-\s+a;b +2\s+\(1 row\)")
        shell.type("\x04")
        self.assertEqual(shell.end(), 0)

    def test_the_prompt_shows_the_transaction(self):
        shell = self.shell()
        inside = r"sql \(transaction\)> $"
        shell.run("BEGIN;", inside)
        self.assertIn("1 row changed", shell.run("INSERT INTO Concerts (Id) VALUES (1);", inside))
        self.assertIn("no part of a transaction", shell.run("DROP TABLE Albums;", inside))
        self.assertRegex(shell.run("SELECT COUNT(*) FROM Concerts;", inside), r"\n *1\s")
        self.assertIn("rolled back", shell.run("ROLLBACK;"))
        self.assertRegex(shell.run("SELECT COUNT(*) FROM Concerts;"), r"\n *0\s")
        shell.run("BEGIN;", inside)
        shell.run("INSERT INTO Concerts (Id) VALUES (2);", inside)
        self.assertRegex(shell.run("COMMIT;"), r"committed at \d{4}-\d\d-\d\dT")
        self.assertIn("1 row changed", shell.run("DELETE FROM Concerts WHERE Id = 2;"))
        self.assertIn("no transaction is open", shell.run("COMMIT;"))
        read_only = r"sql \(read only\)> $"
        shell.run("BEGIN READ ONLY;", read_only)
        self.assertIn("read-write", shell.run("DELETE FROM Concerts WHERE true;", read_only))
        shell.run("ROLLBACK;")

    def test_a_transaction_is_kept_while_its_person_thinks(self):
        shell = self.shell()
        inside = r"sql \(transaction\)> $"
        shell.run("BEGIN;", inside)
        shell.run("INSERT INTO Concerts (Id) VALUES (3);", inside)
        time.sleep(13)  # Spanner aborts one that is idle for ten seconds
        self.assertIn("committed", shell.run("COMMIT;"))
        shell.run("DELETE FROM Concerts WHERE true;")

    def test_ctrl_c_gives_up_the_line_and_cancels_the_query_and_no_more(self):
        shell = self.shell()
        shell.type("SELECT nonsense")
        shell.expect("nonsense$")
        shell.type("\x03")
        shell.expect("sql> $")
        series = "UNNEST(GENERATE_ARRAY(1, 9999))"
        shell.type(f"SELECT COUNT(*) FROM {series} a, {series} b, {series} c WHERE a+b+c = 7;\r")
        shell.expect("c = 7;")
        time.sleep(1)
        began = time.monotonic()
        shell.type("\x03")
        self.assertIn("cancelled", shell.expect("sql> $", within=20))
        self.assertLess(time.monotonic() - began, 20)
        self.assertRegex(shell.run("SELECT 7;"), r"\n *7\s")

    def test_tab_completes_tables_columns_and_keywords(self):
        shell = self.shell()
        shell.type("SELEC\t* FROM Conc\tWHERE Concerts.Si\t\x15")  # and away with it
        shell.expect("SELECT \\* FROM Concerts WHERE ")
        shell.type("sel\tTit\t")
        shell.expect("select Tit")
        shell.type("\x15SELECT * FROM \t")
        listed = "".join(f"(?=.*{name})" for name in ("Albums", "Concerts", "Singers", "Names"))
        shell.expect(rf"(?s)^{listed}.*SELECT \* FROM $")
        shell.type("\x03")
        shell.expect("sql> $")
        shell.run("CREATE TABLE Newcomers (Id INT64) PRIMARY KEY (Id);")
        shell.type("SELECT COUNT(*) FROM Newc\t;\r")
        self.assertIn("Newcomers", shell.expect("sql> $"))
        shell.run("DROP TABLE Newcomers;")

    def test_history_outlives_the_shell_but_not_what_began_with_a_space(self):
        first = self.shell()
        first.run("SELECT 41", "->> $")
        first.run("+ 1;")
        first.run(" SELECT 'secret';")
        first.type("\\q\r")
        self.assertEqual(first.end(), 0)
        second = self.shell()
        # Up: `\timing off` of this shell, `\q` of the last, and the statement before it.
        self.assertRegex(second.run("\x1b[A\x1b[A\x1b[A"), r"\n *42\s")
        kept = (self.folder / "kafka-spanner" / "sql_history").read_text()
        self.assertIn("SELECT 41\\n+ 1;\n", kept)
        self.assertNotIn("secret", kept)

    def test_errors_show_the_place(self):
        shell = self.shell()
        shell.run("SELECT 1,", "->> $")
        shown = shell.run("  nonsense;")
        self.assertIn("INVALID_ARGUMENT: Unrecognized name: nonsense", shown)
        self.assertRegex(shown, r"\n    nonsense\r?\n    \^")
        shown = shell.run("CREATE TABLE T (Id INT64) PRIMARY KEY Id;")
        self.assertRegex(shown, r"\n  CREATE TABLE T \(Id INT64\) PRIMARY KEY Id\r?\n {40}\^")

    def test_describe(self):
        shell = self.shell()
        listed = shell.run("\\d")
        self.assertRegex(listed, r"Albums +table +in Singers")
        self.assertRegex(listed, r"ByTitle +unique index +on Albums")
        self.assertRegex(listed, r"Names +view")
        self.assertNotIn("ByTitle", shell.run("\\dt"))
        singers = shell.run("\\d singers")
        self.assertRegex(singers, r"SingerId +INT64 +NOT NULL")
        self.assertRegex(singers, r"Name +STRING\(100\) +DEFAULT \('nobody'\)")
        self.assertRegex(singers, r"Upper +STRING\(100\) +AS \(UPPER\(Name\)\) STORED")
        self.assertRegex(singers, r"Checks:\s+Positive CHECK \(SingerId > 0\)")
        albums = shell.run("\\d Albums")
        self.assertRegex(albums, r"Primary key:\s+SingerId\s+AlbumId DESC\s")
        self.assertRegex(albums, r"Interleaved in:\s+Singers ON DELETE CASCADE")
        self.assertRegex(albums, r"Indexes:\s+ByTitle \(Title DESC, AlbumId\) UNIQUE")
        self.assertRegex(shell.run("\\d Concerts"),
                         r"Foreign keys:\s+Who \(SingerId\) REFERENCES Singers \(SingerId\)")
        self.assertIn("no table, view or index named Nothing", shell.run("\\d Nothing"))
        self.assertIn("\\timing", shell.run("\\?"))
        self.assertIn("there is no \\nonsense", shell.run("\\nonsense"))

    def test_explain(self):
        shell = self.shell()
        shell.run("INSERT INTO Singers (SingerId) VALUES (1), (2), (3);")
        plan = shell.run("EXPLAIN SELECT Name FROM Singers WHERE SingerId = 2;")
        self.assertRegex(plan, r"ID +OPERATOR")
        self.assertIn("on Singers", plan)
        self.assertNotIn("ROWS", plan)
        profile = shell.run("EXPLAIN ANALYZE SELECT Name FROM Singers;")
        self.assertRegex(profile, r"ID +OPERATOR +ROWS +EXECUTIONS +TIME")
        self.assertRegex(profile, r"Scan on Singers.* +3 +1 +\d")
        self.assertRegex(profile, r"3 rows, 3 scanned, [\d.]+ msecs")
        shell.run("EXPLAIN DELETE FROM Singers WHERE true;")
        self.assertRegex(shell.run("SELECT COUNT(*) FROM Singers;"), r"\n *3\s")  # it did not run
        self.assertIn("EXPLAIN is for", shell.run("EXPLAIN DROP TABLE Singers;"))
        shell.run("DELETE FROM Singers WHERE true;")

    def test_timing_and_format(self):
        shell = self.shell()
        self.assertIn("timing is on", shell.run("\\timing"))
        self.assertRegex(shell.run("SELECT 1;"), r"\d\.\d ms")
        shell.run("\\timing off")
        self.assertNotIn(" ms", shell.run("SELECT 1;"))
        shell.run("\\format json")
        self.assertIn('"a": 1', shell.run("SELECT 1 AS a;"))
        self.assertIn("\\format table, csv or json", shell.run("\\format xml"))

    # ---- From scripts

    def test_a_script_from_a_file_or_a_pipe(self):
        file = self.folder / "script.sql"
        file.write_text("SELECT 1 AS a, 'x,y' AS b;\nINSERT INTO Concerts (Id)\nVALUES (9);\n")
        done = self.script("-f", str(file), "--format", "csv")
        self.assertEqual((done.returncode, done.stdout), (0, 'a,b\n1,"x,y"\n'), done.stderr)
        done = self.script("--format", "json", stdin="DELETE FROM Concerts WHERE Id = 9;")
        self.assertEqual((done.returncode, json.loads(done.stdout)), (0, {"rows_changed": 1}))
        done = self.script("-f", "-", stdin="BEGIN; INSERT INTO Concerts (Id) VALUES (8); COMMIT;"
                                            "DELETE FROM Concerts WHERE true")
        self.assertIn("1 row changed", done.stdout)

    def test_a_script_ends_at_its_first_error_and_says_where(self):
        file = self.folder / "bad.sql"
        file.write_text("SELECT 1;\n\nSELECT\n  nonsense;\nSELECT 2;\n")
        done = self.script("-f", str(file))
        self.assertEqual(done.returncode, 2)
        self.assertIn(f"{file}:3: Unrecognized name: nonsense", done.stderr)
        self.assertIn("\n    nonsense\n    ^\n", done.stderr)
        self.assertNotIn("2", done.stdout)
        file.write_text("CREATE TABLE A1 (Id INT64) PRIMARY KEY (Id);\n"
                        "CREATE INDEX A1Index ON A1 (Missing);\nDROP TABLE A1;\n")
        done = self.script("-f", str(file))
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("bad.sql:2: ", done.stderr)
        self.assertEqual(done.stdout, "done\n")
        self.assertEqual(self.script("-e", "DROP TABLE A1").returncode, 0)
        self.assertEqual(self.script("-f", "/nowhere.sql").returncode, 2)

    def test_what_a_script_left_open_is_rolled_back(self):
        done = self.script("-e", "BEGIN; INSERT INTO Concerts (Id) VALUES (5)")
        self.assertEqual(done.returncode, 0)
        began = time.monotonic()
        again = "INSERT INTO Concerts (Id) VALUES (5); DELETE FROM Concerts WHERE true"
        done = self.script("-e", again)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertLess(time.monotonic() - began, 8)  # no lock was waited for

    def test_ddl_of_a_script_is_one_operation(self):
        # Spanner looks at the whole of an operation first: with a typo nothing of it is done.
        done = self.script("-e", "CREATE TABLE B1 (Id INT64) PRIMARY KEY (Id);\n"
                                 "CREATE TABL B2 (Id INT64) PRIMARY KEY (Id)")
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertRegex(done.stderr, r"\n  CREATE TABL B2 .*\n +\^\n")
        self.assertEqual(self.script("-e", "DROP TABLE B1").returncode, 2)


if __name__ == "__main__":
    unittest.main(verbosity=1)
