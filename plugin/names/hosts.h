/* hosts.h
 * The table of host names.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef FT_HOSTS_H
#define FT_HOSTS_H

#include "names/names.h"

/* False: the name ends in letters in which no pattern of the table ends, as most names of a capture. May be true for others as well. Cheap;
 * text need not end in 0. A dot at its end is not part of the name. */
bool ft_host_may_be(const uint8_t *text, unsigned length);
/* The line for a host name, the most special one; NULL: none of FaceTime's. path: of an HTTP request, or NULL. */
const ft_host_t *ft_host_find(const char *name, const char *path);
/* Makes the index of the table. Once. */
void ft_hosts_register(void);

#endif /* FT_HOSTS_H */
