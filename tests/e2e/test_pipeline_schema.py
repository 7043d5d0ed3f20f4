"""The JSON Schema of pipeline files, against the files of tests/pipelines and against `plan`, which
has the last word."""

import json
import pathlib
import re

import jsonschema
import pytest
import yaml

ROOT = pathlib.Path(__file__).parents[2]
# What is wrong with the form of a file, and so seen without its tables and its SQL.
FORM = {
    "error_bytes_expected", "error_database_name", "error_key_format", "error_missing_section",
    "error_number_expected", "error_pipeline_field", "error_pipeline_name",
    "error_registry_no_url", "error_select_expected", "error_unknown_format",
    "error_unknown_policy", "error_value_is_text",
}  # fmt: skip


@pytest.fixture(scope="module")
def program(request):
    from worker import Program

    return Program(request.config.getoption("--program"), "127.0.0.1:1", ".")


@pytest.fixture(scope="module")
def schema(program):
    schema = json.loads(program("schema").stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    return schema


def problems(schema, file):
    return list(jsonschema.Draft202012Validator(schema).iter_errors(yaml.safe_load(file)))


def test_takes_every_file_that_is_right(schema):
    files = [
        *ROOT.glob("tests/pipelines/*/pipeline.yaml"),
        *ROOT.glob("examples/*/pipeline.yaml"),
        *ROOT.glob("docs/guide/identity/*.yaml"),
    ]
    right = [file for file in files if not file.parent.name.startswith("error_")]
    assert len(right) > 60
    assert {str(f): p for f in right if (p := problems(schema, f.read_text()))} == {}


@pytest.mark.parametrize("case", sorted(FORM))
def test_refuses_a_form_that_is_wrong(schema, case):
    assert problems(schema, (ROOT / "tests/pipelines" / case / "pipeline.yaml").read_text())


def objects(schema, node, path=()):
    """(path, the names of its fields) of every mapping that the schema knows."""
    node = {**node, **schema["$defs"][node["$ref"][8:]]} if "$ref" in node else node
    for choice in node.get("oneOf", []) + node.get("anyOf", []):
        if choice.keys() & {"properties", "$ref", "additionalProperties"}:
            yield from objects(schema, choice, path)
    if "properties" in node:
        yield path, set(node["properties"])
    for name, field in node.get("properties", {}).items():
        yield from objects(schema, field, (*path, name))
    if isinstance(node.get("items"), dict):
        yield from objects(schema, node["items"], (*path, 0))
    if isinstance(node.get("additionalProperties"), dict):
        yield from objects(schema, node["additionalProperties"], (*path, "any"))


LOGIN = "tls: {}, sasl: {mechanism: PLAIN, username: u, password: secret://env/P}"
OAUTH = "oauth: {grant: token_file, token: secret://env/T}"
PART = f"{{format: json, schema: {{a: STRING}}, registry: {{url: https://r, {OAUTH}}}}}"
FILE = f"""
pipeline: p
kafka: {{brokers: b, {LOGIN}}}
from: {{kafka: {{topic: t, {LOGIN}}}, key: {PART}, value: {PART}}}
to: {{spanner: {{database: projects/p/instances/i/databases/d}}}}
assert: [{{check: "TRUE"}}]
tables: {{any: {{select: SELECT 1}}}}
limits: {{batch: {{}}, dead_letters: {{}}}}
audit: {{key: secret://env/K, checkpoints: c, kafka: {{brokers: b, topic: t, {LOGIN}}}}}
"""


def variants(path, schema):
    """Which fields there are may depend on the mechanism, the grant or the format."""
    last = path[-1] if path else ""
    grants = schema["$defs"]["oauth"]["properties"]["grant"]["enum"]
    if last == "oauth":
        return [{"grant": grant} for grant in grants]
    if last == "sasl":
        return [
            {"mechanism": mechanism, "grant": grant}
            for mechanism in schema["$defs"]["sasl"]["properties"]["mechanism"]["enum"]
            for grant in (grants if mechanism == "OAUTHBEARER" else [""])
        ]
    if last in ("key", "value"):
        formats = schema["$defs"][last]["properties"]["format"]["enum"]
        file = {"schema_file": "f"}
        return [{"format": f, **(file if f in ("avro", "protobuf") else {})} for f in formats]
    return [None]


def test_has_the_fields_that_plan_knows(program, schema, tmp_path):
    """`plan` lists them where one is far from all."""
    file = tmp_path / "pipeline.yaml"

    def known(path, variant):
        whole = {"": yaml.safe_load(FILE)}
        *outer, last = ("", *path)
        holder = whole
        for step in outer:
            holder = holder[step]
        if variant is not None:
            holder[last] = {name: value for name, value in variant.items() if value}
        holder[last]["nothing-like-it"] = 1
        file.write_text(yaml.safe_dump(whole[""], width=10_000))
        said = program("plan", file, "--ddl").stderr
        words = re.search(r"unknown field `nothing-like-it` in .*; known are (.*)", said)
        assert words, (path, variant, said)
        return set(words[1].split(", "))

    asked = set()
    for path, names in objects(schema, schema):
        if path[:2] == ("from", "any"):
            continue  # the same again
        found = set().union(*(known(path, variant) for variant in variants(path, schema)))
        assert found == names, path
        asked |= {(path, name) for name in names}
    assert len(asked) > 150


def test_the_page_is_made_from_it(program):
    page = (ROOT / "docs/guide/pipeline-file.md").read_text()
    assert page == program("doc", "pipeline-file").stdout
