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
test_packages="busybox clang libclang-rt-dev locales openssl python3 python3-pytest python3-pytest-xdist shellcheck valgrind wireshark-common"
# Programs that are not FaceTime, for the tests of that; not on everybody's machine: coturn starts a server where it is installed.
# shellcheck disable=SC2034
program_packages="coturn sip-tester"
# What Debian packages need besides: file and dpkg-shlibdeps find the libraries that a package depends on.
# shellcheck disable=SC2034
package_packages="dpkg-dev file gzip"
# Wireshark's window, a screen for it, and what reads the screen.
# shellcheck disable=SC2034
window_packages="at-spi2-core dbus-daemon gir1.2-atspi-2.0 python3-gi wireshark xvfb"

# What tools/call-report needs, and what looks at its pages.
# shellcheck disable=SC2034
report_packages="chromium python3-html5lib python3-jinja2 python3-matplotlib poppler-utils weasyprint"

say() { printf '%s\n' "$*"; }

# Ends the script with one sentence.
stop() {
	printf '%s: %s\n' "$program" "$*" >&2
	exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

is_root() { [ "$(id -u)" -eq 0 ]; }

# How many things to do at a time.
processors() {
	getconf _NPROCESSORS_ONLN 2>/dev/null || nproc 2>/dev/null || sysctl -n hw.ncpu 2>/dev/null || say 1
}

# The file's owner and group as numbers, for chown. stat has other options on each system.
owner_of() {
	# shellcheck disable=SC2012 # of one file; the numbers stand before its name
	ls -ldn "$1" | awk '{ print $3 ":" $4; exit }'
}

# The home folder of the user $1, as the shell itself knows it: not each system has getent.
home_of() {
	case $1 in
	'' | *[!A-Za-z0-9._-]*) return ;;
	esac
	home_found=$(eval "printf '%s' ~$1")
	[ "$home_found" = "~$1" ] || say "$home_found"
}

# Text as one word of a shell, for a command that is suggested: odd names too.
quoted() {
	quoted_rest=$1
	quoted_text=
	while :; do
		case $quoted_rest in
		*\'*)
			quoted_text="$quoted_text${quoted_rest%%\'*}'\\''"
			quoted_rest=${quoted_rest#*\'}
			;;
		*) break ;;
		esac
	done
	printf "'%s'" "$quoted_text$quoted_rest"
}

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
		# Ninja does what make does.
		[ "$package" != make ] || have make || ! have ninja || continue
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

# The oldest minor version of Wireshark that the plugin builds on.
oldest_wireshark=4.0

# refuse_old VERSION WHAT: stops if WHAT, Wireshark's version here, is too old. The version may be unknown, and have an epoch.
refuse_old() {
	old_version=${1#*:}
	case $old_version in
	[0-9]*.[0-9]*) ;;
	*) return 0 ;;
	esac
	[ "${old_version%%.*}" -lt "${oldest_wireshark%%.*}" ] || return 0
	stop "$2 is Wireshark ${old_version%%-*}, which is too old: $oldest_wireshark or later is needed. Debian 12 and Ubuntu 24.04 have it; for Ubuntu 22.04 there is the PPA wireshark-dev/stable (not tried)."
}

# What apt would install, "(none)" or nothing if it does not know.
candidate() {
	LC_ALL=C apt-cache policy "$1" 2>/dev/null | sed -n 's/^ *Candidate: *//p'
}

# refuse_old_packages PACKAGE...: stops before anything is installed, if Wireshark is among the packages and too old in this system's archive.
refuse_old_packages() {
	case " $* " in
	*' libwireshark-dev '*) refuse_old "$(candidate libwireshark-dev)" "what apt-get would install here" ;;
	esac
}

# Installs those of the packages that are missing. Elsewhere than on Debian and Ubuntu, says what to install instead.
need_packages() {
	if ! have apt-get || ! have dpkg-query; then
		need_commands
		return
	fi
	missing=$(missing_packages "$@")
	[ -n "$missing" ] || return 0
	# shellcheck disable=SC2086 # a list of words
	refuse_old_packages $missing
	is_root || have sudo ||
		stop "packages are missing and there is no sudo here; run this as root, then start again: apt-get install$missing"
	say "Installing with apt-get, a minute or two:$missing"
	quietly apt_get update || stop "apt-get update failed, see above."
	# shellcheck disable=SC2086 # lists of words
	refuse_old_packages $missing
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

# What to install here, and how that is usually done. Only Debian and Ubuntu were tried.
what_to_install() {
	system=$(uname -s 2>/dev/null)
	case $system in
	Linux) system=$(sed -n 's/^ID=//p; s/^ID_LIKE=//p' "${FT_OS_RELEASE-/etc/os-release}" 2>/dev/null || :) ;;
	esac
	say "Please install these, then start again (only Debian and Ubuntu were tried):" >&2
	say "  Wireshark $oldest_wireshark or later with tshark and its development files, CMake, a C compiler, make or ninja, GLib, pkg-config;" >&2
	say "  for tools/check also Python 3 and pytest." >&2
	case $system in
	Darwin)
		cat <<-END
			On macOS with Homebrew:
			  xcode-select --install
			  brew install wireshark cmake glib pkgconf pytest
			That is Wireshark without the window: tshark, headers, libraries. Wireshark's own app has the window and no headers; a plugin for
			it is built in Wireshark's source of the app's version: tools/in-tree, and doc/systems.md.
		END
		;;
	*fedora* | *rhel* | *centos*)
		say "On Fedora:   dnf install wireshark-cli wireshark-devel cmake gcc make glib2-devel pkgconf-pkg-config python3-pytest"
		;;
	*arch*)
		say "On Arch:     pacman -S wireshark-cli cmake gcc make glib2 pkgconf python-pytest"
		;;
	*alpine*)
		say "On Alpine:   apk add tshark wireshark-dev cmake gcc musl-dev make glib-dev pkgconf py3-pytest"
		;;
	*suse*)
		say "On openSUSE: zypper install wireshark wireshark-devel cmake gcc make glib2-devel pkgconf python3-pytest"
		;;
	FreeBSD)
		say "On FreeBSD:  pkg install tshark cmake glib pkgconf; the headers are in Wireshark's source, of the same version, with tools/in-tree"
		;;
	*nixos*)
		say "On NixOS:    nix-shell -p wireshark-cli cmake gcc gnumake glib pkg-config python3Packages.pytest"
		;;
	MINGW* | MSYS* | CYGWIN*)
		say "On Windows:  Wireshark's installer has no headers; build in Wireshark's source tree, with tools/in-tree. Or in WSL, as on Ubuntu."
		;;
	*)
		cat <<-END
			Usual names:
			  Fedora    dnf install wireshark-cli wireshark-devel cmake gcc make glib2-devel pkgconf-pkg-config python3-pytest
			  Arch      pacman -S wireshark-cli cmake gcc make glib2 pkgconf python-pytest
			  Alpine    apk add tshark wireshark-dev cmake gcc musl-dev make glib-dev pkgconf py3-pytest
			  openSUSE  zypper install wireshark wireshark-devel cmake gcc make glib2-devel pkgconf python3-pytest
			  Nix       nix-shell -p wireshark-cli cmake gcc gnumake glib pkg-config python3Packages.pytest
			  Homebrew  brew install wireshark cmake glib pkgconf pytest
		END
		;;
	esac >&2
}

# build FOLDER [options of CMake]: builds the plugin in FOLDER of the clone.
build() {
	: "${root:?}"
	folder=$root/$1
	name=$1
	shift
	# Made for another Wireshark, another place or another user, a build is out of date though its files are newer than the headers.
	builder="make"
	have make || ! have ninja || builder="ninja"
	made_for="$(version_line), $root, ${HOME-}, $builder"
	if [ -e "$folder" ] && [ "$(cat "$folder/made-for" 2>/dev/null)" != "$made_for" ]; then
		rm -rf "$folder" 2>/dev/null || stop "$name/ is another user's; remove it first: sudo rm -r '$folder'"
	fi
	mkdir -p "$folder" 2>/dev/null || stop "cannot write to $root; clone it to a folder of your own."
	printf '%s\n' "$made_for" 2>/dev/null >"$folder/made-for" || stop "$name/ is another user's; remove it first: sudo rm -r '$folder'"
	if [ -e "$folder/facetime.so" ]; then say "Building in $name/"; else say "Building in $name/, half a minute"; fi
	refuse_old "$(wireshark_version)" "what is installed here"
	[ "$builder" = make ] || set -- -G Ninja "$@"
	# The development files of the tshark that runs here, where there are several, and where CMake does not look by itself (Homebrew).
	prefix=$(command -v tshark) && prefix=$(dirname -- "$(dirname -- "$prefix")")
	[ "${prefix:-/usr}" = /usr ] || [ "$prefix" = / ] || set -- "-DCMAKE_PREFIX_PATH=$prefix" "$@"
	if ! quietly cmake -S "$root" -B "$folder" "$@"; then
		have apt-get || what_to_install
		stop "CMake could not set up the build, see above."
	fi
	quietly cmake --build "$folder" --parallel "$(processors)" || stop "the build failed, see above."
	# After "sudo tools/..." in a user's clone, the user can go on without sudo.
	! is_root || chown -R "$(owner_of "$root")" "$folder"
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
		/usr/local/lib/*/wireshark/plugins/*/epan/facetime.so /opt/homebrew/lib/wireshark/plugins/*/epan/facetime.so \
		/opt/homebrew/Cellar/wireshark/*/lib/wireshark/plugins/*/epan/facetime.so \
		/usr/local/Cellar/wireshark/*/lib/wireshark/plugins/*/epan/facetime.so; do
		[ ! -e "$copy" ] || say "$copy"
	done
}

# What tshark says of its version and its folders, asked once: in a script that has called this, other functions do not ask again.
ask_tshark() {
	version_line=$(tshark --version 2>/dev/null | head -n 1)
	folder_lines=$(tshark -G folders 2>/dev/null)
}

# The first line of "tshark --version".
version_line() {
	if [ -n "${version_line-}" ]; then say "$version_line"; else tshark --version 2>/dev/null | head -n 1; fi
}

# The line of "tshark -G plugins" about this plugin: name, version, type, file, with tabs between.
listed_plugin() {
	tshark -G plugins 2>/dev/null | grep '^facetime\.so[[:space:]]'
}

# The two numbers of the installed Wireshark's minor version.
wireshark_version() {
	version_line | sed -n '1s/.*(Wireshark) \([0-9]*\.[0-9]*\)\..*/\1/p'
}

# plugin_folder Global|Personal: where this Wireshark looks for plugins that dissect.
plugin_folder() {
	if [ -n "${folder_lines-}" ]; then say "$folder_lines"; else tshark -G folders 2>/dev/null; fi | sed -n "s,^$1 Plugins:[[:space:]]*\(.*\),\1/epan,p"
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
	placed=
	if cmp -s "$1" "$global"; then
		how="for all users, where it was already"
	elif is_root; then
		put "$1" "$global" || stop "the plugin cannot be copied to $global."
		how="for all users, as Wireshark ignores personal plugins when root runs it"
	elif [ -e "$global" ]; then
		how="for all users, where there was a copy that comes before one of your own"
		have sudo || stop "another copy for all users comes before yours; remove it first, as root: rm $global"
		put "$1" "$global" as_root || stop "the plugin cannot be copied to $global."
	elif [ "$(uname -s)" = Darwin ] && [ -w "$(dirname -- "$global")" ]; then
		# Homebrew's: the personal folder is also that of Wireshark's own app, which cannot load what was built with Homebrew's libraries.
		put "$1" "$global" || stop "the plugin cannot be copied to $global."
		placed=yes
		how="in this Wireshark's own folder, which is yours"
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
		elif [ -n "$placed" ] || { is_root && [ -z "$owner" ]; }; then
			rm -f "$global"
		fi
		stop "the plugin was installed, but tshark does not list it, see above; it was taken away again."
	}
	file=$(say "$plugin" | cut -f 4)
	cmp -s "$file" "$1" || stop "Wireshark loads another copy, $file; remove it: ${uninstaller-}"
	say "Installed $how: $file"
	say "$(version_line | sed 's, *(Git.*,,; s,\.$,,') loads facetime $(say "$plugin" | cut -f 2)."
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
