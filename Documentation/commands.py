"""Turns the rows of `describe` into the command reference in Markdown."""
import json
import sys


def kind(schema):
    """A parameter's type in words."""
    if "enum" in schema:
        return " \\| ".join(f"`{value}`" for value in schema["enum"])
    if "anyOf" in schema:
        return " or ".join(kind(each) for each in schema["anyOf"])
    name = {"date-time": "time"}.get(schema.get("format"), schema.get("format", schema["type"]))
    if name == "array":
        return f"list of {kind(schema['items'])}"
    bounds = [str(schema[key]) for key in ("minimum", "maximum") if key in schema]
    unit = f" {schema['x-unit']}" if "x-unit" in schema else ""
    return name + (f" {'–'.join(bounds)}{unit}" if len(bounds) == 2 else "")


print("# The commands\n\nGenerated from the command table with `make docs`; do not edit. `protocol.md` says how to send them.")
module = None
for row in map(json.loads, sys.stdin):
    if row["module"] != module:
        module = row["module"]
        print(f"\n## {'The host' if module == 'mneedled' else module}")
    print(f"\n### {row['verb']}\n\n{row['summary']} Role: {row['role']}.", end="")
    print({"rows": " Streams rows.", "bulk": " Takes bulk lines.", "subscription": " Events follow."}.get(row["kind"], ""))
    required = row["parameters"]["required"]
    properties = row["parameters"]["properties"]
    properties.pop("idempotency_key", None)
    if properties:
        print("\n| argument | type | |\n|---|---|---|")
    for name, schema in properties.items():
        default = f" Default: `{schema['default']}`." if "default" in schema else ""
        print(f"| `{name}`{'' if name in required else '?'} | {kind(schema)} | {schema['description']}{default} |")
    if row["reply"]:
        print("\n" + ("Each row" if row["kind"] == "rows" else "Reply") + ": "
              + ", ".join(f"`{name}` ({text})" for name, text in row["reply"].items()) + ".")
    if row["errors"]:
        print("\nErrors: " + ", ".join(f"`{code}`" for code in row["errors"]) + ".")
    print(f"\n```\n{row['example']}\n```")
