# shellcheck shell=sh
# Chroots of Debian and Ubuntu, for the scripts that need them. Sourced by them after tools/lib.sh; they set "work", a folder of their own.
#
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2016 # formats of apt, and programs of awk

# mirror_of ORIGIN: where this system has its packages of Debian or of Ubuntu from; nothing if it has none.
mirror_of() {
	apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(ORIGIN)' 'Created-By: Packages' |
		awk -v origin="$1" '$1 ~ /^https?:/ && $2 !~ /-/ && $3 == origin && NF == 3 { print $1; exit }'
}

# Debian's and Ubuntu's archives and apt's proxies as on this system; without them mmdebstrap's own. As root.
prepare_chroots() {
	need_packages mmdebstrap debian-archive-keyring mount
	mirror=$(mirror_of Debian)
	ubuntu_mirror=$(mirror_of Ubuntu)
	apt-config dump | grep -E '^Acquire::(https?|ftp|Check-|Retries)' >"$work/apt.conf" || :
	# A mirror that stands still for a while is as good.
	echo 'Acquire::Check-Valid-Until "false";' >>"$work/apt.conf"
}

# is_ubuntu SUITE: Ubuntu's suites have an adjective for a name that is none of Debian's.
is_ubuntu() {
	case $1 in
	noble | oracular | plucky | questing | resolute) ;;
	*) return 1 ;;
	esac
}

# Sets "keyring" to the folder with the keys of Ubuntu's archive: those of this system, else of Debian's package ubuntu-keyring, which Debian 12
# has in its backports. The package is unpacked, not installed, and apt's own lists stay as they are.
find_ubuntu_keyring() {
	keyring=/usr/share/keyrings
	[ ! -e "$keyring/ubuntu-archive-keyring.gpg" ] || return 0
	keyring=$work/keyring/usr/share/keyrings
	[ ! -e "$keyring/ubuntu-archive-keyring.gpg" ] || return 0
	# Without a mirror that is known there is none to ask.
	[ -n "${mirror-}" ] || return 0
	release=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
	mkdir -p "$work/lists/partial"
	for suite_of_debian in "$release" "$release-backports"; do
		echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite_of_debian main"
	done >"$work/sources.list"
	(
		cd "$work"
		set -- -qq -o "Dir::Etc::SourceList=$work/sources.list" -o Dir::Etc::SourceParts=- -o "Dir::State::Lists=$work/lists" -o APT::Sandbox::User=root
		apt-get "$@" update && { apt-get "$@" download ubuntu-keyring || apt-get "$@" download "ubuntu-keyring/$release-backports"; } &&
			dpkg-deb -x ubuntu-keyring_*.deb keyring
	) >"$work/log" 2>&1 </dev/null
}

# make_chroot SUITE FOLDER PACKAGES: a minimal system with the packages, which have commas between them. Fails, with the reason in the file log of
# "work", if it cannot be had.
make_chroot() {
	rm -rf --one-file-system "$2"
	if is_ubuntu "$1"; then
		find_ubuntu_keyring || return 1
		# Its minimal system has no apt. The mirror is that of this system if it is Ubuntu, where mmdebstrap takes Debian's, else the one that mmdebstrap
		# knows.
		set -- --components=main,universe --keyring="$keyring" --include="apt,$3" "$1" "$2" ${ubuntu_mirror:+"$ubuntu_mirror"}
	else
		set -- --include="$3" "$1" "$2" ${mirror:+"$mirror"}
	fi
	mmdebstrap --variant=minbase --aptopt="$work/apt.conf" "$@" >"$work/log" 2>&1
}

# Why there is no chroot, in a line.
why_no_chroot() { grep '^E: ' "$work/log" | grep -v 'E: mmdebstrap failed' | head -n 1 | cut -c 1-150; }
