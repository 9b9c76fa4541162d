# shellcheck shell=sh
# What the scripts share: messages, packages, the build. Sourced by them after "root" is set to the clone's folder.
#
# SPDX-License-Identifier: GPL-2.0-or-later

program=${0##*/}
: "${root:?}"

# What a build needs on Debian and Ubuntu; libc6-dev because gcc only recommends it.
# shellcheck disable=SC2034 # used by those that source this
build_packages="cmake gcc libc6-dev libglib2.0-dev libwireshark-dev make pkg-config tshark wireshark-dev"
# What the tests need besides: wireshark-common has sharkd, editcap and mergecap.
# shellcheck disable=SC2034
test_packages="clang libclang-rt-dev openssl python3 python3-pytest python3-pytest-xdist shellcheck valgrind wireshark-common"
# Programs that are not FaceTime, for the tests of that; not on everybody's machine: coturn starts a server where it is installed.
# shellcheck disable=SC2034
program_packages="coturn sip-tester"
# Wireshark's window, a screen for it, and what reads the screen.
# shellcheck disable=SC2034
window_packages="at-spi2-core dbus-daemon gir1.2-atspi-2.0 python3-gi wireshark xvfb"

say() { printf '%s\n' "$*"; }

# Ends the script with one sentence.
stop() {
	printf '%s: %s\n' "$program" "$*" >&2
	exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

is_root() { [ "$(id -u)" -eq 0 ]; }

# Runs a command; what it said is shown only if it fails.
quietly() {
	quietly_log=$(mktemp)
	quietly_status=0
	"$@" >"$quietly_log" 2>&1 || quietly_status=$?
	[ "$quietly_status" -eq 0 ] || cat "$quietly_log" >&2
	rm -f "$quietly_log"
	return "$quietly_status"
}

# Runs a command with root's rights.
as_root() {
	if is_root; then "$@"; else sudo "$@"; fi
}

# Which of the packages are not installed.
missing_packages() {
	for package in "$@"; do
		case $(dpkg-query -W -f '${Status}' "$package" 2>/dev/null || :) in
		*' ok installed') ;;
		*) printf ' %s' "$package" ;;
		esac
	done
}

# Never asks: wireshark-common's question about capturing without root's rights keeps its answer, or gets its default, no.
apt_get() {
	as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=120 "$@" </dev/null
}

# Installs those of the packages that are missing. Elsewhere than on Debian and Ubuntu, says what to install instead.
need_packages() {
	if ! have apt-get || ! have dpkg-query; then
		need_commands
		return
	fi
	missing=$(missing_packages "$@")
	[ -n "$missing" ] || return 0
	is_root || have sudo ||
		stop "packages are missing and there is no sudo here; run this as root, then start again: apt-get install$missing"
	say "Installing with apt-get:$missing"
	quietly apt_get update || stop "apt-get update failed, see above."
	# shellcheck disable=SC2086 # a list of words
	quietly apt_get install --yes --no-install-recommends $missing ||
		stop "apt-get could not install what is missing, see above; is there a connection to the network?"
}

# On a system without apt-get: stops unless the commands are there. CMake then looks for Wireshark's development files.
need_commands() {
	missing=
	for tool in cmake cc pkg-config tshark ${need_python:+python3 sharkd editcap}; do
		have "$tool" || missing="$missing $tool"
	done
	have make || have ninja || missing="$missing make"
	[ -z "${need_python-}" ] || python3 -c 'import pytest' 2>/dev/null || missing="$missing pytest"
	[ -z "$missing" ] || { what_to_install && stop "missing here:$missing"; }
}

what_to_install() {
	cat >&2 <<-END
		This system has no apt-get. Please install these, then start again:
		  Wireshark 4.0 or later with tshark and its development files, CMake, a C compiler, make, GLib, pkg-config;
		  for tools/check also Python 3 and pytest.
		Usual names:
		  Fedora    dnf install wireshark-cli wireshark-devel cmake gcc make glib2-devel pkgconf python3-pytest
		  Arch      pacman -S wireshark-cli cmake gcc make glib2 pkgconf python-pytest
		  Homebrew  brew install wireshark cmake glib pkgconf pytest
	END
}

# build FOLDER [options of CMake]: builds the plugin in FOLDER of the clone.
build() {
	folder=$root/$1
	name=$1
	shift
	# Made for another Wireshark, another place or another user, a build is out of date though its files are newer than the headers.
	made_for="$(tshark --version 2>/dev/null | head -n 1), $root, ${HOME-}"
	if [ -e "$folder" ] && [ "$(cat "$folder/made-for" 2>/dev/null)" != "$made_for" ]; then
		rm -rf "$folder" 2>/dev/null || stop "$name/ is another user's; remove it first: sudo rm -r '$folder'"
	fi
	mkdir -p "$folder" 2>/dev/null || stop "cannot write to $root; clone it to a folder of your own."
	printf '%s\n' "$made_for" 2>/dev/null >"$folder/made-for" || stop "$name/ is another user's; remove it first: sudo rm -r '$folder'"
	say "Building in $name/"
	if ! quietly cmake -S "$root" -B "$folder" "$@"; then
		have apt-get || what_to_install
		stop "CMake could not set up the build, see above."
	fi
	quietly cmake --build "$folder" --parallel "$(getconf _NPROCESSORS_ONLN)" || stop "the build failed, see above."
	# After "sudo tools/..." in a user's clone, the user can go on without sudo.
	! is_root || chown -R "$(stat -c %u:%g "$root" 2>/dev/null || stat -f %u:%g "$root")" "$folder"
}

# The plugin's copies in the personal folders below the home folder $1, of all versions of Wireshark.
personal_copies() {
	for copy in "$1"/.local/lib/wireshark/plugins/*/epan/facetime.so; do
		[ ! -e "$copy" ] || say "$copy"
	done
}

# The plugin's copies for all users.
global_copies() {
	for copy in /usr/lib/wireshark/plugins/*/epan/facetime.so /usr/lib/*/wireshark/plugins/*/epan/facetime.so \
		/usr/lib64/wireshark/plugins/*/epan/facetime.so /usr/local/lib*/wireshark/plugins/*/epan/facetime.so \
		/usr/local/lib/*/wireshark/plugins/*/epan/facetime.so /opt/homebrew/lib/wireshark/plugins/*/epan/facetime.so; do
		[ ! -e "$copy" ] || say "$copy"
	done
}

# The line of "tshark -G plugins" about this plugin: name, version, type, file, with tabs between.
listed_plugin() {
	tshark -G plugins 2>/dev/null | grep '^facetime\.so[[:space:]]'
}
