"""A real Keycloak: docs/guide/keycloak-people.json is all that people need to sign in there, in a
browser and from a terminal, and to be signed out. Not part of the suite, for it starts for half a
minute: `tests/control/run PROGRAM test_keycloak.py` gets it and runs this."""

import json
import pathlib
import types

import pytest

import people
import planted
from broker import running
from keycloak_process import ADMINISTRATOR, KeycloakProcess
from plane import Plane
from test_command_line import REFUSED, Terminal

RECIPE = pathlib.Path(__file__).parents[2] / "docs/guide/keycloak-people.json"
EXAMPLE = "https://control.example.com"  # where the recipe says that the page is
PASSWORD = "keycloak-pa55word"
PEOPLE = {"alice": "sre", "lena": "leads"}


@pytest.fixture(scope="module")
def keycloak(request, tmp_path_factory):
    planted.plant("Keycloak's administrator", ADMINISTRATOR)
    planted.plant("password of people", PASSWORD)
    yield from running(KeycloakProcess(request.config.getoption("--keycloak"),
                                       tmp_path_factory.mktemp("keycloak")))


def issuer_for(keycloak):
    """Makes the realm of the recipe, for a page that is elsewhere."""
    def made(page):
        realm = json.loads(RECIPE.read_text().replace(EXAMPLE, page))
        realm["clients"][0]["secret"] = "page-s3cret"
        keycloak.administer("POST", "", realm)
        for group in sorted(set(PEOPLE.values())):
            keycloak.administer("POST", "/people/groups", {"name": group})
        for name, group in PEOPLE.items():
            keycloak.administer("POST", "/people/users", {
                "username": name, "enabled": True, "groups": [f"/{group}"], "email": f"{name}@x.y",
                "firstName": name, "lastName": "Example",
                "credentials": [{"type": "password", "value": PASSWORD, "temporary": False}]})
        return types.SimpleNamespace(url=keycloak.url + "/realms/people")

    return made


@pytest.fixture(scope="module")
def served(request, keycloak, spanner, tmp_path_factory, other):
    spanner.create_database("keycloak")
    plane = Plane(request.config.getoption("--program"), spanner, tmp_path_factory.mktemp("plane"),
                  "keycloak", issuer_for(keycloak), other)
    yield plane
    plane.stop(kill=True)


@pytest.fixture
def page(browser):
    context = browser.new_context()
    yield context.new_page()
    context.close()


def log_in(page, who):
    page.locator("#username").fill(who)
    page.locator("#password").fill(PASSWORD)
    page.locator("#kc-login").click()


def sign_in(page, served, who):
    page.goto(served.url)
    page.get_by_role("link", name="Sign in with").click()
    log_in(page, who)
    page.get_by_role("button", name="Sign out").wait_for()


def id_of(keycloak, who):
    return keycloak.administer("GET", f"/people/users?exact=true&username={who}")[0]["id"]


def test_a_person_signs_in_and_out_in_a_browser(served, page):
    sign_in(page, served, "alice")
    session = page.evaluate("fetch('/auth/session').then(r => r.json())")
    assert session["roles"] == ["operator"]
    page.get_by_role("button", name="Sign out").click()
    page.get_by_text("Do you want to log out?").wait_for()  # we keep no token that would tell who
    page.locator("#kc-logout").click()
    page.get_by_role("link", name="Sign in with").wait_for()
    page.get_by_role("link", name="Sign in with").click()
    page.locator("#username").wait_for()  # the session there is over too


def test_an_administrator_signs_a_person_out_everywhere(served, keycloak, page):
    sign_in(page, served, "lena")
    keycloak.administer("POST", f"/people/users/{id_of(keycloak, 'lena')}/logout")
    page.get_by_role("link", name="Sign in with").wait_for()
    ended = [e for e in served.entries() if e["action"] == "session.end" and e["phase"] == "intent"]
    assert ended[-1]["details"].get("by") == "the issuer", ended[-1]


@pytest.mark.parametrize("way", [(), ("--browser",)])
def test_a_person_signs_in_from_a_terminal(request, served, keycloak, browser, tmp_path, way):
    def confirm(page, shown):
        log_in(page, "alice")
        if not way:
            page.get_by_role("button", name="Yes").click()
            page.get_by_text("Device Login Successful").wait_for()

    terminal = Terminal(request.config.getoption("--program"), tmp_path, served.url)
    assert "(roles: operator)" in terminal.login(browser, confirm, *way)
    assert terminal.ask("whoami")["groups"] == ["sre"]
    # What is kept renews itself until an administrator says no.
    kept = json.loads(terminal.logins.read_text())
    kept["servers"][served.url]["expires_at"] = 0
    terminal.logins.write_text(json.dumps(kept))
    assert terminal.ask("whoami")["groups"] == ["sre"]
    keycloak.administer("POST", f"/people/users/{id_of(keycloak, 'alice')}/logout")
    kept = json.loads(terminal.logins.read_text())
    kept["servers"][served.url]["expires_at"] = 0
    terminal.logins.write_text(json.dumps(kept))
    assert "Sign in again" in terminal.run("remote", "whoami", code=REFUSED)
