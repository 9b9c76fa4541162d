/* dns.c
 * The question and the addresses of a DNS message (RFC 1035, 4).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "names/host_names.h"
#include "names/hosts.h"

#define DNS_HEADER   12
#define DNS_POINTER  0xc0       /* 4.1.4: the two upper bits of a label's length */
#define DNS_CLASS_IN 1
#define DNS_A        1
#define DNS_AAAA     28         /* RFC 3596 */
#define MAX_NAME     255        /* RFC 1035, 2.3.4: with its lengths and the final zero */
/* Records that are looked at: an answer has some dozens at most. */
#define MAX_RECORDS  256

/* Returns the offset behind the name at `at`; 0: it does not end in the message. */
static unsigned
name_skip(const uint8_t *bytes, unsigned length, unsigned at)
{
    while (at < length) {
        if (bytes[at] == 0)
            return at + 1;
        if ((bytes[at] & DNS_POINTER) == DNS_POINTER)
            return at + 2;
        at += 1u + bytes[at];
    }
    return 0;
}

/* The name in the question. It is never compressed, because no name comes before it. */
static void
question_add(ft_host_names_t *list, const uint8_t *bytes, unsigned length)
{
    uint8_t name[MAX_NAME];
    unsigned at = DNS_HEADER, end = DNS_HEADER;

    while (end < length && bytes[end] != 0) {
        if (bytes[end] & DNS_POINTER)
            return;
        end += 1u + bytes[end];
    }
    /* Most names of a capture end in other letters. */
    if (end >= length || end - at >= sizeof name || !ft_host_may_be(bytes + at, end - at))
        return;
    memcpy(name, bytes + at, end - at);
    for (; at < end; at += 1u + bytes[at])
        name[at - DNS_HEADER] = '.';
    ft_host_names_add(list, FT_NAME_QUESTION, name + 1, end - DNS_HEADER - 1);
}

void
ft_read_dns(ft_host_names_t *list, const uint8_t *bytes, unsigned length)
{
    unsigned at, records;

    if (length < DNS_HEADER || ft_u16(bytes + 4) == 0)
        return;
    question_add(list, bytes, length);
    /* The addresses are those of the name. */
    if (ft_host_names_count(list) == 0)
        return;
    at = name_skip(bytes, length, DNS_HEADER);
    /* A message has one question (RFC 9619). One with more questions is not read. */
    if (at == 0 || ft_u16(bytes + 4) != 1)
        return;
    at += 4;
    records = MIN(ft_u16(bytes + 6), MAX_RECORDS);
    for (unsigned i = 0; i < records; i++) {
        unsigned type, size;

        at = name_skip(bytes, length, at);
        if (at == 0 || at + 10 > length)
            return;
        type = ft_u16(bytes + at);
        size = ft_u16(bytes + at + 8);
        if (at + 10 + size > length)
            return;
        if (ft_u16(bytes + at + 2) == DNS_CLASS_IN && type == DNS_A && size == 4)
            ft_host_names_add_address(list, AT_IPv4, bytes + at + 10);
        if (ft_u16(bytes + at + 2) == DNS_CLASS_IN && type == DNS_AAAA && size == 16)
            ft_host_names_add_address(list, AT_IPv6, bytes + at + 10);
        at += 10 + size;
    }
}
