#!/usr/bin/env bash
# Linux only: installs the system packages that a napari window needs, where that is
# allowed (root or passwordless sudo, apt-get); elsewhere it says what to install.
#
#   scripts/system_packages.sh viewer        for a window on this display
#   scripts/system_packages.sh test|dev      the same on a virtual display (Xvfb)
#   scripts/system_packages.sh venv PYTHON   the venv module that Debian ships apart
#
# Ends with 1 when something is still missing.
set -euo pipefail

[ "$(uname -s)" = Linux ] || exit 0

libraries="
    libGL.so.1:libgl1
    libEGL.so.1:libegl1
    libglib-2.0.so.0:libglib2.0-0
    libfontconfig.so.1:libfontconfig1
    libdbus-1.so.3:libdbus-1-3
    libxkbcommon.so.0:libxkbcommon0
    libxkbcommon-x11.so.0:libxkbcommon-x11-0
    libxcb-cursor.so.0:libxcb-cursor0
    libxcb-icccm.so.4:libxcb-icccm4
    libxcb-keysyms.so.1:libxcb-keysyms1
    libxcb-shape.so.0:libxcb-shape0
"

# Prints the Debian package of each library and program that is absent.
missing_for_window() {
    local present entry
    present="$(PATH="$PATH:/sbin:/usr/sbin" ldconfig -p 2>/dev/null || true)"
    for entry in $libraries; do
        case "$present" in
        *"${entry%%:*} "*) ;;
        *) echo "${entry##*:}" ;;
        esac
    done
}

missing_for_xvfb() {
    command -v Xvfb >/dev/null || echo xvfb
    command -v xauth >/dev/null || echo xauth
}

missing_for() {
    case "$1" in
    viewer)
        # without a display the demo opens no window and needs nothing
        [ -z "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ] || missing_for_window
        ;;
    test | dev)
        missing_for_window
        missing_for_xvfb
        ;;
    venv)
        "$2" -c 'import sys; print(f"python{sys.version_info[0]}.{sys.version_info[1]}-venv")'
        ;;
    esac
}

apt_install() {
    local as_root=()
    command -v apt-get >/dev/null || return 1
    if [ "$(id -u)" -ne 0 ]; then
        sudo -n true 2>/dev/null || return 1
        as_root=(sudo -n)
    fi
    as_root+=(env DEBIAN_FRONTEND=noninteractive)
    printf '\n== Installing system packages: %s\n' "$*"
    "${as_root[@]}" apt-get update -qq || true # an old list may still do
    "${as_root[@]}" apt-get install -y -qq --no-install-recommends "$@"
}

mapfile -t packages < <(missing_for "$@")
[ "${#packages[@]}" -gt 0 ] || exit 0

if ! apt_install "${packages[@]}" </dev/null; then
    cat >&2 <<MESSAGE

These system packages are missing and could not be installed from here:

    sudo apt-get install ${packages[*]}

(the names are Debian's and Ubuntu's; other systems have the same libraries).
The set-up goes on; what needs no window works without them.
MESSAGE
    exit 1
fi
