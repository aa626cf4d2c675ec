#!/bin/bash
# The five minutes' tour of the README, on a daemon of its own that is thrown away; prints what a user would see.
#   Documentation/tour.sh BUILD-FOLDER
set -euo pipefail
build=$(realpath "${1:-.build/release}")
cd "$(dirname "$0")/.."
home=$(mktemp -d "${TMPDIR:-/tmp}/mneedle-tour.XXXXXX")
"$build/mneedled" --state "$home/state" --runtime "$home/run" --modules "$build" --knowledge Config/knowledge 2>"$home/log" &
daemon=$!
trap 'kill $daemon; wait $daemon || true; rm -rf "$home"' EXIT
export MNEEDLE_SOCKET=$home/run/control.sock
until [ -S "$MNEEDLE_SOCKET" ]; do sleep 0.05; done

say() { printf '\n$ %s\n' "$*"; }
run() {
    say "mneedlectl $*"
    "$build/mneedlectl" "$@" </dev/null || true
}
run
run records add-person --person anna --goal collagen --time-zone Europe/Berlin --fitzpatrick 3
run records add-device --device roller --kind roller --needle-mm 0.3 --material titanium --owner anna
run session check --person anna --device roller --areas cheeks --depth-mm 0.3
answers=(answers.born-on=1990-04-28 answers.needled-on=never answers.sunburn-on=never)
for question in skin-condition cold-sore skin-history pregnancy-or-nursing health-condition medicine vitamin-a allergy \
    recent-procedure topical-anaesthetic new-product beyond-needling; do answers+=("answers.$question=no"); done
say "mneedlectl screening.assess person=anna areas=cheeks answers.born-on=1990-04-28 answers.cold-sore=no …"
"$build/mneedlectl" screening.assess person=anna areas=cheeks "${answers[@]}" </dev/null
run sterilization soak --device roller --agent isopropyl-alcohol --concentration-percent 70 --minutes 5 \
    --hands-washed yes --clean-surface yes
run session start --person anna --device roller --areas cheeks --depth-mm 0.3
say "printf 'roller depth_mm=0.29\\nroller depth_mm=0.41\\n' | mneedlectl telemetry stream --session 1"
printf 'roller depth_mm=0.29\nroller depth_mm=0.41\n' | "$build/mneedlectl" telemetry stream --session 1
run session finish --session 1 --passes 3
run today anna
run aftercare may-use --person anna --product retinol
run aftercare report --person anna --symptom redness --since 1d
run scheduling list-reminders --person anna
run ledger tail --count 3
run ledger verify
