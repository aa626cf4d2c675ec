#!/usr/bin/env python3
"""Holds answers against their JSON Schemas with the jsonschema library.

Reads lines of {"verb": …, "schema": …, "answers": […]}; prints a JSON line {"verb": …, "fault": …} for each that does not fit."""
import json
import sys

from jsonschema import Draft202012Validator

for line in open(sys.argv[1], encoding="utf-8"):
    told = json.loads(line)
    Draft202012Validator.check_schema(told["schema"])
    validator = Draft202012Validator(told["schema"], format_checker=Draft202012Validator.FORMAT_CHECKER)
    for answer in told["answers"]:
        for fault in validator.iter_errors(answer):
            print(json.dumps({"verb": told["verb"], "fault": fault.message}))
