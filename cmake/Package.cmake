# Packages for one minor version of Wireshark: a Debian package, and an archive with a script that installs. `tools/package` makes them.
#
# SPDX-License-Identifier: GPL-2.0-or-later

# The archive's folder "." is nothing in an installed path; CMake 3.31 and later ask which spelling is meant.
if(POLICY CMP0177)
	cmake_policy(SET CMP0177 NEW)
endif()

set(FT_MINOR "${Wireshark_MAJOR_VERSION}.${Wireshark_MINOR_VERSION}")
math(EXPR FT_NEXT_MINOR "${Wireshark_MINOR_VERSION} + 1")
set(FT_PACKAGE wireshark-facetime)
set(FT_PACKAGE_FILES "${CMAKE_CURRENT_BINARY_DIR}/package")
set(FT_PACKAGE_SAMPLE "${PROJECT_SOURCE_DIR}/captures/facetime-relay.pcap")
set(FT_DOC_DIR "share/doc/${FT_PACKAGE}")
set(FT_CONTACT "facetime maintainers <maintainers@facetime.invalid>" CACHE STRING "Maintainer of the packages")

# What both carry beside the plugin, each in its place: documents, a README of the packages' own (that of the project tells how to build),
# a sample, the profile, and the scripts that need no clone.
function(ft_install_documents component folder samples)
	install(FILES "${FT_PACKAGE_FILES}/${component}/README.md" DESTINATION "${folder}" COMPONENT ${component} EXCLUDE_FROM_ALL)
	install(DIRECTORY "${PROJECT_SOURCE_DIR}/doc" DESTINATION "${folder}" COMPONENT ${component} EXCLUDE_FROM_ALL)
	install(FILES "${FT_PACKAGE_SAMPLE}" DESTINATION "${folder}/${samples}" COMPONENT ${component} EXCLUDE_FROM_ALL)
endfunction()

function(ft_install_tools component folder)
	install(FILES "${PROJECT_SOURCE_DIR}/tools/lib.sh" DESTINATION "${folder}/tools" COMPONENT ${component} EXCLUDE_FROM_ALL)
	install(PROGRAMS ${ARGN} DESTINATION "${folder}/tools" COMPONENT ${component} EXCLUDE_FROM_ALL)
endfunction()

# ft_write_readme(COMPONENT INSTALL REMOVE TOOLS SAMPLE): the words that differ.
function(ft_write_readme component install remove tools sample)
	configure_file("${PROJECT_SOURCE_DIR}/cmake/package/README.md.in" "${FT_PACKAGE_FILES}/${component}/README.md" @ONLY)
endfunction()

# ---- The archive: one folder, with the scripts of tools/ -----------------------------------------

file(WRITE "${FT_PACKAGE_FILES}/wireshark-version" "${FT_MINOR}\n")
ft_write_readme(archive "./install" "./uninstall" "tools" "captures/facetime-relay.pcap")
ft_install_documents(archive . captures)
install(DIRECTORY "${PROJECT_SOURCE_DIR}/profile" DESTINATION . COMPONENT archive EXCLUDE_FROM_ALL)
ft_install_tools(archive . "${PROJECT_SOURCE_DIR}/tools/profile" "${PROJECT_SOURCE_DIR}/tools/report" "${PROJECT_SOURCE_DIR}/tools/uninstall")
install(TARGETS facetime LIBRARY DESTINATION . COMPONENT archive EXCLUDE_FROM_ALL NAMELINK_SKIP)
install(FILES "${FT_PACKAGE_FILES}/wireshark-version" "${PROJECT_SOURCE_DIR}/COPYING" "${PROJECT_SOURCE_DIR}/CHANGELOG.md"
	DESTINATION . COMPONENT archive EXCLUDE_FROM_ALL)
install(PROGRAMS "${PROJECT_SOURCE_DIR}/cmake/package/install" "${PROJECT_SOURCE_DIR}/cmake/package/uninstall"
	DESTINATION . COMPONENT archive EXCLUDE_FROM_ALL)

# ---- The Debian package --------------------------------------------------------------------------

# Its changelogs are compressed, as Debian's policy wants them; the time is that of the build, or of the sources where they say one.
find_program(FT_GZIP gzip)
if(FT_GZIP)
	string(TIMESTAMP FT_PACKAGE_DATE "%a, %d %b %Y %H:%M:%S +0000" UTC)
	configure_file("${PROJECT_SOURCE_DIR}/cmake/package/changelog.Debian.in" "${FT_PACKAGE_FILES}/changelog.Debian" @ONLY)
	configure_file("${PROJECT_SOURCE_DIR}/CHANGELOG.md" "${FT_PACKAGE_FILES}/changelog" COPYONLY)
	foreach(file changelog changelog.Debian)
		execute_process(COMMAND "${FT_GZIP}" -9 -n -c "${FT_PACKAGE_FILES}/${file}" OUTPUT_FILE "${FT_PACKAGE_FILES}/${file}.gz")
		install(FILES "${FT_PACKAGE_FILES}/${file}.gz" DESTINATION "${FT_DOC_DIR}" COMPONENT debian EXCLUDE_FROM_ALL)
	endforeach()
endif()
ft_write_readme(debian "apt-get install ./wireshark-facetime_*.deb" "apt-get purge wireshark-facetime" "/usr/share/${FT_PACKAGE}/tools"
	"/usr/share/doc/${FT_PACKAGE}/examples/facetime-relay.pcap")
ft_install_documents(debian "${FT_DOC_DIR}" examples)
ft_install_tools(debian "share/${FT_PACKAGE}" "${PROJECT_SOURCE_DIR}/tools/profile" "${PROJECT_SOURCE_DIR}/tools/report")
# One of Wireshark's profiles for all users: -C FaceTime copies it to the user's own. tools/profile finds it through the link.
install(DIRECTORY "${PROJECT_SOURCE_DIR}/profile/" DESTINATION share/wireshark/profiles COMPONENT debian EXCLUDE_FROM_ALL)
install(CODE "file(CREATE_LINK ../wireshark/profiles \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/share/${FT_PACKAGE}/profile\" SYMBOLIC)"
	COMPONENT debian EXCLUDE_FROM_ALL)
install(FILES "${PROJECT_SOURCE_DIR}/cmake/package/copyright" DESTINATION "${FT_DOC_DIR}" COMPONENT debian EXCLUDE_FROM_ALL)

# dpkg-shlibdeps finds the library of this minor version by its soname. The soname alone says no folder: hence both ends.
get_target_property(FT_EPAN epan IMPORTED_SONAME_NONE)
if(NOT FT_EPAN)
	get_target_property(FT_EPAN epan IMPORTED_SONAME_RELWITHDEBINFO)
endif()
string(REGEX REPLACE "^(lib[a-z]+)\\.so\\.([0-9]+).*" "\\1\\2" FT_LIBRARY "${FT_EPAN}")
# The package may have another name: libwireshark17t64 in Ubuntu 24.04.
get_target_property(FT_EPAN_FILE epan LOCATION)
find_program(FT_DPKG_QUERY dpkg-query)
if(FT_DPKG_QUERY AND EXISTS "${FT_EPAN_FILE}")
	get_filename_component(FT_EPAN_FILE "${FT_EPAN_FILE}" REALPATH)
	execute_process(COMMAND "${FT_DPKG_QUERY}" -S "${FT_EPAN_FILE}" OUTPUT_VARIABLE FT_OWNER ERROR_QUIET)
	if(FT_OWNER MATCHES "^(lib[a-z0-9.+-]+):")
		set(FT_LIBRARY "${CMAKE_MATCH_1}")
	endif()
endif()

set(CPACK_DEBIAN_PACKAGE_NAME ${FT_PACKAGE})
set(CPACK_DEBIAN_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_DEBIAN_PACKAGE_RELEASE "ws${FT_MINOR}")
set(CPACK_DEBIAN_PACKAGE_MAINTAINER "${FT_CONTACT}")
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS
	"${FT_LIBRARY} (>= ${FT_MINOR}), ${FT_LIBRARY} (<< ${Wireshark_MAJOR_VERSION}.${FT_NEXT_MINOR}~), \
wireshark-common (>= ${FT_MINOR}), wireshark-common (<< ${Wireshark_MAJOR_VERSION}.${FT_NEXT_MINOR}~)")
# The library of this minor version stays when the system gets the next one, and the plugin with it, where no Wireshark looks for it. So it wants
# the Wireshark itself, and an upgrade of the system takes this package away, and says so: tests/upgrade.
set(CPACK_DEBIAN_PACKAGE_BREAKS
	"wireshark-common (<< ${FT_MINOR}~), wireshark-common (>= ${Wireshark_MAJOR_VERSION}.${FT_NEXT_MINOR}~)")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "wireshark | tshark")
set(CPACK_DEBIAN_PACKAGE_ENHANCES "wireshark, tshark")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
# The first line is the project's description. CPack indents the others.
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION "Finds Apple FaceTime calls in a capture: names each packet of a call, shows
the calls, their hosts, steps and streams in tables, and says what an
eavesdropper could read.

This package is for Wireshark ${FT_MINOR} and no other version.")

# ---- Both ----------------------------------------------------------------------------------------

string(TOLOWER "${CMAKE_SYSTEM_NAME}-${CMAKE_SYSTEM_PROCESSOR}" FT_SYSTEM)
set(CPACK_PACKAGE_NAME facetime)
set(CPACK_PACKAGE_VENDOR facetime)
set(CPACK_PACKAGE_CONTACT "${FT_CONTACT}")
set(CPACK_PACKAGE_FILE_NAME "facetime-${PROJECT_VERSION}-wireshark-${FT_MINOR}-${FT_SYSTEM}")
set(CPACK_RESOURCE_FILE_LICENSE "${PROJECT_SOURCE_DIR}/COPYING")
set(CPACK_STRIP_FILES ON)
set(CPACK_VERBATIM_VARIABLES ON)
set(CPACK_GENERATOR TGZ)
configure_file("${PROJECT_SOURCE_DIR}/cmake/package/Components.cmake.in" "${FT_PACKAGE_FILES}/Components.cmake" @ONLY)
set(CPACK_PROJECT_CONFIG_FILE "${FT_PACKAGE_FILES}/Components.cmake")
include(CPack)
