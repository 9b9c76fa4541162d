# What Wireshark's own libraries are linked with.
#
# SPDX-License-Identifier: GPL-2.0-or-later

# ft_leave_out_absent_libraries(TARGET...): a plugin needs Wireshark's libraries, not what these were linked with. Ubuntu 26.04's CMake files
# name libxxhash.so all the same, and its libwireshark-dev does not bring it: a file that is named and is not there is left out.
function(ft_leave_out_absent_libraries)
	foreach(target ${ARGN})
		if(NOT TARGET ${target})
			continue()
		endif()
		get_target_property(named ${target} INTERFACE_LINK_LIBRARIES)
		if(NOT named)
			continue()
		endif()
		set(there "")
		foreach(library IN LISTS named)
			if(NOT IS_ABSOLUTE "${library}" OR EXISTS "${library}")
				list(APPEND there "${library}")
			endif()
		endforeach()
		set_property(TARGET ${target} PROPERTY INTERFACE_LINK_LIBRARIES "${there}")
	endforeach()
endfunction()
