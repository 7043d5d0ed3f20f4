"""What promtool cannot know of deploy/: check.py ROOT RULES_OUT.

Each metric that an alert or a panel names is one that the program has (docs/guide/metrics.md), each
alert has a test and a section of docs/guide/alerts.md, each metric of the program is on the
dashboard. The dashboard's queries go to RULES_OUT as rules, for promtool to parse.
"""

import json
import pathlib
import re
import sys

root, rules_out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
SUFFIX = re.compile(r"_(bucket|sum|count)$")
problems = []


def metrics_in(text):
    return {SUFFIX.sub("", name) for name in re.findall(r"kafka_spanner_\w+", text)}


known = set(re.findall(r"^\| `(\w+)` \|", (root / "docs/guide/metrics.md").read_text(), re.M))
alerts = (root / "deploy/alerts.yaml").read_text()
names = re.findall(r"- alert: (\w+)", alerts)
sections = re.findall(r"^## (\w+)", (root / "docs/guide/alerts.md").read_text(), re.M)
tests = (root / "tests/alerts/alerts_test.yaml").read_text()
dashboard = json.loads((root / "deploy/grafana.json").read_text())
queries = [
    target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", [])
]
queries += [annotation["expr"] for annotation in dashboard["annotations"]["list"]]

assert known and names and queries  # otherwise nothing below looks at anything
problems += [f"no such metric: {name}" for name in sorted(metrics_in(alerts) - known)]
problems += [
    f"no such metric on the dashboard: {name}"
    for name in sorted(metrics_in(json.dumps(dashboard)) - known)
]
shown = metrics_in(" ".join(queries))
# Where a partition stands is told by `status`; as a line over time it says nothing.
problems += [
    f"not on the dashboard: {name}"
    for name in sorted(known - shown - {"kafka_spanner_committed_offset"})
]
if names != sections:
    problems.append(f"docs/guide/alerts.md has {sections}, deploy/alerts.yaml {names}")
for name in names:
    if not re.search(rf"alertname: {name}\n +exp_alerts:", tests):
        problems.append(f"no test in which {name} fires")
ids = [panel["id"] for panel in dashboard["panels"]]
if len(ids) != len(set(ids)):
    problems.append("two panels have the same id")

rules = [
    {"record": f"panel:query{i}", "expr": query.replace("$__rate_interval", "5m")}
    for i, query in enumerate(queries)
]
rules_out.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))
for problem in problems:
    print(f"tests/alerts: {problem}", file=sys.stderr)
sys.exit(1 if problems else 0)
