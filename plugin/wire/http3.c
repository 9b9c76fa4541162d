/* http3.c
 * What the relay is asked for over HTTP/3, where the keys of the connection are there: method and path of a request's header.
 *
 *     +------+--------+--------+-------+---------------------------+
 *     | 0x01 | length | insert | base  | field lines ...           |   HEADERS frame (RFC 9114, 7.2.2) at the beginning of a stream
 *     +------+--------+--------+-------+---------------------------+   QPACK (RFC 9204, 4.5)
 *
 *     1Txxxxxx              name and value of a table, T: the static one
 *     01NTxxxx value        name of a table, and a value
 *     001NHxxx name value   both
 *     0001xxxx              name and value of the dynamic table, behind its base
 *     0000Nxxx value        name of the dynamic table, behind its base, and a value
 *
 * A value is a length with the bit H, "Huffman-coded" (RFC 7541, 5.2 and appendix B), and the text. What is in the dynamic table would take the
 * whole connection to know; requests of the relay need no more than the static one and texts of their own [guess].
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "wire/http3.h"

#define HTTP3_HEADERS       0x01        /* RFC 9114, 7.2.2 */
#define HTTP3_MAX_HEADERS   2048        /* bytes of a field section that are read */
#define HTTP3_MAX_TEXT      128         /* bytes of a method or a path */
#define HTTP3_MAX_LINES     64

/* RFC 9204, appendix A. */
#define QPACK_PATH          1
#define QPACK_METHOD_FIRST  15
static const char *const qpack_methods[] = { "CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT" };

typedef struct reader {
    tvbuff_t *tvb;
    int at, end;                /* end: as far as it is read; captured */
    bool failed;                /* it ended too early, or holds what is not read */
} reader_t;

/* The next byte, which is not taken. */
static uint8_t
peek(reader_t *reader)
{
    if (reader->at >= reader->end) {
        reader->failed = true;
        return 0;
    }
    return ft_tvb_get_u8(reader->tvb, reader->at);
}

static uint8_t
take(reader_t *reader)
{
    uint8_t byte = peek(reader);

    reader->at += !reader->failed;
    return byte;
}

/* A number of QUIC (RFC 9000, 16). Not by tvb_get_varint(), which throws where the capture ends. */
static uint64_t
take_varint(reader_t *reader)
{
    uint8_t first = take(reader);
    uint64_t value = first & 0x3f;

    for (unsigned rest = (1u << (first >> 6)) - 1; rest > 0; rest--)
        value = value << 8 | take(reader);
    return value;
}

static uint32_t
take_prefixed(reader_t *reader, unsigned bits)
{
    uint32_t value = 0;

    if (reader->failed || !ft_prefixed_number(reader->tvb, &reader->at, reader->end, bits, &value))
        reader->failed = true;
    return value;
}

/* The characters of the Huffman code by the length of their codes; those of one length count up from the first one. All that paths are made of have
 * at most eight bits. */
static const char huffman_characters[] = {
    '0', '1', '2', 'a', 'c', 'e', 'i', 'o', 's', 't',
    0x20, '%', '-', '.', '/', '3', '4', '5', '6', '7', '8', '9', '=', 'A', '_', 'b', 'd', 'f', 'g', 'h', 'l', 'm', 'n', 'p', 'r', 'u',
    ':', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'L', 'M', 'N', 'O', 'P', 'Q', 'R', 'S', 'T', 'U', 'V', 'W', 'Y', 'j', 'k', 'q', 'v',
    'w', 'x', 'y', 'z',
    '&', '*', ',', ';', 'X', 'Z',
};

/* The length of a code in bits, the first code of this length, the number of them. */
static const struct {
    unsigned bits, first, n;
} huffman[] = {
    { 5, 0x00, 10 },
    { 6, 0x14, 26 },
    { 7, 0x5c, 32 },
    { 8, 0xf8, 6 },
};

/* Decodes a text; false: it has other characters, or is too long. */
static bool
huffman_decode(const uint8_t *bytes, uint32_t len, char *text, unsigned *n)
{
    unsigned code = 0, bits = 0;

    for (uint32_t i = 0; i < 8 * len; i++) {
        code = code << 1 | ((bytes[i / 8] >> (7 - i % 8)) & 1u);
        bits++;
        for (unsigned k = 0, at = 0; k < array_length(huffman); at += huffman[k].n, k++) {
            if (huffman[k].bits != bits || code < huffman[k].first || code - huffman[k].first >= huffman[k].n)
                continue;
            if (*n >= HTTP3_MAX_TEXT)
                return false;
            text[(*n)++] = huffman_characters[at + code - huffman[k].first];
            code = bits = 0;
            break;
        }
        if (bits > huffman[array_length(huffman) - 1].bits)
            return false;
    }
    /* The last byte is filled with ones. */
    return bits < 8 && code == (1u << bits) - 1;
}

/* A text whose length is in the low `bits` of its first byte, with the bit H above them. text: NULL: it is passed over. */
static void
take_text(reader_t *reader, unsigned bits, char *text, unsigned *n)
{
    bool packed = (peek(reader) & 1u << bits) != 0;
    uint32_t len = take_prefixed(reader, bits);

    *n = 0;
    if (reader->failed || len > (uint32_t)(reader->end - reader->at)) {
        reader->failed = true;
        return;
    }
    if (text && packed) {
        if (!huffman_decode(tvb_get_ptr(reader->tvb, reader->at, (int)len), len, text, n))
            *n = 0;
    } else if (text && len <= HTTP3_MAX_TEXT) {
        tvb_memcpy(reader->tvb, text, reader->at, len);
        *n = len;
    }
    reader->at += (int)len;
}

/* One field line. */
static void
take_line(reader_t *reader, const char **method, char *path, unsigned *path_len)
{
    uint8_t first = peek(reader);
    uint32_t number;
    unsigned n;

    if (first & 0x80) {
        number = take_prefixed(reader, 6);
        if ((first & 0x40) && number >= QPACK_METHOD_FIRST && number - QPACK_METHOD_FIRST < array_length(qpack_methods))
            *method = qpack_methods[number - QPACK_METHOD_FIRST];
        return;
    }
    if (first & 0x40) {
        bool is_path;

        number = take_prefixed(reader, 4);
        is_path = (first & 0x10) && number == QPACK_PATH;
        take_text(reader, 7, is_path ? path : NULL, &n);
        if (is_path)
            *path_len = n;
        return;
    }
    if (first & 0x20)
        take_text(reader, 3, NULL, &n);
    else if (first & 0x10) {
        take_prefixed(reader, 4);
        return;
    } else
        take_prefixed(reader, 3);
    take_text(reader, 7, NULL, &n);
}

bool
ft_http3_request(wmem_allocator_t *scope, tvbuff_t *tvb, const char **method, const char **path)
{
    unsigned path_len = 0, lines = 0;
    reader_t reader = { .tvb = tvb, .end = (int)tvb_captured_length(tvb) };
    char text[HTTP3_MAX_TEXT];
    uint64_t len;

    *method = NULL;
    if (take_varint(&reader) != HTTP3_HEADERS)
        return false;
    len = take_varint(&reader);
    if (reader.failed || len > HTTP3_MAX_HEADERS || len > (uint64_t)(reader.end - reader.at))
        return false;
    reader.end = reader.at + (int)len;
    take_prefixed(&reader, 8);
    take_prefixed(&reader, 7);
    while (!reader.failed && reader.at < reader.end && lines++ < HTTP3_MAX_LINES)
        take_line(&reader, method, text, &path_len);
    if (reader.failed || reader.at < reader.end || !*method || path_len == 0 || text[0] != '/')
        return false;
    *path = ft_text(scope, (const uint8_t *)text, path_len);
    return true;
}
