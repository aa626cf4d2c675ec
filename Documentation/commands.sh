#!/bin/bash
# Prints the command reference from the daemon's own description of its commands.
#   Documentation/commands.sh BUILD-FOLDER
set -euo pipefail
build=$(realpath "$1")
cd "$(dirname "$0")/.."
home=$(mktemp -d "${TMPDIR:-/tmp}/mneedle-docs.XXXXXX")
"$build/mneedled" --state "$home/state" --runtime "$home/run" --modules "$build" --knowledge Config/knowledge 2>"$home/log" &
daemon=$!
trap 'kill $daemon; wait $daemon || true; rm -rf "$home"' EXIT
until [ -S "$home/run/control.sock" ]; do sleep 0.05; done
"$build/mneedlectl" --socket "$home/run/control.sock" --json describe | python3 Documentation/commands.py
