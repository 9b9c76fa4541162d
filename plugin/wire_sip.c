/* wire_sip.c
 * SIP and SDP of Viceroy, Apple's stack: the stock dissectors show them, this file recognises Viceroy and takes out what
 * the call needs (who, which Call-ID, where the media will be).
 *
 * Sources: packetstan.com, July 2010 (calls of iOS 4.0); blog.krisk.org, September 2013 (iOS 7: compact header names,
 * deflated bodies); mek-voip.blogspot.com, August 2010 (User-Agent); the jinglenodes sources (an INVITE of Viceroy 1.4.1).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "packet-facetime.h"

#include <epan/to_str.h>
#include <wsutil/inet_addr.h>

/* What is read of one message at most: 64 header lines, 64 SDP lines, 2 KiB in search of Viceroy's marks. A SIP message
 * over UDP is not larger than its datagram; these bound the work on hostile ones. */
#define FT_SIP_MAX_LINES    64
#define FT_SIP_SEARCH       2048
#define FT_SDP_MAX_BYTES    65536

static dissector_handle_t sip_handle;

static int hf_sip_from = -1;
static int hf_sip_to = -1;
static int hf_sip_call_id = -1;
static int hf_sip_user_agent = -1;
static int hf_sip_viceroy_version = -1;
static int hf_sip_sdp_ssrc = -1;
static int hf_sip_sdp_media_address = -1;
static int hf_sip_sdp_media_port = -1;
static int ett_sip = -1;

/* RFC 3261, RFC 3428 (MESSAGE), RFC 3262, 3265, 3311, 3515, 6086. */
static const char *const sip_methods[] = {
    "INVITE ", "ACK ", "BYE ", "CANCEL ", "MESSAGE ", "OPTIONS ", "INFO ", "REGISTER ", "PRACK ", "UPDATE ",
    "SUBSCRIBE ", "NOTIFY ", "REFER ",
};
#define FT_SIP_VERSION "SIP/2.0"
#define FT_VICEROY "Viceroy"

static bool
sip_starts_with(tvbuff_t *tvb, const char *text)
{
    int len = (int)strlen(text);

    return (int)tvb_captured_length(tvb) >= len && tvb_strneql(tvb, 0, text, (size_t)len) == 0;
}

static bool
sip_has(tvbuff_t *tvb, const char *text)
{
    int len = MIN((int)tvb_captured_length(tvb), FT_SIP_SEARCH);
    const uint8_t *bytes = tvb_get_ptr(tvb, 0, len);

    return g_strstr_len((const char *)bytes, len, text) != NULL;
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

/* The number, Apple ID or name in a From or To value: the user part, unless it is the literal "user"; then the display name. */
static const char *
sip_party(packet_info *pinfo, const char *value)
{
    const char *uri = strstr(value, "sip:"), *at, *quote, *name_end;

    if (uri) {
        uri += strlen("sip:");
        at = strpbrk(uri, "@>;");
        if (at && *at == '@' && !(at - uri == 4 && strncmp(uri, "user", 4) == 0))
            return wmem_strndup(pinfo->pool, uri, (size_t)(at - uri));
    }
    if (*value == '"') {
        quote = strchr(value + 1, '"');
        if (quote && quote > value + 1)
            return wmem_strndup(pinfo->pool, value + 1, (size_t)(quote - value - 1));
    }
    name_end = strchr(value, '<');
    if (name_end && name_end > value) {
        char *name = g_strstrip(wmem_strndup(pinfo->pool, value, (size_t)(name_end - value)));

        if (*name)
            return name;
    }
    return NULL;
}

/* Does the header line have this name, long or compact? Returns its value, else NULL. */
static const char *
sip_header(const char *line, const char *name, const char *compact)
{
    size_t len = strcspn(line, ":");
    size_t name_len = len;

    if (line[len] != ':')
        return NULL;
    while (name_len > 0 && (line[name_len - 1] == ' ' || line[name_len - 1] == '\t'))
        name_len--;
    if (!(name_len == strlen(name) && g_ascii_strncasecmp(line, name, name_len) == 0) &&
        !(compact && name_len == strlen(compact) && g_ascii_strncasecmp(line, compact, name_len) == 0))
        return NULL;
    line += len + 1;
    return line + strspn(line, " \t");
}

/* c= and m= say where the sender wants its media, a=rtpID (decimal) names the SSRC of the m= line before it. */
static void
sip_sdp(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, ft_packet_t *pkt)
{
    int at = 0, end = (int)tvb_captured_length(tvb);
    address addr = ADDRESS_INIT_NONE;

    for (unsigned n = 0; n < FT_SIP_MAX_LINES && at < end; n++) {
        int next, len = tvb_find_line_end(tvb, at, -1, &next, false);
        const char *line = (const char *)tvb_get_string_enc(pinfo->pool, tvb, at, len, ENC_UTF_8 | ENC_NA);

        if (g_str_has_prefix(line, "c=IN IP4 ")) {
            uint32_t *ip = wmem_new(pinfo->pool, uint32_t);

            if (ws_inet_pton4(line + strlen("c=IN IP4 "), ip)) {
                set_address(&addr, AT_IPv4, 4, ip);
                proto_tree_add_ipv4(tree, hf_sip_sdp_media_address, tvb, at, len, *ip);
            }
        } else if (g_str_has_prefix(line, "m=")) {
            const char *blank = strchr(line, ' ');
            unsigned long port = blank ? strtoul(blank + 1, NULL, 10) : 0;

            if (port > 0 && port <= UINT16_MAX) {
                proto_tree_add_uint(tree, hf_sip_sdp_media_port, tvb, at, len, (uint32_t)port);
                if (addr.type != AT_NONE)
                    ft_learn(pkt, &addr, (uint16_t)port, FT_LEARNED_OWN);
            }
        } else if (g_str_has_prefix(line, "a=rtpID:")) {
            unsigned long ssrc = strtoul(line + strlen("a=rtpID:"), NULL, 10);

            if (ssrc > 0 && ssrc <= UINT32_MAX && pkt->n_sdp_ssrc < array_length(pkt->sdp_ssrc)) {
                proto_tree_add_uint(tree, hf_sip_sdp_ssrc, tvb, at, len, (uint32_t)ssrc);
                pkt->sdp_ssrc[pkt->n_sdp_ssrc++] = (uint32_t)ssrc;
            }
        }
        if (next <= at)
            break;
        at = next;
    }
}

static void
sip_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *root, proto_tree *ft_tree, ft_packet_t *pkt)
{
    proto_tree *tree = proto_tree_add_subtree(ft_tree, tvb, 0, -1, ett_sip, NULL, "SIP by Viceroy");
    ft_sip_t *sip = wmem_new0(pinfo->pool, ft_sip_t);
    int at = 0, end = (int)tvb_captured_length(tvb);
    bool deflated = false, sdp = false;

    pkt->sip = sip;
    pkt->phase = FT_PHASE_SIGNALLING;
    for (unsigned n = 0; n < FT_SIP_MAX_LINES && at < end; n++) {
        int next, len = tvb_find_line_end(tvb, at, -1, &next, false);
        const char *line = (const char *)tvb_get_string_enc(pinfo->pool, tvb, at, len, ENC_UTF_8 | ENC_NA);
        const char *value;

        if (n == 0) {
            sip->is_request = !g_str_has_prefix(line, FT_SIP_VERSION);
            if (!sip->is_request)
                sip->status = (uint16_t)strtoul(line + strlen(FT_SIP_VERSION), NULL, 10);
        } else if (len == 0) {
            at = next;
            break;
        } else if ((value = sip_header(line, "Call-ID", "i")) != NULL) {
            sip->call_id = value;
            proto_tree_add_string(tree, hf_sip_call_id, tvb, at, len, value);
        } else if ((value = sip_header(line, "From", "f")) != NULL) {
            sip->from = sip_party(pinfo, value);
            if (sip->from)
                proto_tree_add_string(tree, hf_sip_from, tvb, at, len, sip->from);
        } else if ((value = sip_header(line, "To", "t")) != NULL) {
            sip->to = sip_party(pinfo, value);
            if (sip->to)
                proto_tree_add_string(tree, hf_sip_to, tvb, at, len, sip->to);
        } else if ((value = sip_header(line, "CSeq", NULL)) != NULL) {
            const char *blank = strchr(value, ' ');

            sip->method = blank ? blank + strspn(blank, " ") : NULL;
        } else if ((value = sip_header(line, "User-Agent", NULL)) != NULL || (value = sip_header(line, "Server", NULL)) != NULL) {
            const char *viceroy = strstr(value, FT_VICEROY);

            sip->user_agent = value;
            proto_tree_add_string(tree, hf_sip_user_agent, tvb, at, len, value);
            if (viceroy)
                proto_tree_add_string(tree, hf_sip_viceroy_version, tvb, at, len,
                                      viceroy + strlen(FT_VICEROY) + strspn(viceroy + strlen(FT_VICEROY), " "));
        } else if ((value = sip_header(line, "Content-Encoding", "e")) != NULL) {
            deflated = g_ascii_strncasecmp(value, "deflate", 7) == 0 || g_ascii_strncasecmp(value, "gzip", 4) == 0;
        } else if ((value = sip_header(line, "Content-Type", "c")) != NULL) {
            sdp = g_ascii_strncasecmp(value, "application/sdp", 15) == 0;
        }
        if (next <= at)
            break;
        at = next;
    }
    sip->has_sdp = sdp;
    if (sdp && at < end) {
        tvbuff_t *body = deflated ? ft_tvb_inflate(tvb, tvb, at, MIN(end - at, FT_SDP_MAX_BYTES))
                                  : tvb_new_subset_remaining(tvb, at);

        if (body) {
            if (sip_has(body, "X-AAC_ELD") || sip_has(body, "a=rtpID:") || sip_has(body, "a=iChatEncryption:"))
                pkt->evidence |= FT_EV(FT_EV_VICEROY_SDP);
            sip_sdp(body, pinfo, tree, pkt);
        }
    }
    ft_call_stock(sip_handle, tvb, pinfo, root, pkt);
}

static void
sip_register(void)
{
    static hf_register_info hf[] = {
        { &hf_sip_from, { "From", "facetime.sip.from", FT_STRING, BASE_NONE,
            NULL, 0x0, "Phone number, Apple ID or name of the From header", HFILL } },
        { &hf_sip_to, { "To", "facetime.sip.to", FT_STRING, BASE_NONE,
            NULL, 0x0, "Phone number, Apple ID or name of the To header", HFILL } },
        { &hf_sip_call_id, { "Call-ID", "facetime.sip.call_id", FT_STRING, BASE_NONE,
            NULL, 0x0, "SIP Call-ID: the same in all messages of a call", HFILL } },
        { &hf_sip_user_agent, { "User-Agent", "facetime.sip.user_agent", FT_STRING, BASE_NONE,
            NULL, 0x0, "User-Agent or Server header", HFILL } },
        { &hf_sip_viceroy_version, { "Viceroy Version", "facetime.sip.viceroy_version", FT_STRING, BASE_NONE,
            NULL, 0x0, "Version of Apple's SIP stack; /GK at its end is GameKit, on iOS", HFILL } },
        { &hf_sip_sdp_ssrc, { "SSRC (a=rtpID)", "facetime.sdp.rtpid", FT_UINT32, BASE_HEX,
            NULL, 0x0, "SSRC that the sender's stream will have", HFILL } },
        { &hf_sip_sdp_media_address, { "Media Address", "facetime.sdp.address", FT_IPv4, BASE_NONE,
            NULL, 0x0, "Where the sender wants its media", HFILL } },
        { &hf_sip_sdp_media_port, { "Media Port", "facetime.sdp.port", FT_UINT16, BASE_DEC,
            NULL, 0x0, "Where the sender wants its media", HFILL } },
    };
    static int *ett[] = { &ett_sip };

    proto_register_field_array(proto_facetime, hf, array_length(hf));
    proto_register_subtree_array(ett, array_length(ett));
}

static void
sip_handoff(void)
{
    sip_handle = find_dissector("sip");
}

const ft_wire_t ft_wire_sip = {
    .kind = FT_KIND_SIP,
    .register_fields = sip_register,
    .handoff = sip_handoff,
    .match = sip_match,
    .dissect = sip_dissect,
};
