"""Turns the rows of `describe` into the command reference in Markdown."""
import json
import sys


def kind(schema):
    """A parameter's type in words."""
    if "enum" in schema:
        return " \\| ".join(f"`{value}`" for value in schema["enum"])
    if "anyOf" in schema:
        return " or ".join(kind(each) for each in schema["anyOf"])
    name = {"date-time": "time"}.get(schema.get("format"), schema.get("format", schema.get("type", "any")))
    if name == "array":
        return f"list of {kind(schema['items'])}"
    bounds = [str(schema[key]) for key in ("minimum", "maximum") if key in schema]
    unit = f" {schema['x-unit']}" if "x-unit" in schema else ""
    return name + (f" {'–'.join(bounds)}" if len(bounds) == 2 else "") + unit


def members(title, schema):
    """A reply's or row's members, those of the objects in it included."""
    lines = []

    def add(schema, prefix):
        for name, member in schema.get("properties", {}).items():
            mark = "" if name in schema.get("required", []) else "?"
            lines.append(f"| `{prefix}{name}`{mark} | {kind(member)} | {member.get('description', '')} |")
            inner = member.get("items", member)
            if inner.get("properties") and name not in ("findings", "sources"):
                add(inner, f"{prefix}{name}.")

    add(schema, "")
    if lines:
        print(f"\n| {title} | type | |\n|---|---|---|\n" + "\n".join(lines))


print("# The commands\n\nGenerated from the command table with `make docs`; do not edit. `protocol.md` says how to send them, and what a `?` behind a name marks: what may be absent. A `finding` in an answer has `code`, `severity`, `message`, `advice`, `until`?, `sources`, `module` and `overridable`.")
module = None
for row in map(json.loads, sys.stdin):
    if row["module"] != module:
        module = row["module"]
        print(f"\n## {'The host' if module == 'mneedled' else module}")
    print(f"\n### {row['verb']}\n\n{row['summary']} Role: {row['role']}.", end="")
    if "final" in row:
        print(f" Cannot be undone: {row['final']}", end="")
    print({"rows": " Streams rows.", "bulk": " Takes bulk lines.", "subscription": " Events follow."}.get(row["kind"], ""))
    required = row["parameters"]["required"]
    properties = row["parameters"]["properties"]
    properties.pop("idempotency_key", None)
    if properties:
        print("\n| argument | type | |\n|---|---|---|")
    for name, schema in properties.items():
        default = f" Default: `{schema['default']}`." if "default" in schema else ""
        print(f"| `{name}`{'' if name in required else '?'} | {kind(schema)} | {schema['description']}{default} |")
    members("each row" if row["kind"] == "rows" else "reply", row["reply_schema"])
    members("after the rows", row.get("closing_schema", {}))
    if row["errors"]:
        print("\nErrors: " + ", ".join(f"`{code}`" for code in row["errors"]) + ".")
    print(f"\n```\n{row['example']}\n```")
