/* host_names.c
 * The list of host names that a packet shows.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "names/host_names.h"
#include "names/hosts.h"

/* Longest name of a host (RFC 1035, 2.3.4: 255 bytes), and of a path that is of interest. */
#define MAX_TEXT 1024
/* Limit of names of a packet. A certificate has some dozens, a crafted packet thousands. */
#define MAX_NAMES 256

unsigned
ft_host_names_count(const ft_host_names_t *list)
{
    return list->items ? wmem_array_get_count(list->items) : 0;
}

const ft_host_name_t *
ft_host_names_at(const ft_host_names_t *list, unsigned i)
{
    return (const ft_host_name_t *)wmem_array_index(list->items, i);
}

static void
list_add(ft_host_names_t *list, const ft_host_name_t *one)
{
    if (ft_host_names_count(list) >= MAX_NAMES)
        return;
    if (!list->items)
        list->items = wmem_array_new(list->scope, sizeof *one);
    wmem_array_append(list->items, one, 1);
}

/* NULL: not a text. */
static const char *
text_of(const ft_host_names_t *list, const uint8_t *text, unsigned length)
{
    if (length == 0 || length > MAX_TEXT || memchr(text, 0, length))
        return NULL;
    return ft_text(list->scope, text, length);
}

void
ft_host_names_add(ft_host_names_t *list, ft_host_name_from_t what, const uint8_t *text, unsigned length)
{
    ft_host_name_t one = { .what = what };

    /* An application protocol is no name of a host, and neither is a relay's token. */
    if (what != FT_NAME_ALPN && what != FT_NAME_RELAY_TOKEN && !ft_host_may_be(text, length))
        return;
    one.text = text_of(list, text, length);
    if (one.text)
        list_add(list, &one);
}

void
ft_host_names_add_request(ft_host_names_t *list, const uint8_t *host, unsigned host_length, const uint8_t *path, unsigned path_length)
{
    ft_host_name_t one = { .what = FT_NAME_REQUEST, .text = text_of(list, host, host_length), .path = text_of(list, path, path_length) };

    if (one.text)
        list_add(list, &one);
}

void
ft_host_names_add_address(ft_host_names_t *list, int type, const uint8_t *bytes)
{
    ft_host_name_t one = { .what = FT_NAME_ADDRESS };

    set_address(&one.addr, type, type == AT_IPv4 ? 4 : 16, bytes);
    list_add(list, &one);
}
