# Where Wireshark looks for plugins, by system.
#
# Compiled plugins lie in a folder named after Wireshark's minor version: 4.4, and 4-4 on macOS, whose code signing takes a folder with a
# period in its name for a bundle. A plugin ends in .so, also on macOS, and in .dll on Windows. Personal folders are those of the User's
# Guide, "Plugin folders". Only Linux is tested.
#
# SPDX-License-Identifier: GPL-2.0-or-later

# ft_folder_id(VARIABLE SYSTEM LIBDIR VERSION): the name of that folder. LIBDIR, Wireshark's own word, ends in it; else SYSTEM decides.
function(ft_folder_id variable system libdir version)
	get_filename_component(id "${libdir}" NAME)
	if(NOT id MATCHES "^[0-9]+[.-][0-9]+$")
		string(REGEX MATCH "^[0-9]+\\.[0-9]+" id "${version}")
		if(system STREQUAL "Darwin")
			string(REPLACE "." "-" id "${id}")
		endif()
	endif()
	set(${variable} "${id}" PARENT_SCOPE)
endfunction()

# ft_personal_folder(VARIABLE SYSTEM ID): one user's folder for plugins that dissect.
function(ft_personal_folder variable system id)
	if(system STREQUAL "Windows")
		string(REPLACE "\\" "/" base "$ENV{APPDATA}/Wireshark")
	else()
		set(base "$ENV{HOME}/.local/lib/wireshark")
	endif()
	set(${variable} "${base}/plugins/${id}/epan" PARENT_SCOPE)
endfunction()

# ft_suffix(VARIABLE SYSTEM): how the plugin's file ends.
function(ft_suffix variable system)
	if(system STREQUAL "Windows")
		set(${variable} ".dll" PARENT_SCOPE)
	else()
		set(${variable} ".so" PARENT_SCOPE)
	endif()
endfunction()
