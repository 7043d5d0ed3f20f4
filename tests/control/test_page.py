"""The page in a real browser, with a real identity provider: login, every view in light and dark,
on a desktop and a phone, and an accessibility check of each."""

import os
import pathlib
import shutil

import pytest

import people
from people import sign_in
from plane import Plane, pipeline_file

BINARY = shutil.which("chromium")
OPTIONAL = os.environ.get("KS_BROWSER") == "optional"
pytestmark = pytest.mark.skipif(BINARY is None and OPTIONAL, reason="there is no chromium here")

LOOKS = [(scheme, size) for scheme in ("light", "dark") for size in ("desktop", "phone")]
SIZES = {"desktop": (1280, 900), "phone": (390, 844)}
VIEWS = {"pipelines": "#/pipelines"}


@pytest.fixture(scope="module")
def browser():
    assert BINARY, "chromium is missing: tools/setup/run browser"
    with people.chromium(BINARY) as browser:
        yield browser


@pytest.fixture(scope="module")
def served(request, spanner, tmp_path_factory, other):
    """A control plane, its people, and two pipelines."""
    option = request.config.getoption
    spanner.create_database("page")
    made = []

    def issuer_of(page):
        made.append(people.People(option("--oidc"), tmp_path_factory.mktemp("people"), page))
        return made[-1]

    plane = Plane(option("--program"), spanner, tmp_path_factory.mktemp("page"), "page", issuer_of,
                  other)
    yield plane
    plane.stop(kill=True)
    made[0].stop()


@pytest.fixture
def page(browser, served):
    """A tab in which nothing goes wrong, what its policy forbids included."""
    context = browser.new_context()
    made = context.new_page()
    made.wrong = []

    def hear(message):
        ours = message.location["url"].startswith(served.url)
        if message.type == "error" and ours and "status of 4" not in message.text:
            made.wrong.append(message.text)

    made.on("console", hear)
    made.on("pageerror", lambda error: made.wrong.append(str(error)))
    yield made
    assert made.wrong == []
    context.close()


@pytest.fixture
def shots(request, tmp_path):
    """Where screenshots go: KS_SCREENSHOTS, or nowhere that lasts."""
    folder = pathlib.Path(os.environ.get("KS_SCREENSHOTS", tmp_path))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def check_accessible(page, axe):
    page.evaluate(pathlib.Path(axe).read_text())  # past the page's own policy, as an extension is
    found = page.evaluate("axe.run()")
    wrong = [(each["id"], each["help"], [node["html"][:120] for node in each["nodes"][:3]])
             for each in found["violations"]]
    assert wrong == [], page.url
    assert len(found["passes"]) > 10


def test_a_person_signs_in_and_out(served, page):
    sign_in(page, served.url, "alice")
    assert page.get_by_role("heading", name="Pipelines").is_visible()
    cookies = {each["name"]: each for each in page.context.cookies()}
    session = cookies["kafka_spanner_session"]
    assert session["httpOnly"] and session["sameSite"] == "Strict"
    assert "kafka_spanner_login" not in cookies
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="Yes, sign me out").click()
    page.get_by_role("heading", name="Sign in").wait_for()
    assert "kafka_spanner_session" not in {each["name"] for each in page.context.cookies()}
    actions = [(e["action"], e["phase"]) for e in served.entries() if "session" in e["action"]]
    for action in ("session.begin", "session.end"):
        for phase in ("intent", "change", "result"):
            assert (action, phase) in actions, actions


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_is_accessible_in_every_look(request, served, page, shots, view):
    sign_in(page, served.url, "ann")
    axe = request.config.getoption("--axe")
    for scheme, size in LOOKS:
        width, height = SIZES[size]
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=scheme)
        page.goto(served.url + "/" + VIEWS[view])
        page.locator(".view > *").first.wait_for()
        page.wait_for_timeout(300)
        page.screenshot(path=shots / f"{view}-{scheme}-{size}.png", full_page=True)
        check_accessible(page, axe)
        overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert overflow <= 0, f"{view} is wider than a {size}"
