"""Says that b is 99, which is wrong on purpose; the row of a is right."""
import json

print(json.dumps({"sql": "SELECT Id, Age FROM People ORDER BY Id", "rows": [["a", 32], ["b", 99]]}))
