/* why_relay.h
 * Why a call's media went over the relay.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef FT_WHY_RELAY_H
#define FT_WHY_RELAY_H

#include "show/show.h"

/* A sentence, to be freed with g_free(); NULL: media did not go over the relay. */
char *ft_why_relay(const ft_call_t *call);

#endif /* FT_WHY_RELAY_H */
