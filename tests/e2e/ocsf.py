"""OCSF's own schema, version 1.3.0, for a connection log, an audit log's export and checkpoints."""

import functools
import json

import jsonschema
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema

CLASSES = {0: "base_event", 3002: "authentication", 6003: "api_activity"}


@functools.cache
def validators():
    schema = OcsfJsonSchemaEmbedded(get_ocsf_schema(version="1.3.0"))
    return {uid: jsonschema.Draft202012Validator(schema.get_class_schema(class_name=name))
            for uid, name in CLASSES.items()}


def check(text):
    """The events, one a line, each of them right by its class."""
    entries = [json.loads(line) for line in text.splitlines()]
    for entry in entries:
        wrong = [error.message for error in validators()[entry["class_uid"]].iter_errors(entry)]
        assert not wrong, (wrong, entry)
    return entries
