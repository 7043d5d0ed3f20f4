"""`login`, `logout` and `remote` as people at a terminal use them: against a real identity
provider, in a real browser."""

import json
import os
import pathlib
import re
import shutil
import stat
import subprocess
import time

import pytest

import people
import planted
from plane import Plane, pipeline_file

pytestmark = people.needs_browser

NEEDS_A_PERSON, REFUSED, USAGE = 4, 3, 2


def what_it_says(signing):
    """Of a login, until it waits for a person."""
    said = ""
    while "Waiting" not in said:
        line = signing.stderr.readline()
        assert line, said
        said += line
    return said


def address_in(said):
    return re.search(r"^ +(http\S+)$", said, re.M)[1]


class Terminal:
    """An account of a machine where `kafka-spanner` is."""

    def __init__(self, program, home, server):
        self.program, self.home, self.server = program, pathlib.Path(home), server
        self.logins = self.home / "kafka-spanner/logins.json"

    def environment(self, **more):
        clean = {name: value for name, value in os.environ.items()
                 if not name.startswith(("KAFKA_SPANNER", "DISPLAY", "WAYLAND"))}
        return {**clean, "XDG_CONFIG_HOME": str(self.home), **more}

    def start(self, *arguments):
        return subprocess.Popen([self.program, *arguments], stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True, env=self.environment())

    def run(self, *arguments, code=0, **more):
        done = subprocess.run([self.program, *arguments], capture_output=True, text=True,
                              timeout=120, env=self.environment(**more),
                              stdin=subprocess.DEVNULL)
        planted.hear(" ".join(arguments), done.stdout + done.stderr)
        assert done.returncode == code, (arguments, done.returncode, done.stdout, done.stderr)
        return done.stdout if code == 0 else done.stdout + done.stderr

    def ask(self, *arguments):
        return json.loads(self.run("--output", "json", "remote", *arguments))

    def login(self, browser, confirm, *options):
        """Reads the terminal, does in a browser what it says, and gives what it said at the end.
        `confirm` is given the page and the code that the terminal shows, if it shows one."""
        signing = self.start("login", "--server", self.server, *options)
        said = what_it_says(signing)
        page = browser.new_context().new_page()
        page.goto(address_in(said))
        code = re.search(r"the code (\S+)", said)
        confirm(page, code and code[1])
        if "--browser" in options:
            page.get_by_text("Back to the terminal").first.wait_for()
        page.context.close()
        out, err = signing.communicate(timeout=60)
        planted.hear("login", out + err)
        assert signing.returncode == 0, out + err
        kept = json.loads(self.logins.read_text())["servers"][self.server]
        planted.plant("tokens of a terminal", kept["id_token"], kept["refresh_token"])
        return out


def person(who):
    """Somebody who does what oidc-provider asks."""
    def confirm(page, code):
        if code:
            page.get_by_text("Confirm Device").wait_for()
            assert page.locator("code").inner_text() == code
            page.get_by_role("button", name="Continue").click()
        people.log_in(page, who)
        page.get_by_text("Authorize").first.wait_for()  # asked anew of a client without a secret
        page.get_by_role("button", name="Continue").click()
        if code:
            page.get_by_text("Sign-in Success").first.wait_for()

    return confirm


@pytest.fixture(scope="module")
def served(request, spanner, tmp_path_factory, other):
    option = request.config.getoption
    spanner.create_database("terminal")
    made = []

    def issuer_of(page):
        made.append(people.People(option("--oidc"), tmp_path_factory.mktemp("people"), page))
        return made[-1]

    plane = Plane(option("--program"), spanner, tmp_path_factory.mktemp("terminal"), "terminal",
                  issuer_of, other)
    plane.people = made[0]
    yield plane
    plane.stop(kill=True)
    made[0].stop()


@pytest.fixture
def terminal(request, served, tmp_path):
    count = iter(range(10))
    return lambda: Terminal(request.config.getoption("--program"), tmp_path / str(next(count)),
                            served.url)


def test_a_person_works_from_a_terminal(served, terminal, browser, tmp_path):
    alice, lena, ann = terminal(), terminal(), terminal()
    assert "as alice (roles: operator)" in alice.login(browser, person("alice"))
    assert "as lena (roles: lead)" in lena.login(browser, person("lena"), "--browser")
    ann.login(browser, person("ann"))
    assert stat.S_IMODE(alice.logins.stat().st_mode) == 0o600
    assert alice.ask("whoami")["subject"] == "alice"
    file = tmp_path / "dev1.yaml"
    file.write_text(pipeline_file("dev1", served.database))
    assert alice.run("remote", "configure", "dev1", str(file)) == "done\n"
    table = alice.run("remote", "pipelines").splitlines()
    assert table[0].split()[:3] == ["name", "environment", "status"]
    assert any(line.split()[:3] == ["dev1", "dev", "stopped"] for line in table), table
    assert "pipeline: dev1" in alice.run("remote", "show", "dev1")
    # Production needs two leads.
    file.write_text(pipeline_file("prod1", served.database))
    waits = alice.run("remote", "configure", "prod1", str(file), code=NEEDS_A_PERSON)
    request = re.search(r"needs approval: request (\S+)", waits)[1]
    assert "two for production" in waits
    assert "prod1" in lena.run("remote", "requests")
    assert "nothing was sent" in lena.run("remote", "approve", request, code=1)
    assert "pipeline: prod1" in lena.run("remote", "approve", request, "--yes")
    assert "two for production" in alice.run("remote", "run", request, code=NEEDS_A_PERSON)
    ann.run("remote", "approve", request, "--yes")
    assert alice.run("remote", "run", request) == "done\n"
    assert "denied" in lena.run("remote", "stop", "prod1", code=REFUSED)
    plan = alice.run("remote", "start", "prod1", "--plan")
    assert "new_state: running" in plan and "two for production" in plan
    done = [(e["action"], e["actor"]["subject"]) for e in served.entries()]
    assert ("approval.review", "lena") in done and ("pipeline.configure", "alice") in done


def test_a_login_is_renewed_once_by_whichever_command_comes_first(terminal, browser):
    """ID tokens last for 20 seconds, and the issuer takes a refresh token that comes twice for a
    theft: then everybody would have to sign in again."""
    alice = terminal()
    alice.login(browser, person("alice"))
    before = json.loads(alice.logins.read_text())
    for _ in range(3):
        several = [alice.start("remote", "whoami") for _ in range(4)]
        for each in several:
            out, err = each.communicate(timeout=60)
            assert each.returncode == 0 and "subject: alice" in out, err
    assert json.loads(alice.logins.read_text()) != before


def test_signing_out_ends_it_at_the_issuer_too(served, terminal, browser):
    alice, thief = terminal(), terminal()
    alice.login(browser, person("alice"))
    thief.logins.parent.mkdir(parents=True)
    shutil.copy(alice.logins, thief.logins)
    elsewhere = "http://127.0.0.1:1"
    assert f"not signed in at {elsewhere}" in alice.run(
        "logout", code=REFUSED, KAFKA_SPANNER_SERVER=elsewhere)
    assert alice.run("logout") == f"signed out of {served.url}\n"
    assert "not signed in" in alice.run("remote", "whoami", "--server", served.url, code=REFUSED)
    assert "Sign in again" in thief.run("remote", "whoami", code=REFUSED)


def test_what_is_not_right_is_said(served, terminal, browser):
    alice = terminal()
    assert "which control plane?" in alice.run("remote", "whoami", code=USAGE)
    assert "not signed in" in alice.run("remote", "whoami", "--server", served.url, code=REFUSED)
    assert "no control plane" in alice.run("login", "--server", served.people.url, code=REFUSED)
    assert "https" in alice.run("login", "--server", "http://control.example.com", code=USAGE)
    assert "--issuer is one of" in alice.run("login", "--server", served.url, "--issuer",
                                             "https://elsewhere.example", code=USAGE)
    alice.login(browser, person("alice"))
    assert "denied" in alice.run("remote", "configure", "nobodys", __file__, code=REFUSED)
    alice.logins.chmod(0o644)
    assert "chmod 600" in alice.run("remote", "whoami", code=NEEDS_A_PERSON)


def test_a_machine_shows_its_own_token(served, terminal, other, tmp_path):
    machine = terminal()
    token = other.token("robot", ["leads"])
    planted.plant("token of a machine", token)
    (tmp_path / "token").write_text(token)
    for more, options in (({"KAFKA_SPANNER_TOKEN": token}, ()),
                          ({}, ("--token", f"secret://file{tmp_path}/token"))):
        assert "subject: robot" in machine.run(
            "remote", "whoami", *options, KAFKA_SPANNER_SERVER=served.url, **more)
    assert not machine.logins.exists()


def test_a_code_that_nobody_confirms_lets_nobody_in(served, terminal, browser):
    mallory = terminal()
    signing = mallory.start("login", "--server", served.url)
    page = browser.new_context().new_page()
    page.goto(address_in(what_it_says(signing)))
    page.get_by_role("button", name="Abort").click()
    page.context.close()
    out, err = signing.communicate(timeout=60)
    assert signing.returncode == REFUSED and "access_denied" in err, out + err
    assert not mallory.logins.exists()


def test_only_tokens_for_the_command_line_itself_are_taken(plane, issuer):
    """Of an issuer that lies: ID tokens of other clients of it, as the page's, open nothing."""
    def tries(**claims):
        return plane.get("/v1/me", issuer.token("alice", ["sre"], **claims)).status_code

    assert tries(aud="control-cli") == tries(aud=["control-cli"], azp="control-cli") == 200
    assert tries() == 200  # a machine's
    time.sleep(0.2)
    for wrong in ({"aud": "control-page"}, {"aud": ["control-cli", "another"]},
                  {"aud": "control-cli", "azp": "another"}, {"aud": []}):
        assert tries(**wrong) == 401, wrong
        time.sleep(0.15)  # ten strangers a second go on record
    assert len(plane.refusals()) == 4
