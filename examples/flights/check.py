#!/usr/bin/env python3
"""What the tables of the flights example must hold, computed from the CSV files with Python's
standard library alone.

Prints one line of JSON per table: a query, and the file with the rows that it must give, in its
order. `kafka-spanner dev` compares them with what is in Spanner.

    check.py DIRECTORY_OF_THE_CSV_FILES
"""
import csv
import json
import os
import sys
import tempfile
from collections import defaultdict


def rows_of(directory, name):
    with open(os.path.join(directory, name + ".csv"), newline="") as file:
        yield from csv.DictReader(file)


def number(text, convert=int):
    return None if text == "NA" else convert(text)


def text_or_none(text):
    return None if text == "NA" else text


def flights(directory):
    for r in rows_of(directory, "flights"):
        day = "%04d-%02d-%02d" % (int(r["year"]), int(r["month"]), int(r["day"]))
        yield [r["carrier"], int(r["flight"]), r["time_hour"], day, r["origin"], r["dest"],
               text_or_none(r["tailnum"]), number(r["dep_time"]), number(r["dep_delay"]),
               number(r["arr_time"]), number(r["arr_delay"]), number(r["air_time"]),
               int(r["distance"])]


def airlines(directory):
    for r in rows_of(directory, "airlines"):
        yield [r["carrier"], r["name"]]


def airports(directory):
    for r in rows_of(directory, "airports"):
        yield [r["faa"], r["name"], float(r["lat"]), float(r["lon"]), number(r["alt"]),
               text_or_none(r["tzone"])]


def delays(directory):
    groups = defaultdict(list)
    for row in flights(directory):
        groups[row[0], row[3]].append((row[7], row[8]))
    for (carrier, day), members in groups.items():
        late = [delay for _, delay in members if delay is not None]
        departures = sum(1 for departed, _ in members if departed is not None)
        average = sum(late) / len(late) if late else None
        yield [carrier, day, len(members), departures, average, max(late, default=None)]


TABLES = [
    ("SELECT * FROM Flights ORDER BY Carrier, FlightNumber, ScheduledHour", flights, 3),
    ("SELECT * FROM Airlines ORDER BY Carrier", airlines, 1),
    ("SELECT * FROM Airports ORDER BY Airport", airports, 1),
    ("SELECT Carrier, Day, Flights, Departures, CAST(AverageDelay AS FLOAT64) AS AverageDelay, "
     "MaxDelay FROM DelaysByCarrierDay ORDER BY Carrier, Day", delays, 2),
]


def main():
    directory = sys.argv[1]
    for number_of_table, (sql, compute, keys) in enumerate(TABLES):
        rows = sorted(compute(directory), key=lambda row: row[:keys])
        name = "kafka-spanner-check-%d-%d.jsonl" % (os.getpid(), number_of_table)
        path = os.path.join(tempfile.gettempdir(), name)
        with open(path, "w") as file:
            for row in rows:
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
        print(json.dumps({"sql": sql, "rows": path}))


if __name__ == "__main__":
    main()
