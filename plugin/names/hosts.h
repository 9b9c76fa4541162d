/* hosts.h
 * The table of host names.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef FT_HOSTS_H
#define FT_HOSTS_H

#include "names/names.h"

/* The line for a host name, the most special one; NULL: none of FaceTime's. path: of an HTTP request, or NULL. */
const ft_host_t *ft_host_find(const char *name, const char *path);
/* Makes the index of the table. Once. */
void ft_hosts_register(void);

#endif /* FT_HOSTS_H */
