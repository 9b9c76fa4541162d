# The plugin as one of Wireshark's own: included by CMakeLists.txt where Wireshark's build adds plugins/epan/facetime. The sources are
# the same; what the loader looks for is generated there, and plugin/plugin.c is left out.
#
# SPDX-License-Identifier: GPL-2.0-or-later

include(WiresharkPlugin)
set_module_info(facetime ${PROJECT_VERSION_MAJOR} ${PROJECT_VERSION_MINOR} ${PROJECT_VERSION_PATCH} 0)

list(REMOVE_ITEM FT_PLUGIN_SOURCES "${PROJECT_SOURCE_DIR}/plugin/plugin.c")
set(DISSECTOR_SRC packet-facetime.c ${FT_PLUGIN_SOURCES})
set(PLUGIN_FILES plugin.c ${DISSECTOR_SRC})
set_source_files_properties(${PLUGIN_FILES} PROPERTIES COMPILE_FLAGS "${WERROR_COMMON_FLAGS}")

# Writes plugin.c: it registers what the sources call proto_register_... and proto_reg_handoff_...
register_plugin_files(plugin.c plugin ${DISSECTOR_SRC})

set(CMAKE_C_STANDARD 11)
add_wireshark_plugin_library(facetime epan)
target_include_directories(facetime PRIVATE plugin)
target_compile_options(facetime PRIVATE $<$<BOOL:${FT_WERROR}>:-Werror>)
target_link_libraries(facetime epan)
install_plugin(facetime epan)

file(GLOB DISSECTOR_HEADERS CONFIGURE_DEPENDS "*.h" "plugin/*.h" "plugin/*/*.h")
checkapi(
	NAME facetime
	SWITCHES --group dissectors-prohibited --group dissectors-restricted
	SOURCES ${DISSECTOR_SRC} ${DISSECTOR_HEADERS})
