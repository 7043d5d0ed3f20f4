"""The page in a real browser, with a real identity provider: login, every view in light and dark,
on a desktop and a phone, and an accessibility check of each."""

import json
import os
import pathlib

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

import people
from people import sign_in
from plane import Plane, pipeline_file
from spanners import rows

pytestmark = people.needs_browser

LOOKS = [(scheme, size) for scheme in ("light", "dark") for size in ("desktop", "phone")]
SIZES = {"desktop": (1280, 900), "phone": (390, 844)}
# Where each is, and what it shows when it is whole.
VIEWS = {
    "pipelines": ("#/pipelines", "dev1"),
    "pipeline": ("#/pipelines/dev1", "Versions"),
    "approvals": ("#/approvals", "configure prod1"),
    "request": ("#/approvals/{request}", "Approve this plan"),
    "audit": ("#/audit", "holds"),
    "connections": ("#/connections", "GET http /jwks"),
}


@pytest.fixture(scope="module")
def served(request, spanner, kafka, tmp_path_factory, other):
    """A control plane and its people; dev1 runs with a dead letter, prod1 waits for approval."""
    option = request.config.getoption
    spanner.create_database("page")
    made = []

    def issuer_of(page):
        made.append(people.People(option("--oidc"), tmp_path_factory.mktemp("people"), page))
        return made[-1]

    plane = Plane(option("--program"), spanner, tmp_path_factory.mktemp("page"), "page", issuer_of,
                  other, brokers=kafka.address)
    topics = AdminClient({"bootstrap.servers": kafka.address})
    topics.create_topics([NewTopic("page", 3, 1)])["page"].result(30)
    producer = Producer({"bootstrap.servers": kafka.address})
    for n in range(300):
        producer.produce("page", json.dumps({"n": n}) if n != 7 else "no JSON", key=f"k{n}")
    producer.flush()
    plane.otto = other.token("otto", ["leads"])
    file = pipeline_file("dev1", plane.database, kafka="topic: page")
    for text in (file, file + "# looked at twice\n"):
        assert plane.put("/v1/pipelines/dev1", plane.otto, {"file": text}).status_code == 200
    assert plane.post("/v1/pipelines/dev1/start", plane.otto,
                      {"reason": "the first run"}).status_code == 200
    plane.get("/v1/pipelines", "stranger")
    asked = plane.put("/v1/pipelines/prod1", plane.otto,
                      {"file": pipeline_file("prod1", plane.database, kafka="topic: page"),
                       "reason": "Orders go live on Monday"})
    assert asked.status_code == 202
    plane.request = asked.json()["request"]
    plane.wait(lambda: plane.get("/v1/pipelines/dev1", plane.otto).json()["status"] == "running"
               and len(plane.get("/v1/pipelines/dev1", plane.otto).json()["partitions"]) == 3)
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
        page.goto("about:blank")
        address, whole = VIEWS[view]
        page.goto(served.url + "/" + address.format(request=served.request))
        page.get_by_text(whole, exact=True).first.wait_for()
        page.screenshot(path=shots / f"{view}-{scheme}-{size}.png", full_page=True)
        check_accessible(page, axe)
        overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert overflow <= 0, f"{view} is wider than a {size}"


def ask_why(page, button, why, confirm=None):
    page.get_by_role("button", name=button, exact=True).click()
    dialog = page.get_by_role("dialog")
    assert page.evaluate("document.activeElement.id") == "reason"
    dialog.get_by_label("Why").fill(why)
    dialog.get_by_role("button", name=confirm or button, exact=True).click()


def test_an_action_asks_why_and_shows_what_came_of_it(served, page):
    sign_in(page, served.url, "alice")
    page.get_by_role("link", name="dev1").click()
    heading = page.get_by_role("heading", name="dev1")
    heading.wait_for()
    assert page.evaluate("document.activeElement.tagName") == "H1"  # the view that was gone to
    assert page.get_by_role("row", name="page/2").is_visible()
    page.get_by_role("button", name="Pause", exact=True).click()
    page.keyboard.press("Escape")  # nothing is done
    assert served.state("dev1") == "running"
    assert page.evaluate("document.activeElement.textContent") == "Pause"
    ask_why(page, "Pause", "<b>looks</b> odd")
    page.get_by_role("button", name="Resume", exact=True).wait_for()
    assert served.state("dev1") == "paused"
    details = [entry["details"]["plan"]["reason"] for entry in served.entries()
               if entry["action"] == "pipeline.pause" and entry["phase"] == "intent"]
    assert details == ["<b>looks</b> odd"]
    ask_why(page, "Resume", "it was nothing")
    page.get_by_text("running", exact=True).wait_for()
    page.get_by_role("button", name="Look").click()
    page.get_by_text("1 in all.").wait_for()
    assert page.get_by_text("for those who may audit").is_visible()
    page.get_by_text("Revision 2").click()
    assert page.get_by_text("# looked at twice").count() == 2


def open_job(page, word):
    page.get_by_role("button", name=word, exact=True).click()
    return page.get_by_role("dialog")


def test_a_replay_is_looked_at_before_it_is_done(request, served, page, shots):
    sign_in(page, served.url, "alice")
    page.get_by_role("link", name="dev1").click()
    database = served.spanner.database("page")
    database.run_in_transaction(lambda t: t.execute_update("UPDATE T SET N = 0 WHERE TRUE"))
    dialog = open_job(page, "Replay")
    assert page.evaluate("document.activeElement.id") == "job-from"
    assert not dialog.get_by_label("Why").is_visible()
    dialog.get_by_label("From").fill("99999")
    page.keyboard.press("Enter")
    dialog.get_by_text("is not in partition").wait_for()
    dialog.get_by_label("From").fill("earliest")
    page.keyboard.press("Enter")
    dialog.get_by_text("300 records would be read again.").wait_for()
    assert dialog.get_by_role("row", name="page/2").is_visible()
    assert page.evaluate("document.activeElement.id") == "reason"
    axe = request.config.getoption("--axe")
    for scheme, size in LOOKS:
        width, height = SIZES[size]
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=scheme)
        page.screenshot(path=shots / f"replay-{scheme}-{size}.png")
        check_accessible(page, axe)
        assert dialog.evaluate("d => d.scrollWidth - d.clientWidth") <= 0, size
    # Another range is another plan, which is to be looked at again.
    dialog.get_by_label("Partition").fill("0")
    assert not dialog.get_by_label("Why").is_visible()
    dialog.get_by_label("Partition").fill("")
    dialog.get_by_role("button", name="Show what it would do").click()
    # What comes meanwhile is not in what was looked at.
    dialog.get_by_text("300 records would be read again.").wait_for()
    producer = Producer({"bootstrap.servers": served.brokers})
    producer.produce("page", json.dumps({"n": 1000}), key="later")
    producer.flush()
    dialog.get_by_label("Why").fill("the rows were zeroed")
    dialog.get_by_role("button", name="Replay", exact=True).click()
    page.get_by_text("Replay: done.").wait_for()
    jobs = page.get_by_role("region", name="Jobs")
    jobs.get_by_role("row", name="Replay").get_by_text("done", exact=True).wait_for()
    assert jobs.get_by_text("written 299").is_visible()
    assert rows(database, "SELECT COUNT(*) FROM T WHERE N = 0") == [(1,)]
    (begun,) = [entry["details"]["plan"] for entry in served.entries()
                if entry["action"] == "job.begin" and entry["phase"] == "change"]
    assert begun["reason"] == "the rows were zeroed" and begun["facts"]["records"] == 300
    page.set_viewport_size({"width": 1280, "height": 900})
    dialog = open_job(page, "Discard")
    dialog.get_by_label("Only those").fill("TRUE) OR (TRUE")
    page.keyboard.press("Enter")
    dialog.get_by_text("That did not work.").wait_for()
    dialog.get_by_label("Only those").fill("KafkaPartition >= 0")
    page.keyboard.press("Enter")
    dialog.get_by_text("1 dead letter would be deleted").wait_for()
    page.screenshot(path=shots / "discard-dark-desktop.png")
    page.keyboard.press("Escape")  # nothing is done
    assert page.evaluate("document.activeElement.textContent") == "Discard"
    page.screenshot(path=shots / "jobs-dark-desktop.png", full_page=True)


def test_two_people_approve_what_they_see(served, browser):
    """Nobody approves their own, one is not enough, and what was asked for is what is done."""
    def tab_of(who):
        page = browser.new_context().new_page()
        sign_in(page, served.url, who)
        page.goto(f"{served.url}/#/approvals/{served.request}")
        page.get_by_text("Orders go live on Monday").wait_for()
        assert page.get_by_text("put in: + pipeline: prod1").is_visible()
        assert page.get_by_text("put in: + CREATE TABLE T (").is_visible()
        return page

    alice = tab_of("alice")
    assert alice.get_by_role("button", name="Approve").count() == 0
    assert alice.get_by_text("No rule counts you").is_visible()
    lena = tab_of("lena")
    lena.get_by_role("button", name="Approve this plan").click()
    lena.get_by_text("Approved.").wait_for()
    run = f"/v1/requests/{served.request}/run"
    assert served.post(run, served.otto).status_code == 409
    ann = tab_of("ann")
    ann.get_by_role("button", name="Approve this plan").click()
    lena.get_by_text("by ann").wait_for()  # told without asking
    assert served.post(run, served.otto).status_code == 200
    lena.get_by_text("done", exact=True).wait_for()
    assert lena.get_by_role("button", name="Approve").count() == 0
    # What is done with broken glass is looked at by others, when it is over.
    alice.goto(f"{served.url}/#/pipelines/dev1")
    alice.get_by_role("button", name="Break the glass").click()
    dialog = alice.get_by_role("dialog")
    dialog.get_by_label("For how many minutes").fill("5")
    dialog.get_by_label("Why").fill("the pager")
    dialog.get_by_role("button", name="Break the glass").click()
    alice.get_by_text("Done.").wait_for()
    lena.goto(f"{served.url}/#/approvals")
    lena.get_by_role("row", name="the pager").get_by_text("open", exact=True).wait_for()
    # What people are called, and who they are.
    row = lena.get_by_role("row", name="the pager")
    assert row.get_by_text("Alice Liddell (alice)").count() == 1
    end = "UPDATE kafka_spanner.BrokenGlass SET WholeAt = CURRENT_TIMESTAMP() WHERE TRUE"
    served.spanner.database("page").run_in_transaction(lambda t: t.execute_update(end))
    lena.get_by_role("button", name="Review").click()
    lena.get_by_label("Your verdict").fill("rightly so")
    lena.get_by_role("dialog").get_by_role("button", name="Reviewed").click()
    lena.get_by_text("reviewed", exact=True).wait_for()
    # Now alice asks for a start of it, and sees what she waits for.
    alice.goto(f"{served.url}/#/pipelines/prod1")
    dialog = open_job(alice, "Replay")
    dialog.get_by_role("button", name="Show what it would do").click()
    dialog.get_by_label("Why").fill("as of old")
    dialog.get_by_role("button", name="Ask for approval").click()
    alice.get_by_role("link", name="Follow the request").click()
    alice.get_by_text("records would be read again").wait_for()
    for approver in (lena, ann):
        approver.goto(alice.url)
        approver.get_by_role("row", name="page/2").wait_for()
        approver.get_by_role("button", name="Approve this plan").click()
        approver.get_by_text("Approved.").wait_for()
    alice.get_by_role("button", name="Run it").click()
    alice.get_by_text("Replay: done.").wait_for()
    alice.goto(f"{served.url}/#/pipelines/prod1")
    ask_why(alice, "Start", "go")
    alice.get_by_role("link", name="Follow the request").click()
    alice.get_by_role("button", name="Run it").click()
    alice.get_by_role("alert").get_by_text("That did not work.").wait_for()
    assert served.state("prod1") == "stopped"
    for page in (alice, lena, ann):
        page.context.close()


def test_who_may_not_is_told_so(served, page):
    sign_in(page, served.url, "vera")
    page.get_by_role("link", name="dev1").click()
    page.get_by_text("# looked at twice").first.wait_for()
    assert page.get_by_role("button", name="Pause").count() == 0
    page.get_by_role("link", name="Connections").click()
    page.get_by_text("You may not.").wait_for()
    page.get_by_role("link", name="Audit").click()
    page.get_by_text("There is nothing that you may read.").wait_for()
    page.goto(f"{served.url}/#/pipelines/prod1")
    page.get_by_text("You may not.").wait_for()


def test_looking_again_and_again_asks_no_more_often(served, page):
    sign_in(page, served.url, "ann")
    page.get_by_role("link", name="dev1").wait_for()
    asked = []
    page.on("request", lambda each: asked.append(each.url))
    # As a tab that comes and goes, while the server takes its time to answer.
    page.evaluate("""const fetch = window.fetch;
        window.fetch = (...what) => new Promise((then) =>
            setTimeout(() => then(fetch(...what)), 500));""")
    for _ in range(40):
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        page.wait_for_timeout(100)
    page.wait_for_timeout(1_000)
    asked.clear()
    page.wait_for_timeout(7_000)
    assert 1 <= len([url for url in asked if url.endswith("/v1/pipelines")]) <= 3, asked


def test_what_is_on_the_screen_stays_true_and_nobody_is_asked_for_a_hidden_tab(served, page):
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    sign_in(page, served.url, "ann")
    answers = []
    page.on("response", lambda response: answers.append(response.status))
    page.wait_for_timeout(3500)
    assert 304 in answers and set(answers) <= {200, 304}
    page.evaluate("""Object.defineProperty(document, 'hidden', {get: () => window.away});
        window.away = true; document.dispatchEvent(new Event('visibilitychange'));""")
    page.wait_for_timeout(500)
    before = len(asked)
    page.wait_for_timeout(3500)
    assert len(asked) == before
    page.evaluate("window.away = false; document.dispatchEvent(new Event('visibilitychange'));")
    page.wait_for_timeout(1000)
    assert len(asked) == before + 1


def test_an_ended_session_and_an_absent_server_are_told_in_words(served, page):
    sign_in(page, served.url, "ann")
    page.goto(f"{served.url}/#/pipelines/dev1")
    page.get_by_role("heading", name="dev1").wait_for()
    page.route("**/v1/pipelines/dev1", lambda route: route.abort())
    page.get_by_text("The server does not answer.").wait_for()
    page.unroute("**/v1/pipelines/dev1")
    page.get_by_text("The server does not answer.").wait_for(state="detached")
    page.context.clear_cookies(name="kafka_spanner_session")
    page.get_by_role("heading", name="Your session has ended").wait_for()
    page.wrong.clear()  # the request that was let fail
    # Where they were is where they are again.
    page.get_by_role("link", name="Sign in with").click()
    page.get_by_role("heading", name="dev1").wait_for()
