/* web_links.h
 * Which hosts have opened a FaceTime link in a browser lately: the name of its page was in the clear.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef FT_WEB_LINKS_H
#define FT_WEB_LINKS_H

#include "common/common.h"

/* The packet names the page of FaceTime links: its client is kept. First pass only. */
void ft_web_link_opened(const packet_info *pinfo);
/* Is the packet between an Apple host and a client that opened a link lately? */
bool ft_web_link_between(const packet_info *pinfo);
/* A file is opened. */
void ft_web_links_init(void);

#endif
