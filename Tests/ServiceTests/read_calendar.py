#!/usr/bin/env python3
"""Reads a calendar file with the icalendar library and prints a JSON line for each event."""
import json
import sys

import icalendar

calendar = icalendar.Calendar.from_ical(open(sys.argv[1], "rb").read())
for event in calendar.walk("VEVENT"):
    start = event["DTSTART"].dt
    print(json.dumps({
        "uid": str(event["UID"]), "summary": str(event["SUMMARY"]), "sequence": int(event["SEQUENCE"]),
        "status": str(event["STATUS"]), "start": start.isoformat(), "alarms": len(event.walk("VALARM")),
    }))
