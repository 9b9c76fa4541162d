/* apns_protocol.c
 * The push protocol as Wireshark knows it, and the expert items that more than one of its files adds.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "push/apns.h"

int proto_apns = -1;
expert_module_t *ft_apns_expert;
expert_field ft_ei_apns_bad_length = EI_INIT;
expert_field ft_ei_apns_unknown_item = EI_INIT;

void
ft_apns_protocol_register(void)
{
    static ei_register_info ei[] = {
        { &ft_ei_apns_bad_length, { "apns.bad_length", PI_MALFORMED, PI_ERROR,
            "Length of a frame or an item does not fit", EXPFILL } },
        { &ft_ei_apns_unknown_item, { "apns.unknown_item", PI_UNDECODED, PI_NOTE,
            "Item that is not known", EXPFILL } },
    };

    proto_apns = proto_register_protocol("Apple Push Notification Service", "APNs", "apns");
    ft_apns_expert = expert_register_protocol(proto_apns);
    expert_register_field_array(ft_apns_expert, ei, array_length(ei));
}
