#!/bin/sh
# Run the tests N times while two other processes keep the cores busy, and name each
# test that failed: one that passes alone and fails here depends on time.
#
#     scripts/stress_tests.sh 3
#     ARGS="-n 0 tests/widgets/batch" scripts/stress_tests.sh 20
#
# ARGS replaces pytest's arguments, PYTHON the interpreter (.venv/bin/python).
# LIMIT is the time that one run may take (default 2h), LOGS the folder of the logs.
set -u
cd "$(dirname "$0")/.." || exit 2

runs=${1:-}
case $runs in
    '' | *[!0-9]* | 0)
        echo "Expected a number of runs, got '$runs'. Do: scripts/stress_tests.sh 3" >&2
        exit 2
        ;;
esac
python=${PYTHON:-.venv/bin/python}
logs=${LOGS:-$(mktemp -d)} && mkdir -p "$logs" || exit 2

load=
trap 'kill $load 2>/dev/null' EXIT
trap 'exit 130' INT TERM HUP
for _ in 1 2; do
    (while :; do :; done) &
    load="$load $!"
done

failed=0
run=1
while [ "$run" -le "$runs" ]; do
    log=$logs/run_$run.log
    # shellcheck disable=SC2086 # words of ARGS are arguments of their own
    timeout -k 60 "${LIMIT:-2h}" "$python" -m pytest ${ARGS:--n 2 --dist loadfile} \
        >"$log" 2>&1
    code=$?
    echo "run $run of $runs: $(tail -n 1 "$log")"
    if [ "$code" -ne 0 ]; then
        failed=$((failed + 1))
        if grep -qE '^(FAILED|ERROR) ' "$log"; then
            grep -E '^(FAILED|ERROR) ' "$log" | sed "s|^|  run $run: |; s|\$|  ($log)|"
        else
            echo "  run $run: exit status $code, 124 after ${LIMIT:-2h}  ($log)"
        fi
    fi
    run=$((run + 1))
done
echo "$failed of $runs runs failed; logs: $logs"
[ "$failed" -eq 0 ]
