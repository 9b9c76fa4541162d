# shellcheck shell=sh
# What the scripts share: messages, packages, the build, the installed plugin. Sourced by them; those that build set "root" first, to the
# clone's folder. The archive that tools/package makes carries a copy, for its own scripts.
#
# SPDX-License-Identifier: GPL-2.0-or-later

program=${0##*/}

# What a build needs on Debian and Ubuntu; libc6-dev because gcc only recommends it.
# shellcheck disable=SC2034 # used by those that source this
build_packages="cmake gcc libc6-dev libglib2.0-dev libwireshark-dev make pkg-config tshark wireshark-dev"
# What the tests need besides: wireshark-common has sharkd, editcap and mergecap.
# shellcheck disable=SC2034
test_packages="clang libclang-rt-dev openssl python3 python3-pytest python3-pytest-xdist shellcheck valgrind wireshark-common"
# Programs that are not FaceTime, for the tests of that; not on everybody's machine: coturn starts a server where it is installed.
# shellcheck disable=SC2034
program_packages="coturn sip-tester"
# What Debian packages need besides: file and dpkg-shlibdeps find the libraries that a package depends on.
# shellcheck disable=SC2034
package_packages="dpkg-dev file gzip"
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
	: "${root:?}"
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

# The two numbers of the installed Wireshark's minor version.
wireshark_version() {
	tshark --version 2>/dev/null | sed -n '1s/.*(Wireshark) \([0-9]*\.[0-9]*\)\..*/\1/p'
}

# plugin_folder Global|Personal: where this Wireshark looks for plugins that dissect.
plugin_folder() {
	tshark -G folders 2>/dev/null | sed -n "s,^$1 Plugins:[[:space:]]*\(.*\),\1/epan,p"
}

# The machine that a program or library is for, from its ELF header: word size, byte order and number. Nothing for other files.
machine_of() {
	[ "$(od -An -tx1 -N4 "$1" 2>/dev/null | tr -d ' \n')" = 7f454c46 ] || return 0
	machine_code=$( (od -An -tx1 -j4 -N2 "$1" && od -An -tx1 -j18 -N2 "$1") | tr -d ' \n')
	case $machine_code in
	01010300) say i386 ;;
	01012800) say arm ;;
	02011500) say ppc64le ;;
	02013e00) say x86_64 ;;
	0201b700) say aarch64 ;;
	0201f300) say riscv64 ;;
	02020016) say s390x ;;
	*) say "a machine with the ELF code $machine_code" ;;
	esac
}

# The Debian package that has installed the file $1, if one has.
package_of() {
	! have dpkg-query || dpkg-query -S "$1" 2>/dev/null | cut -d : -f 1
}

# put FILE TARGET [COMMAND]: copies in one step, so that a Wireshark that runs keeps the old file. COMMAND, as_root, runs the steps.
put() {
	${3-} mkdir -p "$(dirname "$2")" && ${3-} cp "$1" "$2.new" && ${3-} chmod 644 "$2.new" && ${3-} mv -f "$2.new" "$2"
}

# install_plugin FILE: copies the plugin to where this Wireshark looks for it, and stops unless tshark then lists this very copy.
# Root's personal plugins are ignored by Wireshark, and a copy for all users comes before a personal one. $uninstaller is for a message.
install_plugin() {
	global=$(plugin_folder Global)/facetime.so
	owner=$(package_of "$global")
	if [ -n "$owner" ] && ! cmp -s "$1" "$global"; then
		stop "the Debian package $owner has installed the plugin for all users; remove it first: apt-get purge $owner"
	fi
	target=$global
	if cmp -s "$1" "$global"; then
		how="for all users, where it was already"
	elif is_root; then
		put "$1" "$global" || stop "the plugin cannot be copied to $global."
		how="for all users, as Wireshark ignores personal plugins when root runs it"
	elif [ -e "$global" ]; then
		how="for all users, where there was a copy that comes before one of your own"
		have sudo || stop "another copy for all users comes before yours; remove it first, as root: rm $global"
		put "$1" "$global" as_root || stop "the plugin cannot be copied to $global."
	else
		target=$(plugin_folder Personal)/facetime.so
		put "$1" "$target" || stop "the plugin cannot be copied to $target."
		how="for you only"
	fi
	# Wireshark complains about a second copy at each start.
	if [ "$target" = "$global" ] && ! is_root; then
		personal_copies "$HOME" | while IFS= read -r copy; do rm -f "$copy"; done
	fi

	plugin=$(listed_plugin) || {
		tshark -G plugins >/dev/null || :
		if [ "$target" != "$global" ]; then
			rm -f "$target"
			remove_empty_above "$target"
		elif is_root && [ -z "$owner" ]; then
			rm -f "$global"
		fi
		stop "the plugin was installed, but tshark does not list it, see above; it was taken away again."
	}
	file=$(say "$plugin" | cut -f 4)
	cmp -s "$file" "$1" || stop "Wireshark loads another copy, $file; remove it: ${uninstaller-}"
	say "Installed $how: $file"
	say "$(tshark --version 2>/dev/null | head -n 1 | sed 's, *(Git.*,,; s,\.$,,') loads facetime $(say "$plugin" | cut -f 2)."
}

# Removes the folders above the personal copy $1 that are empty without it, up to its owner's home folder.
remove_empty_above() {
	home=${1%/.local/lib/wireshark/plugins/*}
	[ "$home" != "$1" ] || return 0
	empty=$(dirname "$1")
	while [ "$empty" != "$home" ] && rmdir "$empty" 2>/dev/null; do
		empty=$(dirname "$empty")
	done
}
