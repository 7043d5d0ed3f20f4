"""What must never be said: secrets that tests plant, as they are and as what they may have become
on their way, are in nothing that the program says or leaves: output, logs, answers, arguments.

Whoever gives a secret to the program plants it; `said` gathers what was heard of a whole run; the
conftest.py of each suite looks through it at the end, and through the files that were left."""

import base64
import json
import urllib.parse

secrets = []  # (what it is, the secret itself)
said = []  # (where, text)

OURS = (".log", ".out", ".jsonl")  # what files that the program wrote are called
# What others wrote: servers that stand for somebody else's.
FOREIGN = ("broker.log", "idp.log", "keycloak.log", "moto.log", "registry.log", "vault.log")


def plant(what, *these):
    secrets.extend((what, secret) for secret in these)


def hear(where, text):
    said.append((where, text if isinstance(text, str) else text.decode(errors="replace")))


def disguises(secret):
    """As it is, and as what it may have become on its way."""
    yield secret
    yield urllib.parse.quote(secret, safe="")
    yield urllib.parse.quote_plus(secret)
    yield json.dumps(secret)[1:-1]
    yield secret.encode().hex()
    for ahead in range(3):  # base64 of a text that it is part of
        encoded = base64.b64encode(b"x" * ahead + secret.encode()).decode()
        yield encoded[4 if ahead else 0:].rstrip("=")[:-1]


def lines_of(pem):
    """What of a key nobody else could say."""
    return [line for line in pem.splitlines() if len(line) > 30]


def left_in(directory, endings=OURS):
    """(where, text) of the files that the program wrote below that directory."""
    for path in directory.rglob("*"):
        ours = path.suffix in endings and path.name not in FOREIGN
        if ours and path.is_file() and not path.name[0].isdigit():  # Kafka's own data
            yield str(path), path.read_text(errors="replace")


def check(texts, of=secrets):
    forms = {form: name for name, secret in of for form in disguises(secret)}
    assert forms, "nothing is planted"
    for where, text in texts:
        for form, name in forms.items():
            assert form not in text, f"{name} ({form}) is in: {where}"
