"""tools/layers accepts what layers.txt allows and fails on what it does not."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

TOOL = pathlib.Path(__file__).parent.parent / "layers"
LAYERS = """
base:
sql: base
  sql/errors:
  sql/types: sql/errors
  sql/eval: ..
spanner: base
local/spanner: base sql
only rocksdb/: local/spanner/storage
"""


def run(files):
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for path, text in {"tools/layers.txt": LAYERS, "src/base/a.h": "", **files}.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text)
        command = [sys.executable, TOOL, "--root", root]
        done = subprocess.run(command, capture_output=True, text=True)
        return done.returncode, done.stdout


class LayersTest(unittest.TestCase):
    def accepts(self, files):
        self.assertEqual(run(files)[0], 0, run(files)[1])

    def refuses(self, files, words):
        code, out = run(files)
        self.assertEqual(code, 1, out)
        self.assertIn(words, out)

    def test_downward_is_fine(self):
        self.accepts({"src/sql/eval/x.cc": '#include "base/a.h"\n#include "sql/types/t.h"\n'})
        self.accepts({"src/local/spanner/x/y.cc": '#include "sql/eval/e.h"\n'})
        self.accepts({"src/sql/whole.cc": '#include "sql/eval/e.h"\n'})

    def test_upward_is_refused(self):
        self.refuses({"src/base/x.h": '#include "sql/types/t.h"\n'}, "base must not see sql/types")
        self.refuses({"src/sql/types/x.h": '\n#include "sql/eval/e.h"\n'},
                     "src/sql/types/x.h:2: sql/types must not see sql/eval")

    def test_forbidden_edges_are_refused(self):
        self.refuses({"src/local/spanner/x.cc": '#include "spanner/client.h"\n'},
                     "local/spanner must not see spanner")
        self.refuses({"src/spanner/x.cc": '#include "local/spanner/x.h"\n'}, "must not see")

    def test_a_file_can_be_a_part(self):
        self.accepts({"src/sql/types/x.cc": '#include "sql/errors.h"\n'})
        self.refuses({"src/sql/errors.cc": '#include "sql/types/t.h"\n'}, "must not see sql/types")

    def test_doors(self):
        self.accepts({"src/local/spanner/storage/s.cc": "#include <rocksdb/db.h>\n"})
        self.refuses({"src/local/spanner/txn/s.cc": "#include <rocksdb/db.h>\n"}, "only")

    def test_fakes_are_for_tests(self):
        fake = '#include "sql/testing/fake.h"\n'
        self.accepts({"src/local/spanner/x_test.cc": fake})
        self.accepts({"src/sql/types/x_test.cc": fake})
        self.refuses({"src/local/spanner/x.cc": fake}, "only tests include")

    def test_a_file_outside_all_modules_is_refused(self):
        self.refuses({"src/misc/x.cc": ""}, "lies in no module")


if __name__ == "__main__":
    unittest.main()
