/* http3.h
 * Requests of HTTP/3 to the relay, decrypted.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef FT_HTTP3_H
#define FT_HTTP3_H

#include "wire/wire.h"

/* Method and path of the request whose stream begins with these bytes; false: it is none, or not all of its header can be read. The method is
 * static, the path lives as long as the scope. Captured bytes only. */
bool ft_http3_request(wmem_allocator_t *scope, tvbuff_t *tvb, const char **method, const char **path);

#endif /* FT_HTTP3_H */
