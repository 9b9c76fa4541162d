/* http.c
 * Host and path of an HTTP/1 request (RFC 9112, 3).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "names/host_names.h"

/* The longest method is Wireshark's "VERSION-CONTROL" with 15 letters; FaceTime's hosts get GET and POST. */
#define MAX_METHOD 15

/* The first byte C in [at, end); end: none. */
static const uint8_t *
find(const uint8_t *at, const uint8_t *end, char c)
{
    const uint8_t *found = (const uint8_t *)memchr(at, c, (size_t)(end - at));

    return found ? found : end;
}

/* The value of the header "Host" in these lines; *length 0: there is none. */
static const uint8_t *
host_header(const uint8_t *at, const uint8_t *end, unsigned *length)
{
    static const char header[] = "host:";

    *length = 0;
    while (at < end) {
        const uint8_t *line_end = find(at, end, '\n'), *last = line_end;

        if (line_end == end || line_end - at < 2)
            break;
        if (line_end - at > (ptrdiff_t)strlen(header) && g_ascii_strncasecmp((const char *)at, header, strlen(header)) == 0) {
            at += strlen(header);
            while (at < last && (*at == ' ' || *at == '\t'))
                at++;
            while (last > at && g_ascii_isspace(last[-1]))
                last--;
            *length = (unsigned)(last - at);
            return at;
        }
        at = line_end + 1;
    }
    return at;
}

void
ft_read_http(ft_host_names_t *list, const uint8_t *bytes, unsigned length)
{
    static const char version[] = " HTTP/1.", scheme[] = "http://";
    const uint8_t *end = bytes + length, *line_end, *target, *target_end, *host;
    unsigned method = 0, host_length;

    while (method < length && method <= MAX_METHOD && g_ascii_isupper(bytes[method]))
        method++;
    if (method == 0 || method > MAX_METHOD || method >= length || bytes[method] != ' ')
        return;
    target = bytes + method + 1;
    line_end = find(target, end, '\n');
    target_end = find(target, line_end, ' ');
    if (target == target_end || line_end == end || line_end - target_end < (ptrdiff_t)strlen(version) ||
        memcmp(target_end, version, strlen(version)) != 0)
        return;
    /* A request to a proxy has the whole address (RFC 9112, 3.2.2). */
    if (target_end - target > (ptrdiff_t)strlen(scheme) && memcmp(target, scheme, strlen(scheme)) == 0) {
        host = target + strlen(scheme);
        target = find(host, target_end, '/');
        host_length = (unsigned)(target - host);
    } else {
        host = host_header(line_end + 1, end, &host_length);
    }
    ft_host_names_add_request(list, host, host_length, target, (unsigned)(target_end - target));
}
