"""tools/tidy fails on each thing it forbids, and on nothing else."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

TOOL = pathlib.Path(__file__).parent.parent / "tidy"
CLEAN = {
    "README.md": "See [docs](docs/guide.md).\n",
    "docs/guide.md": "Back to [the start](../README.md), or [the code](../src/x.h).\n",
    "src/x.h": "// X.\n#pragma once\nnamespace a::b {\nint F();\n}\n",
    "src/x.cc": '#include "x.h"\nnamespace a::b {\nnamespace {\nint G() {\n  return 1;\n}\n}\n}\n',
}


def run(changes):
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for path, text in {**CLEAN, **changes}.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text)
        command = [sys.executable, TOOL, "--root", root]
        done = subprocess.run(command, capture_output=True, text=True)
        return done.returncode, done.stdout


class TidyTest(unittest.TestCase):
    def accepts(self, changes):
        code, out = run(changes)
        self.assertEqual(code, 0, out)

    def refuses(self, rule, path, text, line=None):
        code, out = run({path: text})
        self.assertEqual(code, 1, out)
        self.assertIn(f"{path}:{line}: {rule}: " if line else f": {rule}: ", out)
        self.assertIn("tidy: 1 problems", out)

    def test_clean(self):
        self.accepts({})

    def test_columns(self):
        self.refuses("columns", "src/y.cc", "//" + "x" * 99 + "\n", 1)
        self.accepts({"src/y.cc": "//" + "x" * 98 + "\n"})

    def test_function_length(self):
        body = "  f();\n" * 69
        self.refuses("function-length", "src/y.cc", f"\nint F(\n    int x) {{\n{body}}}\n", 2)
        self.accepts({"src/y.cc": f"int F() {{\n{body[7:]}}}\n"})
        self.accepts({"src/y.cc": f"constexpr int kTable[] = {{\n{body}}};\n"})
        self.accepts({"src/y.cc": f'const char* kText = R"(\n{body}{{)";\n'})

    def test_methods_count_too(self):
        body = "    if (x) {\n    }\n" * 40
        text = f"class Y {{\n  void F() {{\n{body}  }}\n}};\n"
        self.refuses("function-length", "src/y.cc", text, 2)

    def test_named_tests(self):
        self.refuses("missing-test", "src/y.cc", "// See\n// z_test.cc.\n", 2)
        self.accepts({"src/y.cc": "// z_test.cc\n", "src/z_test.cc": "int z;\n"})

    def test_file_length(self):
        self.refuses("file-length", "src/y.cc", "\n" * 601)
        self.accepts({"src/y_test.cc": "\n" * 1000})
        self.refuses("file-length", "src/y_test.cc", "\n" * 1001)

    def test_namespace_depth(self):
        self.refuses("namespace-depth", "src/y.cc", "namespace a::b::c {\nnamespace d {\n}\n}\n", 2)
        self.accepts({"src/y.cc": "namespace google::spanner::v1 {\nclass X;\n}\n"})

    def test_headers(self):
        use = '#include "y.h"\n'
        self.assertIn("pragma-once", run({"src/y.h": "// Y.\n", "src/y.cc": use})[1])
        text = "#pragma once\nint F();\n"
        self.assertIn("header-prose", run({"src/y.h": text, "src/y.cc": use})[1])
        text = "// Y.\n#pragma once\nusing namespace std;\n"
        self.assertIn("using-namespace", run({"src/y.h": text, "src/y.cc": use})[1])

    def test_throw(self):
        self.refuses("throw", "src/y.cc", "void F() {\n  throw 1;\n}\n", 2)
        self.accepts({"src/y.cc": 'void F() {\n  // throw\n  G("throw", \'"\', 1\'000);\n}\n'})

    def test_nondeterminism(self):
        text = "int F() { return std::chrono::steady_clock::now(); }\n"
        self.refuses("nondeterminism", "src/y.cc", text, 1)
        self.accepts({"src/env/y.cc": text, "src/y_test.cc": text})

    def test_dead_header(self):
        self.refuses("dead-header", "src/dead.h", "// Y.\n#pragma once\n", 1)

    def test_docs(self):
        self.refuses("unreachable-doc", "docs/lost.md", "text\n", 1)
        self.refuses("broken-link", "README.md", "[docs](docs/guide.md)\n[gone](docs/gone.md)\n", 2)

    def test_exceptions(self):
        self.assertIn("not needed", run({"tools/tidy.exceptions": "throw src/x.cc\n"})[1])
        thrower = {"src/y.cc": "void F() { throw 1; }\n"}
        self.assertIn("src/y.cc:1: throw", run(thrower)[1])
        excused = run({**thrower, "tools/tidy.exceptions": "throw src/y.cc\n"})[1]
        self.assertNotIn("src/y.cc:1: throw", excused)
        many = [f"src/y{i}.cc" for i in range(100)]  # more than EXCEPTIONS_MAX will ever be
        listed = "".join(f"throw {path}\n" for path in many)
        throwers = {path: "void F() { throw 1; }\n" for path in many}
        self.assertIn("may only shrink", run({**throwers, "tools/tidy.exceptions": listed})[1])


if __name__ == "__main__":
    unittest.main()
