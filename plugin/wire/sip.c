/* sip.c
 * SIP of Viceroy, Apple's stack: the stock dissector shows it, this file recognises Viceroy, takes its name apart and takes out what
 * the call needs (who, which Call-ID). The session description in the body is sdp.c's.
 *
 * Sources: packetstan.com, July 2010 (calls of iOS 4.0); blog.krisk.org, September 2013 (iOS 7: compact header names,
 * deflated bodies); mek-voip.blogspot.com, August 2010 (User-Agent); the jinglenodes sources (an INVITE of Viceroy 1.4.1).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "wire/sdp.h"

#include <epan/to_str.h>
#include <wsutil/inet_addr.h>
#include <wsutil/strtoi.h>

/* What is read of one message at most: 64 header lines, 2 KiB in search of Viceroy's marks. A SIP message over UDP is not larger
 * than its datagram; these bound the work on hostile ones. */
#define FT_SIP_MAX_LINES    64
/* Bytes of a Call-ID by which calls are told apart, and that are kept: those of FaceTime have 50. */
#define FT_SIP_MAX_CALL_ID  256
#define FT_SIP_SEARCH       2048
/* Bytes of a deflated body that are inflated. Session descriptions deflate to some 500 bytes; deflate makes at most 1,032 bytes of
 * one (zlib's documentation), so this bounds a bomb to 4 MiB, of which FT_SDP_MAX_BYTES are read. */
#define FT_SIP_MAX_DEFLATED 4096
/* Parts of a multipart body that are looked at. */
#define FT_SIP_MAX_BOUNDARY 70  /* RFC 2046, section 5.1.1 */
#define FT_SIP_MAX_PARTS    8

static dissector_handle_t sip_handle;
static dissector_handle_t sdp_handle;

static int hf_sip = -1;
static int hf_sip_from = -1;
static int hf_sip_from_kind = -1;
static int hf_sip_to = -1;
static int hf_sip_to_kind = -1;
static int hf_sip_contact = -1;
static int hf_sip_contact_kind = -1;
static int hf_sip_contact_host = -1;
static int hf_sip_contact_port = -1;
static int hf_sip_isfocus = -1;
static int hf_sip_literal_user = -1;
static int hf_sip_call_id = -1;
static int hf_sip_compact = -1;
static int hf_sip_user_agent = -1;
static int hf_sip_viceroy_version = -1;
static int hf_sip_viceroy = -1;
static int hf_sip_viceroy_product = -1;
static int hf_sip_viceroy_number = -1;
static int hf_sip_viceroy_gamekit = -1;
static int hf_sip_viceroy_generation = -1;
static int hf_sip_encoding = -1;
static int hf_sip_body_length = -1;
static int hf_sip_body = -1;
static int hf_sip_body_bytes = -1;
static int ett_sip = -1;
static int ett_sip_viceroy = -1;
static expert_field ei_sip_content_length = EI_INIT;
static expert_field ei_sip_headers = EI_INIT;
static expert_field ei_sip_no_end = EI_INIT;
static expert_field ei_sip_text = EI_INIT;
static expert_field ei_sip_deflate = EI_INIT;
static expert_field ei_sip_inflate_limit = EI_INIT;

/* RFC 3261, RFC 3428 (MESSAGE), RFC 3262, 3265, 3311, 3515, 6086. */
static const char *const sip_methods[] = {
    "INVITE ", "ACK ", "BYE ", "CANCEL ", "MESSAGE ", "OPTIONS ", "INFO ", "REGISTER ", "PRACK ", "UPDATE ",
    "SUBSCRIBE ", "NOTIFY ", "REFER ",
};
#define FT_SIP_VERSION "SIP/2.0"
#define FT_VICEROY "Viceroy"
#define FT_GAMEKIT "/GK"

/* Which system a version of Viceroy stands for: the longest prefix counts. With /GK: iOS. */
static const struct {
    const char *prefix;
    bool gamekit;
    const char *generation;
} viceroy_versions[] = {
    { "1.3", false, "iChat of Mac OS X 10.5" },
    { "1.4", false, "iChat of Mac OS X 10.6" },         /* jinglenodes: 1.4.1 */
    { "1.4", true, "iOS 4 or 5" },                      /* mek-voip: an iPhone 4 of 2010 */
    { "1.5", true, "iOS 6 or 7" },                      /* blog.krisk.org, 2013 */
    { "1.7", false, "today's systems" },
    { "1.7", true, "today's systems" },
};

/* What names a party: facetime.sip.from.kind and its like. */
typedef enum { PARTY_UNKNOWN, PARTY_PHONE, PARTY_EMAIL, PARTY_NAME } party_kind_t;

static const value_string party_kind_vals[] = {
    { PARTY_UNKNOWN, "unknown" },
    { PARTY_PHONE, "phone number" },
    { PARTY_EMAIL, "e-mail address (Apple ID)" },
    { PARTY_NAME, "name" },
    { 0, NULL }
};

/* What the headers say of the body. */
typedef struct sip_body {
    bool encoded;               /* Content-Encoding: deflate or gzip */
    bool sdp;                   /* Content-Type: application/sdp */
    const char *boundary;       /* of a multipart body; NULL otherwise */
    bool has_length;
    uint32_t length;            /* Content-Length */
    proto_item *length_item;
} sip_body_t;

static bool
sip_starts_with(tvbuff_t *tvb, const char *text)
{
    int len = (int)strlen(text);

    return (int)tvb_captured_length(tvb) >= len && tvb_strneql(tvb, 0, text, (size_t)len) == 0;
}

/* Where text begins in the bytes; NULL if it is not there. Unlike g_strstr_len() it does not stop at a NUL byte. */
static const char *
find_text(const char *bytes, int len, const char *text)
{
    size_t text_len = strlen(text);
    const char *end = bytes + len;

    while (text_len > 0 && end - bytes >= (ptrdiff_t)text_len && (bytes = (const char *)memchr(bytes, *text, (size_t)(end - bytes))) != NULL) {
        if (end - bytes >= (ptrdiff_t)text_len && memcmp(bytes, text, text_len) == 0)
            return bytes;
        bytes++;
    }
    return NULL;
}

static bool
sip_has(tvbuff_t *tvb, const char *text)
{
    int len = MIN((int)tvb_captured_length(tvb), FT_SIP_SEARCH);

    return find_text((const char *)tvb_get_ptr(tvb, 0, len), len, text) != NULL;
}

static bool
sip_match(tvbuff_t *tvb, const packet_info *pinfo, const ft_flow_t *flow _U_, uint32_t *evidence)
{
    bool request = false;
    uint8_t first;

    /* 1. A method and a blank, or SIP's version: avoids text protocols such as SSDP and RTSP. */
    if (tvb_captured_length(tvb) < 12)
        return false;
    first = ft_tvb_get_u8(tvb, 0);
    if (first < 'A' || first > 'U')
        return false;
    for (unsigned i = 0; i < array_length(sip_methods) && !request; i++)
        request = sip_starts_with(tvb, sip_methods[i]);
    if (!request && !sip_starts_with(tvb, FT_SIP_VERSION " "))
        return false;
    /* 2. The word Viceroy in User-Agent, Server or SDP: no other stack names itself so. The version is not asked for. */
    if (sip_has(tvb, FT_VICEROY))
        *evidence |= FT_EV(FT_EV_VICEROY);
    /* 3. SDP lines that only Viceroy writes. */
    if (sip_has(tvb, "X-AAC_ELD") || sip_has(tvb, "a=rtpID:") || sip_has(tvb, "a=iChatEncryption:"))
        *evidence |= FT_EV(FT_EV_VICEROY_SDP);
    /* 4. Weak: the literal user part "user" and both media ports, as FaceTime's request URIs have. */
    if (ft_is_media_port(pinfo->srcport) && ft_is_media_port(pinfo->destport) && sip_has(tvb, "sip:user@"))
        *evidence |= FT_EV(FT_EV_SIP_PORTS);
    return true;
}

/* ---- Who ------------------------------------------------------------------------------------ */

/* The start of a SIP or telephone URI's user part in a header value; NULL if there is none. */
static const char *
uri_user(const char *value)
{
    const char *at = strstr(value, "sip:");

    if (!at)
        at = strstr(value, "tel:");
    return at ? at + strlen("sip:") : NULL;
}

/* Is the user part the literal word "user", as in FaceTime's URIs? */
static bool
uri_is_literal(const char *user)
{
    return g_str_has_prefix(user, "user@");
}

/* The number, Apple ID or name in a From, To or Contact value: the user part, unless it is the literal "user"; then the display name. */
static const char *
sip_party(packet_info *pinfo, const char *value)
{
    const char *user = uri_user(value), *end, *quote, *name_end;
    char *name, *decoded;

    if (user && !uri_is_literal(user)) {
        end = user + strcspn(user, "@>;");
        if (end > user && (*end == '@' || user[-4] == 't')) {
            name = wmem_strndup(pinfo->pool, user, (size_t)(end - user));
            /* An Apple ID has its @ escaped (RFC 3261, section 19.1.2). */
            decoded = g_uri_unescape_string(name, NULL);
            if (decoded && g_utf8_validate(decoded, -1, NULL))
                name = wmem_strdup(pinfo->pool, decoded);
            g_free(decoded);
            return name;
        }
    }
    if (*value == '"') {
        quote = strchr(value + 1, '"');
        if (quote && quote > value + 1)
            return wmem_strndup(pinfo->pool, value + 1, (size_t)(quote - value - 1));
    }
    name_end = strchr(value, '<');
    if (name_end && name_end > value) {
        name = g_strstrip(wmem_strndup(pinfo->pool, value, (size_t)(name_end - value)));
        if (*name && strcmp(name, "\"\"") != 0)
            return name;
    }
    return NULL;
}

static party_kind_t
party_kind(const char *party)
{
    const char *at = strchr(party, '@');
    unsigned digits = 0;

    if (at && at > party && strchr(at, '.'))
        return PARTY_EMAIL;
    for (const char *c = party; *c; c++) {
        if (g_ascii_isdigit(*c))
            digits++;
        else if (!strchr("+-(). ", *c) && *c != '\xc2' && *c != '\xa0')    /* with the no-break space of a formatted number */
            return PARTY_NAME;
    }
    /* The shortest that a number is: emergency and service numbers of three digits. */
    return digits >= 3 ? PARTY_PHONE : PARTY_UNKNOWN;
}

static const char *
show_party(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, int at, int len, int hf, int hf_kind, const char *value)
{
    const char *party = sip_party(pinfo, value);

    if (party) {
        proto_tree_add_string(tree, hf, tvb, at, len, party);
        proto_item_set_generated(proto_tree_add_uint(tree, hf_kind, tvb, at, len, party_kind(party)));
    }
    return party;
}

/* Contact: address and port of the media socket. */
static void
show_contact(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, int at, int len, const char *value)
{
    const char *user = uri_user(value), *host, *end;
    uint32_t port;

    show_party(tvb, pinfo, tree, at, len, hf_sip_contact, hf_sip_contact_kind, value);
    host = user ? strchr(user, '@') : NULL;
    if (host) {
        host++;
        end = host + strcspn(host, *host == '[' ? "]>;" : ":>;");
        proto_tree_add_string(tree, hf_sip_contact_host, tvb, at, len, wmem_strndup(pinfo->pool, *host == '[' ? host + 1 : host,
                              (size_t)(end - host) - (*host == '[' ? 1 : 0)));
        if (*end == ']')
            end++;
        if (*end == ':' && g_ascii_isdigit(end[1]) && ws_strtou32(end + 1, &end, &port) && port <= UINT16_MAX)
            proto_tree_add_uint(tree, hf_sip_contact_port, tvb, at, len, port);
    }
    proto_item_set_generated(proto_tree_add_boolean(tree, hf_sip_isfocus, tvb, at, len, strstr(value, ";isfocus") != NULL));
}

/* ---- Viceroy -------------------------------------------------------------------------------- */

/* "Viceroy 1.4.57/GK": product, version, and the suffix of iOS's GameKit. */
static void
show_viceroy(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, int at, int len, const char *viceroy)
{
    const char *text = viceroy + strlen(FT_VICEROY), *generation = NULL, *number;
    bool gamekit;
    proto_tree *sub;

    text += strspn(text, " /");
    proto_tree_add_string(tree, hf_sip_viceroy_version, tvb, at, len, text);
    number = wmem_strndup(pinfo->pool, text, strcspn(text, "/ "));
    gamekit = g_str_has_prefix(text + strlen(number), FT_GAMEKIT);
    for (unsigned i = 0; i < array_length(viceroy_versions); i++) {
        if (g_str_has_prefix(number, viceroy_versions[i].prefix) && !g_ascii_isdigit(number[strlen(viceroy_versions[i].prefix)]) &&
            viceroy_versions[i].gamekit == gamekit)
            generation = viceroy_versions[i].generation;
    }
    sub = proto_item_add_subtree(proto_tree_add_string(tree, hf_sip_viceroy, tvb, at, len, viceroy), ett_sip_viceroy);
    proto_tree_add_string(sub, hf_sip_viceroy_product, tvb, at, len, FT_VICEROY);
    if (*number)
        proto_tree_add_string(sub, hf_sip_viceroy_number, tvb, at, len, number);
    proto_tree_add_boolean(sub, hf_sip_viceroy_gamekit, tvb, at, len, gamekit);
    proto_item_set_generated(proto_tree_add_string(sub, hf_sip_viceroy_generation, tvb, at, len, generation ? generation : "unknown"));
}

/* ---- Headers -------------------------------------------------------------------------------- */

/* Does the header line have this name, long or compact? Returns its value, else NULL. *compact_seen is set for a compact one. */
static const char *
sip_header(const char *line, const char *name, const char *compact, bool *compact_seen)
{
    size_t len = strcspn(line, ":");
    size_t name_len = len;

    if (line[len] != ':')
        return NULL;
    while (name_len > 0 && (line[name_len - 1] == ' ' || line[name_len - 1] == '\t'))
        name_len--;
    if (compact && name_len == strlen(compact) && g_ascii_strncasecmp(line, compact, name_len) == 0)
        *compact_seen = true;
    else if (!(name_len == strlen(name) && g_ascii_strncasecmp(line, name, name_len) == 0))
        return NULL;
    line += len + 1;
    return line + strspn(line, " \t");
}

/* A header line with the lines that continue it (RFC 3261, section 7.3.1: they begin with a blank or tab). Returns its length without
 * the end of line; *next is the line after it. */
static int
folded_line(tvbuff_t *tvb, int at, int end, int *next)
{
    int len = tvb_find_line_end(tvb, at, end - at, next, false), more;

    while (len > 0 && *next < end && *next > at && (ft_tvb_get_u8(tvb, *next) == ' ' || ft_tvb_get_u8(tvb, *next) == '\t')) {
        int start = *next;

        more = tvb_find_line_end(tvb, start, end - start, next, false);
        len = start + more - at;
        if (*next <= start)
            break;
    }
    return len;
}

/* The text of a line, on one line. *bad: it is not all text. */
static const char *
line_text(tvbuff_t *tvb, packet_info *pinfo, int at, int len, bool *bad)
{
    const uint8_t *bytes = tvb_get_ptr(tvb, at, len);
    char *line = (char *)wmem_alloc(pinfo->pool, (size_t)len + 1);

    if (len > 0 && (memchr(bytes, '\0', (size_t)len) || !g_utf8_validate((const char *)bytes, len, NULL)))
        *bad = true;
    /* Where a line is folded there are blanks. */
    for (int i = 0; i < len; i++)
        line[i] = bytes[i] == '\r' || bytes[i] == '\n' ? ' ' : (char)bytes[i];
    return ft_text(pinfo->pool, (const uint8_t *)line, (size_t)len);
}

/* The boundary parameter of a multipart type; NULL if there is none that can be one. */
static const char *
multipart_boundary(packet_info *pinfo, const char *value)
{
    const char *at;
    size_t len;

    if (g_ascii_strncasecmp(value, "multipart/", strlen("multipart/")) != 0)
        return NULL;
    at = strstr(value, "boundary=");
    if (!at)
        return NULL;
    at += strlen("boundary=");
    at += *at == '"' ? 1 : 0;
    len = strcspn(at, at[-1] == '"' ? "\"" : "; \t");
    return len <= FT_SIP_MAX_BOUNDARY ? wmem_strndup(pinfo->pool, at, len) : NULL;
}

/* whole: its end was captured. */
static void
start_line(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, int len, const char *line, bool whole, ft_sip_t *sip)
{
    const char *user;

    sip->is_request = !g_str_has_prefix(line, FT_SIP_VERSION);
    if (!sip->is_request) {
        if (whole)
            sip->status = (uint16_t)strtoul(line + strlen(FT_SIP_VERSION), NULL, 10);
        return;
    }
    /* CSeq says the same (RFC 3261, 8.1.1.5), but stands further behind: a short snap length cuts it off. */
    sip->method = wmem_strndup(pinfo->pool, line, strcspn(line, " "));
    if (!whole)
        return;
    user = uri_user(line);
    proto_item_set_generated(proto_tree_add_boolean(tree, hf_sip_literal_user, tvb, 0, len, user && uri_is_literal(user)));
}

static void
header_line(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, int at, int len, const char *line, ft_sip_t *sip, sip_body_t *body, bool *compact)
{
    const char *value, *end;

    if ((value = sip_header(line, "Call-ID", "i", compact)) != NULL) {
        sip->call_id = strlen(value) > FT_SIP_MAX_CALL_ID ? wmem_strndup(pinfo->pool, value, FT_SIP_MAX_CALL_ID) : value;
        proto_tree_add_string(tree, hf_sip_call_id, tvb, at, len, value);
    } else if ((value = sip_header(line, "From", "f", compact)) != NULL) {
        sip->from = show_party(tvb, pinfo, tree, at, len, hf_sip_from, hf_sip_from_kind, value);
    } else if ((value = sip_header(line, "To", "t", compact)) != NULL) {
        sip->to = show_party(tvb, pinfo, tree, at, len, hf_sip_to, hf_sip_to_kind, value);
    } else if ((value = sip_header(line, "Contact", "m", compact)) != NULL) {
        show_contact(tvb, pinfo, tree, at, len, value);
    } else if ((value = sip_header(line, "CSeq", NULL, compact)) != NULL) {
        end = strchr(value, ' ');
        if (!sip->method)
            sip->method = end ? end + strspn(end, " ") : NULL;
    } else if ((value = sip_header(line, "User-Agent", NULL, compact)) != NULL || (value = sip_header(line, "Server", NULL, compact)) != NULL) {
        sip->user_agent = value;
        proto_tree_add_string(tree, hf_sip_user_agent, tvb, at, len, value);
        if ((end = strstr(value, FT_VICEROY)) != NULL)
            show_viceroy(tvb, pinfo, tree, at, len, end);
    } else if ((value = sip_header(line, "Content-Encoding", "e", compact)) != NULL) {
        proto_tree_add_string(tree, hf_sip_encoding, tvb, at, len, value);
        body->encoded = g_ascii_strncasecmp(value, "deflate", strlen("deflate")) == 0 || g_ascii_strncasecmp(value, "gzip", strlen("gzip")) == 0;
    } else if ((value = sip_header(line, "Content-Type", "c", compact)) != NULL) {
        body->sdp = g_ascii_strncasecmp(value, "application/sdp", strlen("application/sdp")) == 0;
        body->boundary = multipart_boundary(pinfo, value);
    } else if ((value = sip_header(line, "Content-Length", "l", compact)) != NULL) {
        body->has_length = g_ascii_isdigit(*value) && ws_strtou32(value, &end, &body->length);
    }
}

/* Reads start line and headers. Returns the offset of the body. */
static int
sip_headers(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, ft_sip_t *sip, sip_body_t *body)
{
    int at = 0, end = (int)tvb_captured_length(tvb), next, len;
    bool compact = false, bad = false, ended = false, cut = end < (int)tvb_reported_length(tvb), whole;
    unsigned n = 0;

    for (; at < end && !ended; n++, at = next) {
        len = folded_line(tvb, at, end, &next);
        /* The snap length cut it off: half a Call-ID is another call's. */
        whole = !cut || at + len < end;
        if (len == 0 && n > 0)
            ended = true;
        else if (n == 0)
            start_line(tvb, pinfo, tree, len, line_text(tvb, pinfo, at, len, &bad), whole, sip);
        else if (n < FT_SIP_MAX_LINES && whole)
            header_line(tvb, pinfo, tree, at, len, line_text(tvb, pinfo, at, len, &bad), sip, body, &compact);
        if (next <= at)
            next = end;
    }
    if (compact)
        proto_item_set_generated(proto_tree_add_boolean(tree, hf_sip_compact, tvb, 0, at, true));
    if (bad)
        proto_tree_add_expert(tree, pinfo, &ei_sip_text, tvb, 0, at);
    if (n > FT_SIP_MAX_LINES + 1)
        proto_tree_add_expert_format(tree, pinfo, &ei_sip_headers, tvb, 0, at, "%u header lines, %d were read", n - 1, FT_SIP_MAX_LINES);
    /* Without a captured end nothing can be said of it. */
    if (!ended && end == (int)tvb_reported_length(tvb))
        proto_tree_add_expert(tree, pinfo, &ei_sip_no_end, tvb, 0, at);
    return at;
}

/* ---- Body ----------------------------------------------------------------------------------- */

static void
show_sdp(tvbuff_t *body, packet_info *pinfo, proto_tree *tree, ft_packet_t *pkt)
{
    pkt->sip->has_sdp = true;
    if (sip_has(body, "X-AAC_ELD") || sip_has(body, "a=rtpID:") || sip_has(body, "a=iChatEncryption:"))
        pkt->evidence |= FT_EV(FT_EV_VICEROY_SDP);
    ft_sdp_dissect(body, pinfo, tree, pkt);
}

/* The session description among the parts of a multipart body (RFC 2046, section 5.1). */
static void
show_multipart(tvbuff_t *body, packet_info *pinfo, proto_tree *tree, ft_packet_t *pkt, const char *boundary)
{
    const char *text = (const char *)tvb_get_ptr(body, 0, -1), *part, *end, *headers_end;
    int len = (int)tvb_captured_length(body);
    char *mark = wmem_strdup_printf(pinfo->pool, "--%s", boundary), *headers;

    part = find_text(text, len, mark);
    for (unsigned n = 0; part && n < FT_SIP_MAX_PARTS; n++, part = end) {
        part += strlen(mark);
        end = find_text(part, (int)(text + len - part), mark);
        if (!end)
            break;
        headers_end = find_text(part, (int)(end - part), "\r\n\r\n");
        if (!headers_end)
            continue;
        headers = g_ascii_strdown(part, headers_end - part);
        if (strstr(headers, "application/sdp")) {
            headers_end += strlen("\r\n\r\n");
            show_sdp(tvb_new_subset_length(body, (int)(headers_end - text), (int)(end - headers_end)), pinfo, tree, pkt);
        }
        g_free(headers);
    }
}

/* A body that is no session description: text as text. */
static void
show_body(tvbuff_t *body, packet_info *pinfo, proto_tree *tree)
{
    int len = (int)tvb_captured_length(body);
    const char *bytes = (const char *)tvb_get_ptr(body, 0, len);

    if (len > 0 && !memchr(bytes, '\0', (size_t)len) && g_utf8_validate(bytes, len, NULL))
        proto_tree_add_string(tree, hf_sip_body, body, 0, len, ft_tvb_text(pinfo->pool, body, 0, len));
    else
        proto_tree_add_item(tree, hf_sip_body_bytes, body, 0, len, ENC_NA);
}

/* The body, inflated if it is deflated; NULL if it does not inflate. */
static tvbuff_t *
body_inflate(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, int at, int len)
{
    tvbuff_t *body = ft_tvb_inflate(tvb, tvb, at, MIN(len, FT_SIP_MAX_DEFLATED));

    if (!body || tvb_captured_length(body) == 0) {
        proto_tree_add_expert(tree, pinfo, &ei_sip_deflate, tvb, at, len);
        return NULL;
    }
    if (len > FT_SIP_MAX_DEFLATED || tvb_captured_length(body) > FT_SDP_MAX_BYTES)
        proto_tree_add_expert(tree, pinfo, &ei_sip_inflate_limit, tvb, at, len);
    if (tvb_captured_length(body) > FT_SDP_MAX_BYTES)
        body = tvb_new_subset_length(body, 0, FT_SDP_MAX_BYTES);
    return body;
}

/* The body without its last line, which the snap length cut off: half a port is another port. NULL: no line is whole. */
static tvbuff_t *
whole_lines(tvbuff_t *body)
{
    int len = (int)tvb_captured_length(body);

    while (len > 0 && ft_tvb_get_u8(body, len - 1) != '\n')
        len--;
    return len > 0 ? tvb_new_subset_length(body, 0, len) : NULL;
}

/* Shows the body that begins at this offset. Returns it if it is a session description that was deflated, else NULL. */
static tvbuff_t *
sip_body(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, int at, ft_packet_t *pkt, const sip_body_t *headers)
{
    int captured = (int)tvb_captured_length(tvb), there = (int)tvb_reported_length(tvb) - at, len;
    /* Where the capture ends before the body begins, nobody knows how long the body is. */
    bool cut = at >= captured && captured < (int)tvb_reported_length(tvb);
    tvbuff_t *body;

    if (headers->has_length && headers->length != (uint32_t)there && !cut)
        /* Not -1 for the length: at the end of the datagram, where no body follows at all, that is out of bounds. */
        proto_tree_add_expert_format(tree, pinfo, &ei_sip_content_length, tvb, MIN(at, captured), MAX(captured - at, 0),
                                     "Content-Length is %u, but %d bytes follow the headers", headers->length, there);
    len = MIN(there, captured - at);
    if (headers->has_length && headers->length < (uint32_t)len)
        len = (int)headers->length;
    if (len <= 0)
        return NULL;
    proto_item_set_generated(proto_tree_add_uint(tree, hf_sip_body_length, tvb, at, len, (uint32_t)len));
    body = headers->encoded ? body_inflate(tvb, pinfo, tree, at, len) : tvb_new_subset_length(tvb, at, len);
    if (body && at + len == captured && captured < (int)tvb_reported_length(tvb) && (headers->sdp || headers->boundary))
        body = whole_lines(body);
    if (!body) {
        proto_tree_add_item(tree, hf_sip_body_bytes, tvb, at, len, ENC_NA);
        return NULL;
    }
    if (headers->sdp)
        show_sdp(body, pinfo, tree, pkt);
    else if (headers->boundary)
        show_multipart(body, pinfo, tree, pkt, headers->boundary);
    else
        show_body(body, pinfo, tree);
    return headers->encoded && headers->sdp ? body : NULL;
}

bool
ft_sip_is_request(const ft_sip_t *sip, const char *method)
{
    return sip && sip->is_request && sip->method && strcmp(sip->method, method) == 0;
}

static void
sip_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *root, proto_tree *ft_tree, ft_packet_t *pkt)
{
    proto_tree *tree = ft_subtree(ft_tree, hf_sip, tvb, 0, -1, ett_sip, NULL, "SIP by Viceroy");
    sip_body_t headers = { .encoded = false };
    tvbuff_t *inflated;
    int at;

    pkt->sip = wmem_new0(pinfo->pool, ft_sip_t);
    pkt->phase = FT_PHASE_SIGNALLING;
    at = sip_headers(tvb, pinfo, tree, pkt->sip, &headers);
    if (pkt->sip->method)
        pkt->what = pkt->sip->is_request ? pkt->sip->method : wmem_strdup_printf(pinfo->pool, "%u %s", pkt->sip->status, pkt->sip->method);
    /* Also the answer to a BYE that stands before it in a merged capture. */
    if (pkt->sip->method && (strcmp(pkt->sip->method, "BYE") == 0 || strcmp(pkt->sip->method, "CANCEL") == 0))
        pkt->phase = FT_PHASE_TEARDOWN;
    inflated = sip_body(tvb, pinfo, tree, at, pkt, &headers);
    ft_call_stock(sip_handle, tvb, pinfo, root, pkt);
    /* The stock sip dissector inflates too, if Wireshark was built with zlib and it knows the coding; never show it twice. */
    if (inflated && !proto_is_frame_protocol(pinfo->layers, "sdp")) {
        if (pkt->claimed)
            add_new_data_source(pinfo, inflated, "Inflated session description");
        ft_call_stock(sdp_handle, inflated, pinfo, root, pkt);
    }
}

static void
sip_register(void)
{
    static hf_register_info hf[] = {
        { &hf_sip, { "SIP by Viceroy", "facetime.sip", FT_NONE, BASE_NONE,
            NULL, 0x0, "A SIP message of Apple's stack", HFILL } },
        { &hf_sip_from, { "From", "facetime.sip.from", FT_STRING, BASE_NONE,
            NULL, 0x0, "Phone number, Apple ID or name of the From header", HFILL } },
        { &hf_sip_from_kind, { "Kind of From", "facetime.sip.from.kind", FT_UINT8, BASE_DEC,
            VALS(party_kind_vals), 0x0, "What the From header names its party by", HFILL } },
        { &hf_sip_to, { "To", "facetime.sip.to", FT_STRING, BASE_NONE,
            NULL, 0x0, "Phone number, Apple ID or name of the To header", HFILL } },
        { &hf_sip_to_kind, { "Kind of To", "facetime.sip.to.kind", FT_UINT8, BASE_DEC,
            VALS(party_kind_vals), 0x0, "What the To header names its party by", HFILL } },
        { &hf_sip_contact, { "Contact", "facetime.sip.contact", FT_STRING, BASE_NONE,
            NULL, 0x0, "Phone number, Apple ID or name of the Contact header, which mostly has none", HFILL } },
        { &hf_sip_contact_kind, { "Kind of Contact", "facetime.sip.contact.kind", FT_UINT8, BASE_DEC,
            VALS(party_kind_vals), 0x0, "What the Contact header names its party by", HFILL } },
        { &hf_sip_contact_host, { "Contact Address", "facetime.sip.contact.host", FT_STRING, BASE_NONE,
            NULL, 0x0, "Address of the media socket, as the sender knows it", HFILL } },
        { &hf_sip_contact_port, { "Contact Port", "facetime.sip.contact.port", FT_UINT16, BASE_DEC,
            NULL, 0x0, "Port of the media socket, as the sender knows it", HFILL } },
        { &hf_sip_isfocus, { "Focus", "facetime.sip.isfocus", FT_BOOLEAN, BASE_NONE,
            NULL, 0x0, "Contact has ;isfocus (RFC 3840): the sender could be the centre of a conference", HFILL } },
        { &hf_sip_literal_user, { "Literal User", "facetime.sip.literal_user", FT_BOOLEAN, BASE_NONE,
            NULL, 0x0, "The request goes to sip:user@..., with the word user instead of a name", HFILL } },
        { &hf_sip_call_id, { "Call-ID", "facetime.sip.call_id", FT_STRING, BASE_NONE,
            NULL, 0x0, "SIP Call-ID: the same in all messages of a call", HFILL } },
        { &hf_sip_compact, { "Compact Headers", "facetime.sip.compact", FT_BOOLEAN, BASE_NONE,
            NULL, 0x0, "Header names of one letter, as iOS 7 writes them", HFILL } },
        { &hf_sip_user_agent, { "User-Agent", "facetime.sip.user_agent", FT_STRING, BASE_NONE,
            NULL, 0x0, "User-Agent or Server header", HFILL } },
        { &hf_sip_viceroy_version, { "Viceroy Version", "facetime.sip.viceroy.full_version", FT_STRING, BASE_NONE,
            NULL, 0x0, "Version of Apple's SIP stack; /GK at its end is GameKit, on iOS", HFILL } },
        { &hf_sip_viceroy, { "SIP Stack", "facetime.sip.viceroy", FT_STRING, BASE_NONE,
            NULL, 0x0, "What the sender says of its SIP stack", HFILL } },
        { &hf_sip_viceroy_product, { "Product", "facetime.sip.viceroy.product", FT_STRING, BASE_NONE,
            NULL, 0x0, "Name of Apple's SIP stack", HFILL } },
        { &hf_sip_viceroy_number, { "Version", "facetime.sip.viceroy.version", FT_STRING, BASE_NONE,
            NULL, 0x0, "Its version, without suffix", HFILL } },
        { &hf_sip_viceroy_gamekit, { "GameKit", "facetime.sip.viceroy.gamekit", FT_BOOLEAN, BASE_NONE,
            NULL, 0x0, "The suffix /GK: the stack is GameKit's, so the sender has iOS", HFILL } },
        { &hf_sip_viceroy_generation, { "Generation [guess]", "facetime.sip.viceroy.generation", FT_STRING, BASE_NONE,
            NULL, 0x0, "Systems that this version was seen on", HFILL } },
        { &hf_sip_encoding, { "Body Encoding", "facetime.sip.encoding", FT_STRING, BASE_NONE,
            NULL, 0x0, "Content-Encoding header: iOS 7 deflates the session description", HFILL } },
        { &hf_sip_body_length, { "Body Length", "facetime.sip.body_length", FT_UINT32, BASE_DEC,
            NULL, 0x0, "Bytes of the body, as they travel", HFILL } },
        { &hf_sip_body, { "Body", "facetime.sip.body", FT_STRING, BASE_NONE,
            NULL, 0x0, "A body that is text and no session description, as MESSAGE has it", HFILL } },
        { &hf_sip_body_bytes, { "Body Bytes", "facetime.sip.body_bytes", FT_BYTES, BASE_NONE,
            NULL, 0x0, "A body that is no text, or does not inflate", HFILL } },
    };
    static int *ett[] = { &ett_sip, &ett_sip_viceroy };
    static ei_register_info ei[] = {
        { &ei_sip_content_length, { "facetime.sip.content_length", PI_PROTOCOL, PI_WARN,
            "Content-Length is not the length of the body", EXPFILL } },
        { &ei_sip_headers, { "facetime.sip.too_many_headers", PI_PROTOCOL, PI_WARN,
            "More header lines than are read", EXPFILL } },
        { &ei_sip_no_end, { "facetime.sip.no_end", PI_MALFORMED, PI_WARN,
            "No empty line ends the headers", EXPFILL } },
        { &ei_sip_text, { "facetime.sip.bad_text", PI_MALFORMED, PI_WARN,
            "A header has a NUL byte, or bytes that are not UTF-8", EXPFILL } },
        { &ei_sip_deflate, { "facetime.sip.bad_deflate", PI_MALFORMED, PI_WARN,
            "The body does not inflate", EXPFILL } },
        { &ei_sip_inflate_limit, { "facetime.sip.inflate_limit", PI_PROTOCOL, PI_WARN,
            "The deflated body is larger than what is read of it", EXPFILL } },
    };

    proto_register_field_array(proto_facetime, hf, array_length(hf));
    proto_register_subtree_array(ett, array_length(ett));
    expert_register_field_array(ft_expert, ei, array_length(ei));
    ft_sdp_register();
}

static void
sip_handoff(void)
{
    sip_handle = find_dissector("sip");
    sdp_handle = find_dissector("sdp");
}

const ft_wire_t ft_wire_sip = {
    .kind = FT_KIND_SIP,
    .first_mask = 0xe0, .first_bits = 0x40,    /* an upper-case letter */
    .register_fields = sip_register,
    .handoff = sip_handoff,
    .match = sip_match,
    .dissect = sip_dissect,
};
