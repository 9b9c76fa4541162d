/* plugin.c
 * What Wireshark's plugin loader looks up by name in facetime.so.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "common/common.h"

#include <gmodule.h>
#include <epan/proto.h>

/* The loader's interface. 4.0 does not install wsutil/plugins.h, so it is declared here for all versions.
 * The loader refuses a plugin whose wanted version is not its own: the interface changes with each minor version. */
G_MODULE_EXPORT extern const char plugin_version[];
G_MODULE_EXPORT extern const int plugin_want_major;
G_MODULE_EXPORT extern const int plugin_want_minor;
G_MODULE_EXPORT void plugin_register(void);
G_MODULE_EXPORT uint32_t plugin_describe(void);

const char plugin_version[] = FT_VERSION;
const int plugin_want_major = WIRESHARK_VERSION_MAJOR;
const int plugin_want_minor = WIRESHARK_VERSION_MINOR;

/* WS_PLUGIN_DESC_DISSECTOR of wsutil/plugins.h (4.4 and later); 4.0 does not look the function up. */
#define FT_PLUGIN_DESC_DISSECTOR 1u

uint32_t
plugin_describe(void)
{
    return FT_PLUGIN_DESC_DISSECTOR;
}

void
plugin_register(void)
{
    static proto_plugin facetime;

    facetime.register_protoinfo = proto_register_facetime;
    facetime.register_handoff = proto_reg_handoff_facetime;
    proto_register_plugin(&facetime);
}
