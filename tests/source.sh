# shellcheck shell=sh
# Debian's source package of Wireshark, for the scripts that need it. Sourced by them after tools/lib.sh.
#
# SPDX-License-Identifier: GPL-2.0-or-later

# fetch_source FOLDER: downloads the source package of the Wireshark that is installed, or else the newest one. The places are those that
# apt knows, asked for sources; apt's own lists stay as they are. Fails, with the reason in FOLDER/log, if it cannot be had.
fetch_source() {
	(
		cd "$1" || exit 1
		mkdir -p sources.list.d lists/partial
		for list in /etc/apt/sources.list /etc/apt/sources.list.d/*; do
			[ -f "$list" ] || continue
			sed -E 's/^Types:.*/Types: deb-src/; s/^deb[[:space:]]/deb-src /' "$list" >"sources.list.d/${list##*/}"
		done
		set -- -qq -o Dir::Etc::SourceList=/dev/null -o "Dir::Etc::SourceParts=$PWD/sources.list.d/" -o "Dir::State::Lists=$PWD/lists/" \
			-o APT::Sandbox::User=root
		# shellcheck disable=SC2016 # a format of dpkg
		version=$(dpkg-query -W -f '${source:Version}' tshark 2>/dev/null || :)
		{
			apt-get "$@" update || :
			apt-get "$@" source --only-source --download-only "wireshark${version:+=$version}" ||
				apt-get "$@" source --only-source --download-only wireshark
		} >log 2>&1 </dev/null && [ -n "$(find . -name '*.orig.tar.*')" ]
	)
}
