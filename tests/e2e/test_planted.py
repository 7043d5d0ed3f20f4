"""What looks for planted secrets finds them; and every pipeline of this suite has one to tell."""

import base64
import json
import urllib.parse

import pytest

import planted
from broker import PASSWORD
from worker import Program

FORMS = {
    "plain": lambda text: text,
    "in an URL": lambda text: urllib.parse.quote(text, safe=""),
    "in a form": lambda text: urllib.parse.urlencode({"p": text}),
    "base64 of it": lambda text: base64.b64encode(text.encode()).decode(),
    "base64 around it": lambda text: base64.b64encode(f"pipeline:{text}.".encode()).decode(),
    "hexadecimal": lambda text: text.encode().hex(),
    "JSON": lambda text: json.dumps({"password": text}),
}


@pytest.fixture
def unheard():
    """What is said in the test is forgotten: the suite must not find it."""
    before = len(planted.said)
    yield before
    del planted.said[before:]


@pytest.mark.parametrize("form", FORMS)
def test_what_a_command_says_is_found(form, unheard, tmp_path):
    said = f"login with {FORMS[form](PASSWORD)} refused"
    Program("/bin/sh", "", tmp_path)("-c", 'printf "%s" "$0" >&2', said)
    with pytest.raises(AssertionError, match="password of the pipelines"):
        planted.check(planted.said[unheard:])


def test_what_a_worker_leaves_and_shows_is_found(unheard, tmp_path):
    """Its log, and its arguments, which everybody on the machine sees."""
    directory = tmp_path / "left"
    directory.mkdir()
    worker = Program("/bin/sh", "", directory).start(
        "worker", "-c", "echo $E2E_KAFKA_PASSWORD >&2; exec sleep 60")
    worker.wait_for_log("pa55")
    with pytest.raises(AssertionError, match="worker.log"):
        planted.check(planted.left_in(directory))
    worker.kill()
    worker.log_path.unlink()  # the suite must not find it either
    wait = "echo ready >&2; while :; do sleep 0.1; done"
    shown = Program("/bin/sh", "", directory).start("shown", "-c", wait, PASSWORD)
    shown.wait_for_log("ready")
    shown.kill()
    with pytest.raises(AssertionError, match="arguments of shown"):
        planted.check(planted.said[unheard:])
