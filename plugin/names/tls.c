/* tls.c
 * Server name, application protocols and certificate names of TLS handshake messages (RFC 8446, 4; RFC 5246, 7.4).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "names/host_names.h"

#define CLIENT_HELLO   1
#define SERVER_HELLO   2
#define CERTIFICATE    11
/* IANA, TLS ExtensionType. */
#define EXT_SERVER_NAME 0
#define EXT_ALPN        16
#define EXT_PSK         41      /* RFC 8446, section 4.2.11 */

/* An identity of a pre-shared key as in a hello of QUIC to the relay (wire/quic.c): a byte of 0, a salt, and a token that begins so. Measured on four
 * hellos; that the one over TCP has the same form is [guess]. */
#define PSK_SALT_LEN    12
#define PSK_TOKEN_MIN   64      /* those had 107 to 124 bytes */
static const uint8_t psk_token_start[] = { 0x90, 0x00, 0x00, 0x01 };

/* A cursor over bytes. A read beyond the end leaves it empty: a truncated message yields fewer names, and no wrong one. */
typedef struct cursor {
    const uint8_t *at;
    unsigned left;
} cursor_t;

static uint8_t
take_u8(cursor_t *c)
{
    if (c->left == 0)
        return 0;
    c->left--;
    return *c->at++;
}

static unsigned
take_number(cursor_t *c, unsigned size)
{
    unsigned number = 0;

    while (size-- > 0)
        number = number << 8 | take_u8(c);
    return number;
}

/* The next bytes as a cursor of their own, as many of them as there are. */
static cursor_t
take(cursor_t *c, unsigned size)
{
    cursor_t part = { c->at, MIN(size, c->left) };

    c->at += part.left;
    c->left -= part.left;
    return part;
}

/* A vector: its length in SIZE bytes, then so many bytes. */
static cursor_t
take_vector(cursor_t *c, unsigned size)
{
    unsigned length = take_number(c, size);

    return take(c, length);
}

/* The text says that there is a token: its bytes are not kept here. */
static void
read_identities(ft_host_names_t *list, cursor_t body)
{
    cursor_t identities = take_vector(&body, 2), identity = take_vector(&identities, 2);

    if (identity.left < 1 + PSK_SALT_LEN + PSK_TOKEN_MIN || identity.at[0] != 0 ||
        memcmp(identity.at + 1 + PSK_SALT_LEN, psk_token_start, sizeof psk_token_start) != 0)
        return;
    ft_host_names_add(list, FT_NAME_RELAY_TOKEN, (const uint8_t *)"token", 5);
}

static void
read_extensions(ft_host_names_t *list, cursor_t extensions, bool client)
{
    while (extensions.left >= 4) {
        unsigned type = take_number(&extensions, 2), length = take_number(&extensions, 2);
        cursor_t body = take(&extensions, length), names, name;

        if (body.left < length)
            return;
        if (type == EXT_SERVER_NAME) {
            names = take_vector(&body, 2);
            /* One of each type, and there is one type (RFC 6066, 3). A server's answer is empty. */
            if (names.left > 3 && take_u8(&names) == 0) {
                name = take_vector(&names, 2);
                ft_host_names_add(list, FT_NAME_SERVER_NAME, name.at, name.left);
            }
        } else if (type == EXT_ALPN) {
            names = take_vector(&body, 2);
            while (names.left > 1) {
                name = take_vector(&names, 1);
                ft_host_names_add(list, FT_NAME_ALPN, name.at, name.left);
            }
        } else if (type == EXT_PSK && client) {
            read_identities(list, body);
        }
    }
}

static void
read_hello(ft_host_names_t *list, cursor_t c, bool client)
{
    (void)take(&c, 2 + 32);             /* version, random */
    (void)take_vector(&c, 1);           /* session */
    if (client) {
        (void)take_vector(&c, 2);       /* cipher suites */
        (void)take_vector(&c, 1);       /* compression methods */
    } else {
        (void)take(&c, 2 + 1);
    }
    read_extensions(list, take_vector(&c, 2), client);
}

/* ---- Certificates ----------------------------------------------------------------------------- */

/* Not an ASN.1 reader: a search for two object identifiers with the tags that DER has around them (X.690, 8.19). What follows is a name, or
 * bytes that match no host of the table. */
static const uint8_t oid_common_name[] = { 0x06, 0x03, 0x55, 0x04, 0x03 };    /* 2.5.4.3, X.520 */
#define OID_THIRD 2
static const uint8_t oid_alt_name[] = { 0x06, 0x03, 0x55, 0x1d, 0x11 };       /* 2.5.29.17, RFC 5280, 4.2.1.6 */

#define DER_BOOLEAN      0x01
#define DER_OCTET_STRING 0x04
#define DER_UTF8         0x0c
#define DER_PRINTABLE    0x13
#define DER_SEQUENCE     0x30
#define DER_DNS_NAME     0x82   /* GeneralName [2], RFC 5280, 4.2.1.6 */

/* Tag, length and that many bytes. *tag 0: no more. */
static cursor_t
take_der(cursor_t *c, uint8_t *tag)
{
    unsigned length;

    *tag = take_u8(c);
    length = take_u8(c);
    /* The long form: how many bytes the length has (X.690, 8.1.3.5). */
    if (length & 0x80)
        length = (length & 0x7f) <= 3 ? take_number(c, length & 0x7f) : 0;
    return take(c, length);
}

static void
read_alt_names(ft_host_names_t *list, cursor_t c)
{
    uint8_t tag;
    cursor_t value = take_der(&c, &tag), names;

    if (tag == DER_BOOLEAN)             /* critical */
        value = take_der(&c, &tag);
    if (tag != DER_OCTET_STRING)
        return;
    names = take_der(&value, &tag);
    if (tag != DER_SEQUENCE)
        return;
    while (names.left > 2) {
        cursor_t name = take_der(&names, &tag);

        if (tag == DER_DNS_NAME)
            ft_host_names_add(list, FT_NAME_CERTIFICATE, name.at, name.left);
    }
}

static void
read_certificates(ft_host_names_t *list, cursor_t c)
{
    /* Both have the same length, and the same third byte, by which the library's search finds them: a certificate has thousands of bytes, few of
     * which are names. */
    while (c.left > sizeof oid_common_name) {
        const uint8_t *third = (const uint8_t *)memchr(c.at + OID_THIRD, oid_common_name[OID_THIRD], c.left - sizeof oid_common_name);
        cursor_t here;
        uint8_t tag;

        if (!third)
            return;
        (void)take(&c, (unsigned)(third - OID_THIRD - c.at));
        here = c;
        (void)take(&here, sizeof oid_common_name);
        if (memcmp(c.at, oid_common_name, sizeof oid_common_name) == 0) {
            cursor_t name = take_der(&here, &tag);

            if (tag == DER_UTF8 || tag == DER_PRINTABLE)
                ft_host_names_add(list, FT_NAME_CERTIFICATE, name.at, name.left);
        } else if (memcmp(c.at, oid_alt_name, sizeof oid_alt_name) == 0) {
            read_alt_names(list, here);
        }
        (void)take(&c, 1);
    }
}

bool
ft_read_tls_reads(uint8_t type)
{
    return type == CLIENT_HELLO || type == SERVER_HELLO || type == CERTIFICATE;
}

void
ft_read_tls(ft_host_names_t *list, uint8_t type, const uint8_t *body, unsigned length)
{
    cursor_t c = { body, length };

    if (type == CERTIFICATE)
        read_certificates(list, c);
    else if (type == CLIENT_HELLO || type == SERVER_HELLO)
        read_hello(list, c, type == CLIENT_HELLO);
}
