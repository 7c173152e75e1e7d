#!/usr/bin/env bash
# Installs the project and one of its dependency groups into .venv:
#
#   scripts/setup.sh viewer   what `make demo` needs: the package, napari, a Qt binding
#   scripts/setup.sh test     the same, and what the tests need
#   scripts/setup.sh docs     what the documentation is made with, no window
#   scripts/setup.sh dev      all of these, and linters and type checker
#
# It can be run again at any time. PYTHON=... names the interpreter to use.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

group="${1:-viewer}"
torch_release="torch==2.13.0" # the release that the tests run with
torch_cpu_index="https://download.pytorch.org/whl/cpu"
python=".venv/bin/python"

say() { printf '\n== %s\n' "$*"; }

fail() {
    printf '\n' >&2
    printf '%s\n' "$@" >&2
    exit 1
}

is_suitable() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

find_python() {
    local candidate
    for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11}; do
        if is_suitable "$candidate"; then
            echo "$candidate"
            return
        fi
    done
    fail "napari-dinocell needs Python 3.11 or newer; none was found${PYTHON:+ as $PYTHON}." \
        "Install one (Debian, Ubuntu: sudo apt install python3; macOS: brew install python;" \
        "anywhere: https://www.python.org/downloads), or name it in front of the command:" \
        "PYTHON=/path/to/python3 make ..."
}

make_venv() {
    local found
    found="$(find_python)" || exit 1
    say "Making .venv with $("$found" --version)"
    if ! "$found" -c 'import venv, ensurepip' 2>/dev/null; then # Debian ships it apart
        scripts/system_packages.sh venv "$found" || true
    fi
    # --clear: a half-made folder of an interrupted run must not be reused
    "$found" -m venv --clear .venv ||
        fail "Python could not make a virtual environment in .venv (see the lines above)."
}

pip_install() {
    "$python" -m pip install --disable-pip-version-check "$@"
}

has_nvidia_gpu() {
    command -v nvidia-smi >/dev/null && nvidia-smi -L 2>/dev/null | grep -q '^GPU'
}

# On Linux the ordinary index serves the CUDA build, several GB, which a machine without
# a GPU cannot use. "+cpu" sorts above the same release without it, so pip prefers the
# small build wherever one is on offer, and skips an index that it cannot reach.
install_torch() {
    if "$python" -c 'import torch' 2>/dev/null; then
        return
    elif has_nvidia_gpu; then
        say "Installing torch for the NVIDIA GPU (several GB)"
        pip_install torch
    elif [ "$(uname -s)" = Linux ]; then
        say "Installing torch for the CPU (about 200 MB)"
        pip_install --retries 1 --timeout 20 --extra-index-url "$torch_cpu_index" "$torch_release" ||
            pip_install "$torch_release"
    else
        say "Installing torch"
        pip_install "$torch_release"
    fi
}

install_all() {
    # pip 25.1 is the first that knows dependency groups
    pip_install --upgrade "pip>=25.1" &&
        install_torch &&
        say "Installing napari-dinocell and its group '$group'" &&
        pip_install --editable . --group "$group"
}

mark_ready() { # some groups hold others
    local done_group held=""
    case "$group" in
    test) held="viewer" ;;
    dev) held="viewer test docs" ;;
    esac
    for done_group in $held "$group"; do
        touch ".venv/.ready-$done_group"
    done
}

case "$group" in
viewer | test | docs | dev) ;;
*) fail "Expected viewer, test, docs or dev, got '$group'." ;;
esac

if ! is_suitable "$python" || ! "$python" -m pip --version >/dev/null 2>&1; then
    make_venv
fi
[ "$group" = docs ] || scripts/system_packages.sh "$group" || true # it says itself what is missing
install_all ||
    fail "The installation stopped: the last lines of pip above say why." \
        "If a download failed, check the connection and run the same command again;" \
        "what was downloaded completely is not fetched twice."
mark_ready
say "Ready: .venv (group '$group')"
