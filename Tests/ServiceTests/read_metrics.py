#!/usr/bin/env python3
"""Reads OpenMetrics text with Prometheus' own library and prints a JSON line for each family."""
import json
import sys

from prometheus_client.openmetrics.parser import text_string_to_metric_families

for family in text_string_to_metric_families(open(sys.argv[1], encoding="utf-8").read()):
    print(json.dumps({
        "name": family.name, "type": family.type, "unit": family.unit, "help": family.documentation,
        "samples": [{"name": sample.name, "labels": sample.labels, "value": sample.value} for sample in family.samples],
    }))
