/* apns_payload.c
 * The payload of a push notification: a binary or an XML property list (Apple's own services), or JSON (apps).
 *
 * The keys of Apple's identity service (IDS), which carries FaceTime's invitations and asks for relays, have one to four
 * letters. Their meanings are read in public code (OpenBubbles/rustpush, identity_manager.rs and link.rs; JJTech0130/pypush).
 * What two devices say to each other is in "P" and encrypted between them (E: "pair"): it stays bytes. The answer of the
 * relay's allocation is in the clear: address, port, tokens and participant IDs of the relay that the call will use.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "push/apns.h"

#include <epan/exceptions.h>
#include <epan/show_exception.h>

static dissector_handle_t xml_handle, json_handle;

/* Messages of the identity service: what public code that takes part in FaceTime calls sends and reads (rustpush, facetime.rs and link.rs). */
static const val64_string command_vals[] = {
    { 96, "web request" },
    { 207, "participant joins" },
    { 208, "participant leaves" },
    { 209, "group update" },
    { 210, "prekey" },
    { 211, "key material" },
    { 242, "conversation message" },
    { 0, NULL }
};

enum { K_NUMBER, K_TEXT, K_BYTES, K_ADDRESS };

/* Keys that get a field of their own. */
static struct {
    int hf;
    const char *key, *name, *title;
    int kind;
    const char *blurb;
} keys[] = {
    { -1, "c", "command", "Command", K_NUMBER, "What the message of the identity service is (key c)" },
    { -1, "i", "message_id", "Message ID", K_NUMBER, "Number of the message on this connection (key i)" },
    { -1, "U", "uuid", "Message UUID", K_BYTES, "UUID of the message or of the request that it answers (key U)" },
    { -1, "v", "version", "Version", K_NUMBER, "Version of the identity service's messages (key v)" },
    { -1, "ua", "user_agent", "User Agent", K_TEXT, "System and model of the sender (key ua)" },
    { -1, "sP", "from", "From", K_TEXT, "Who sends: tel: or mailto: (key sP)" },
    { -1, "tP", "to", "To", K_TEXT, "Who is meant: tel: or mailto: (key tP)" },
    { -1, "t", "token", "Token", K_BYTES, "Push or session token (key t)" },
    { -1, "E", "encryption", "Encryption", K_TEXT, "How the inner payload is encrypted (key E)" },
    { -1, "P", "encrypted", "Encrypted Payload", K_BYTES, "What the devices say to each other, encrypted (key P)" },
    { -1, "nr", "no_response", "No Response", K_NUMBER, "The sender wants no acknowledgement (key nr)" },
    { -1, "s", "status", "Status", K_NUMBER, "Result of a request (key s)" },
    { -1, "u", "url", "URL", K_TEXT, "Address of a web request that travels through the push (key u)" },
    { -1, "cT", "content_type", "Content Type", K_TEXT, "Of the body of such a request (key cT)" },
    { -1, "qids", "session_id", "Session ID", K_BYTES, "The call's session at the identity service (key qids)" },
    { -1, "qgid", "group_id", "Group ID", K_TEXT, "UUID of the conversation that the call belongs to (key qgid)" },
    { -1, "qgmc", "member_count", "Member Count", K_NUMBER, "Members of the conversation (key qgmc)" },
    { -1, "qai", "relay_topic", "Topic", K_TEXT, "Service that asks for a relay (key qai)" },
    { -1, "qat", "relay_request", "Relay Request", K_NUMBER, "What is asked of the relay's allocation; 3 allocates (key qat)" },
    { -1, "qr", "relay_reason", "Relay Reason", K_NUMBER, "Why a relay is asked for (key qr)" },
    { -1, "qv", "relay_version", "Relay Version", K_NUMBER, "Version of the relay's allocation (key qv)" },
    { -1, "qri", "participant", "Participant ID", K_NUMBER, "Number that the relay gives a device of the call (key qri)" },
    { -1, "qrp", "relay_port", "Relay Port", K_NUMBER, "UDP port of the relay (key qrp)" },
    { -1, "qrst", "relay_token", "Relay Session Token", K_BYTES, "Shown to the relay in STUN's allocate request (key qrst)" },
    { -1, "qrsk", "relay_key", "Relay Session Key", K_BYTES, "Key of the session at the relay (key qrsk)" },
    { -1, "qrsi", "relay_session", "Relay Session ID", K_BYTES, "UUID of the session at the relay (key qrsi)" },
    { -1, "qrip", "relay_address", "Relay Address", K_ADDRESS, "IP address of the relay (key qrip)" },
};

static int hf_relay_ipv4 = -1;
static int hf_relay_ipv6 = -1;
static GHashTable *by_key;      /* key -> index in keys + 1; lives as long as the program */

void
ft_apns_payload_value(const ft_bplist_value_t *value, tvbuff_t *tvb, proto_tree *tree)
{
    unsigned found = GPOINTER_TO_UINT(g_hash_table_lookup(by_key, value->key));
    int at = value->content, len = value->offset + value->length - value->content;
    bool data = value->type == FT_BPLIST_DATA && len > 0;
    int hf;

    if (!found)
        return;
    hf = keys[found - 1].hf;
    switch (keys[found - 1].kind) {
    case K_NUMBER:
        if (value->type == FT_BPLIST_INTEGER || value->type == FT_BPLIST_BOOLEAN)
            proto_tree_add_uint64(tree, hf, tvb, at, len, (uint64_t)value->number);
        break;
    case K_TEXT:
        if (value->type == FT_BPLIST_STRING)
            proto_tree_add_string(tree, hf, tvb, at, len, value->string);
        break;
    case K_BYTES:
        if (data)
            proto_tree_add_item(tree, hf, tvb, at, len, ENC_NA);
        break;
    case K_ADDRESS:
        if (data)
            proto_tree_add_item(tree, len == 4 ? hf_relay_ipv4 : len == 16 ? hf_relay_ipv6 : hf, tvb, at, len,
                                len == 4 ? ENC_BIG_ENDIAN : ENC_NA);
        break;
    }
}

/* The first byte that is no white space. */
static uint8_t
payload_first(tvbuff_t *tvb)
{
    unsigned captured = tvb_captured_length(tvb);

    for (unsigned i = 0; i < captured; i++) {
        uint8_t byte = ft_tvb_get_u8(tvb, (int)i);

        if (!g_ascii_isspace(byte))
            return byte;
    }
    return 0;
}

void
ft_apns_show_by(dissector_handle_t handle, tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree)
{
    if (!handle)
        return;
    TRY {
        call_dissector(handle, tvb, pinfo, tree);
    }
    CATCH_NONFATAL_ERRORS {
        show_exception(tvb, pinfo, tree, EXCEPT_CODE, GET_MESSAGE);
    }
    ENDTRY;
}

void
ft_apns_payload_show(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree)
{
    uint8_t first;

    if (ft_bplist_match(tvb)) {
        ft_bplist_dissect(tvb, pinfo, tree, ft_apns_payload_value, proto_apns);
        return;
    }
    first = payload_first(tvb);
    if (first == '<')
        ft_apns_show_by(xml_handle, tvb, pinfo, tree);
    else if (first == '{')
        ft_apns_show_by(json_handle, tvb, pinfo, tree);
}

void
ft_apns_payload_handoff(void)
{
    xml_handle = find_dissector("xml");
    json_handle = find_dissector("json");
}

void
ft_apns_payload_register(void)
{
    static const struct { enum ftenum type; int display; } kinds[] = {
        [K_NUMBER] = { FT_UINT64, BASE_DEC }, [K_TEXT] = { FT_STRING, BASE_NONE },
        [K_BYTES] = { FT_BYTES, BASE_NONE }, [K_ADDRESS] = { FT_BYTES, BASE_NONE },
    };
    static hf_register_info hf_keys[array_length(keys)];
    static hf_register_info hf[] = {
        { &hf_relay_ipv4, { "Relay Address", "apns.payload.relay_ipv4", FT_IPv4, BASE_NONE,
            NULL, 0x0, "IPv4 address of the relay (key qrip)", HFILL } },
        { &hf_relay_ipv6, { "Relay Address", "apns.payload.relay_ipv6", FT_IPv6, BASE_NONE,
            NULL, 0x0, "IPv6 address of the relay (key qrip)", HFILL } },
    };

    by_key = g_hash_table_new(g_str_hash, g_str_equal);
    for (unsigned i = 0; i < array_length(keys); i++) {
        hf_register_info one = { &keys[i].hf, { keys[i].title,
            wmem_strdup_printf(wmem_epan_scope(), "apns.payload.%s", keys[i].name),
            kinds[keys[i].kind].type, kinds[keys[i].kind].display, NULL, 0x0, keys[i].blurb, HFILL } };

        if (strcmp(keys[i].key, "c") == 0) {
            one.hfinfo.display |= BASE_VAL64_STRING;
            one.hfinfo.strings = VALS64(command_vals);
        }
        hf_keys[i] = one;
        g_hash_table_insert(by_key, (void *)(uintptr_t)keys[i].key, GUINT_TO_POINTER(i + 1));
    }
    proto_register_field_array(proto_apns, hf_keys, array_length(hf_keys));
    proto_register_field_array(proto_apns, hf, array_length(hf));
}
