/* datagram.c
 * One datagram: is it FaceTime's, by itself and by what is around it; and how it is shown.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "entry.h"

#include <epan/exceptions.h>
#include <epan/show_exception.h>

static int hf_facetime_kind = -1;
static int hf_facetime_confidence = -1;
static int hf_facetime_evidence = -1;
static int hf_facetime_path = -1;
static int ett_facetime = -1;
static int ett_facetime_evidence = -1;
static expert_field ei_facetime_unknown = EI_INIT;
static expert_field ei_facetime_guess = EI_INIT;
static expert_field ei_facetime_flow_limit = EI_INIT;
static expert_field ei_facetime_exchange_limit = EI_INIT;

/* The same for the Protocol column, which shows seven characters by default. */
#define KIND_UNKNOWN "FT"
static const value_string kind_column_vals[] = {
    { FT_KIND_UNKNOWN, KIND_UNKNOWN },
    FT_WIRE_FORMATS(FT_FORMAT_COLUMN)
    [FT_KIND_COUNT] = { 0, NULL }
};

/* ---- Showing a datagram -------------------------------------------------------------------- */

proto_tree *
ft_tree_of(tvbuff_t *tvb, proto_tree *root, proto_item **item)
{
    *item = proto_tree_add_item(root, proto_facetime, tvb, 0, -1, ENC_NA);
    return proto_item_add_subtree(*item, ett_facetime);
}

void
ft_kind_show(tvbuff_t *tvb, proto_tree *tree, ft_kind_t kind)
{
    proto_item_set_generated(proto_tree_add_uint(tree, hf_facetime_kind, tvb, 0, 0, kind));
}

void
ft_evidence_show(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const ft_packet_t *pkt)
{
    uint32_t evidence = pkt->evidence | (pkt->flow ? pkt->flow->evidence : 0);
    ft_confidence_t confidence = ft_confidence(evidence);
    proto_item *item = proto_tree_add_uint(tree, hf_facetime_confidence, tvb, 0, 0, confidence);
    proto_tree *sub = proto_item_add_subtree(item, ett_facetime_evidence);

    proto_item_set_generated(item);
    for (unsigned bit = 0; bit < FT_EV_COUNT; bit++) {
        if (evidence & FT_EV(bit))
            proto_item_set_generated(proto_tree_add_string(sub, hf_facetime_evidence, tvb, 0, 0, ft_evidence_text((ft_evidence_t)bit)));
    }
    if (confidence < FT_CONFIDENCE_HIGH)
        expert_add_info(pinfo, item, &ei_facetime_guess);
}

/* The format of what TURN's ChannelData carries; NULL: none that is known. *data: its bytes. Not what could go on inside each other until
 * Wireshark gives up, and not QUIC, which nobody sends through TURN. */
static const ft_wire_t *
wire_inside(tvbuff_t **data, tvbuff_t *tvb, const packet_info *pinfo, const ft_flow_t *flow)
{
    uint32_t evidence = 0;
    const ft_wire_t *wire;

    *data = ft_channel_data_of(tvb);
    wire = *data ? ft_demux(*data, pinfo, flow, &evidence) : NULL;
    return wire && wire != &ft_wire_channel_data && wire != &ft_wire_vtp && wire->kind != FT_KIND_QUIC ? wire : NULL;
}

ft_kind_t
ft_inside_kind(tvbuff_t *tvb, const packet_info *pinfo, const ft_flow_t *flow)
{
    tvbuff_t *data;
    const ft_wire_t *inside = wire_inside(&data, tvb, pinfo, flow);

    return inside ? inside->kind : FT_KIND_STUN;
}

/* What ChannelData carries, where another heuristic showed it, or none. */
static void
show_inside(tvbuff_t *tvb, packet_info *pinfo, proto_tree *root, proto_tree *tree, ft_packet_t *pkt)
{
    tvbuff_t *data;
    const ft_wire_t *inside = wire_inside(&data, tvb, pinfo, pkt->flow);
    bool claimed = pkt->claimed;

    if (!inside)
        return;
    pkt->claimed = false;
    inside->dissect(data, pinfo, root, tree, pkt);
    pkt->claimed = claimed;
}

/* What the line of the tree says that is seen before it is opened: "Apple FaceTime, Relay, sent, Video HEVC". */
static void
show_title(proto_item *item, const packet_info *pinfo, const ft_packet_t *pkt)
{
    enum { SENT = 1, RECEIVED };
    static const char *const sides[] = { "", [SENT] = ", sent", [RECEIVED] = ", received" };
    const char *kind = kind_column_vals[pkt->kind].strptr + strlen(KIND_UNKNOWN), *what = pkt->what ? pkt->what : "";
    size_t length = strlen(what);
    unsigned side = 0;
    uint64_t key;
    ft_kept_text_t *kept;

    if (pkt->flow && pkt->flow->device_side >= 0)
        side = ft_flow_from_device(pkt->flow, ft_flow_from_a(pkt->flow, pinfo)) ? SENT : RECEIVED;
    /* Of texts that are as long the one that was shown last is kept, if it ends so. */
    key = (uint64_t)length << 32 | (uint64_t)pkt->kind << 8 | side;
    kept = ft_kept_text_of(proto_facetime, key);
    if (kept->begun && g_str_has_suffix(kept->label.representation, what) && ft_kept_text_use(item, kept, key, (uint64_t)proto_facetime))
        return;
    /* In one go: each text that is added costs as much as a field. */
    proto_item_append_text(item, "%s%s%s%s%s", pkt->kind != FT_KIND_UNKNOWN ? ", " : "", pkt->kind != FT_KIND_UNKNOWN ? kind : "", sides[side],
                           pkt->what ? ", " : "", what);
    ft_kept_text_take(item, kept, key, (uint64_t)proto_facetime);
}

/* What a datagram holds, by its wire format or that of what it carries. wire NULL: no form that is known. */
static void
show_content(tvbuff_t *tvb, packet_info *pinfo, proto_tree *root, proto_tree *tree, proto_item *item, const ft_wire_t *wire, ft_packet_t *pkt)
{
    if (wire) {
        wire->dissect(tvb, pinfo, root, tree, pkt);
        if (wire == &ft_wire_channel_data && !pkt->inside_shown)
            show_inside(tvb, pinfo, root, tree, pkt);
        if (tree && pkt->n_rtp)
            proto_item_set_generated(proto_tree_add_uint(tree, hf_facetime_path, tvb, 0, 0, ft_packet_path(pinfo, pkt)));
    } else if (pkt->claimed && !(pkt->flow && pkt->flow->watched_dissector &&
                                 call_dissector_only(pkt->flow->watched_dissector, tvb, pinfo, root, NULL) > 0)) {
        expert_add_info(pinfo, item, &ei_facetime_unknown);
        col_add_fstr(pinfo->cinfo, COL_INFO, "Unknown Form, %u bytes", tvb_reported_length(tvb));
        call_data_dissector(tvb, pinfo, root);
    }
}

/* Where the capture is cut, the line of the tree and the Protocol column say what it is all the same. */
static void
show_to_the_cut(tvbuff_t *tvb, packet_info *pinfo, proto_tree *root, proto_tree *tree, proto_item *item, const ft_wire_t *wire, ft_packet_t *pkt)
{
    TRY {
        show_content(tvb, pinfo, root, tree, item, wire, pkt);
    }
    FINALLY {
        col_set_str(pinfo->cinfo, COL_PROTOCOL, val_to_str_const(pkt->kind, kind_column_vals, KIND_UNKNOWN));
        if (tree)
            show_title(item, pinfo, pkt);
    }
    ENDTRY;
}

/* The FaceTime tree of a datagram, and what its wire format shows. wire NULL: no form that is known. */
static void
show_datagram(tvbuff_t *tvb, packet_info *pinfo, proto_tree *root, const ft_wire_t *wire, ft_packet_t *pkt)
{
    proto_item *item = NULL;
    proto_tree *tree = NULL;

    if (wire == &ft_wire_channel_data)
        pkt->kind = ft_inside_kind(tvb, pinfo, pkt->flow);
    if (root)
        tree = ft_tree_of(tvb, root, &item);
    /* The item is there for whoever asks for protocols; nothing is below it that nobody sees. */
    if (ft_is_shown(tree)) {
        ft_kind_show(tvb, tree, pkt->kind);
        ft_evidence_show(tvb, pinfo, tree, pkt);
    } else {
        tree = NULL;
    }
    show_to_the_cut(tvb, pinfo, root, tree, item, wire, pkt);
    if (ft_flow_limit_reached())
        expert_add_info(pinfo, item, &ei_facetime_flow_limit);
    if (ft_exchange_limit_reached() && (pkt->kind == FT_KIND_STUN || pkt->kind == FT_KIND_NAT_PROBE))
        expert_add_info(pinfo, item, &ei_facetime_exchange_limit);
}

void
ft_datagram_show(tvbuff_t *tvb, packet_info *pinfo, proto_tree *root, const ft_wire_t *wire, ft_packet_t *pkt)
{
    pkt->claimed = true;
    /* Attached before it is shown: a capture that is cut ends the showing, not the call. */
    ft_packet_attach(pinfo, pkt);
    if (!root && ft_shortcuts && wire && wire->unseen && !ft_flow_limit_reached() && !ft_is_shown(NULL) && wire->unseen(tvb, pinfo, pkt)) {
        col_set_str(pinfo->cinfo, COL_PROTOCOL, kind_column_vals[pkt->kind].strptr);
        return;
    }
    col_clear(pinfo->cinfo, COL_INFO);
    show_datagram(tvb, pinfo, root, wire, pkt);
}

/* Shows a datagram beside what a stock dissector showed of it. What comes after this frame's dissectors goes on where the capture is cut. */
static void
show_beside(tvbuff_t *tvb, packet_info *pinfo, proto_tree *root, const ft_wire_t *wire, ft_packet_t *pkt)
{
    col_append_str(pinfo->cinfo, COL_INFO, " ");
    TRY {
        show_datagram(tvb, pinfo, root, wire, pkt);
    }
    CATCH_NONFATAL_ERRORS {
        show_exception(tvb, pinfo, root, EXCEPT_CODE, GET_MESSAGE);
    }
    ENDTRY;
}

void
ft_annotate(tvbuff_t *tvb, packet_info *pinfo, proto_tree *root, ft_packet_t *pkt)
{
    uint32_t evidence = 0;
    const ft_wire_t *wire = ft_demux(tvb, pinfo, pkt->flow, &evidence);

    pkt->kind = wire ? wire->kind : FT_KIND_UNKNOWN;
    pkt->evidence |= evidence;
    pkt->claimed = false;
    show_beside(tvb, pinfo, root, wire, pkt);
}

uint32_t
ft_context_of(tvbuff_t *tvb, const packet_info *pinfo, const ft_wire_t *wire)
{
    uint32_t evidence = 0;
    bool foreign;

    if ((wire->kind == FT_KIND_WEB || wire->kind == FT_KIND_STUN) && ft_web_link_between(pinfo))
        evidence |= wire->kind == FT_KIND_WEB ? FT_EV(FT_EV_WEB) : FT_EV(FT_EV_WEB_PATH);
    if (!ft_flow_any_facetime())
        return evidence;
    /* RTP of a payload type that FaceTime does not have is that of another program, which has taken the port. */
    foreign = wire->kind == FT_KIND_RTP && !ft_rtp_is_own(ft_tvb_get_u8(tvb, 1) & 0x7f);
    if (!foreign && ft_flow_same_socket(pinfo))
        evidence |= FT_EV(FT_EV_SAME_SOCKET);
    if (!foreign && ft_call_by_ends(tvb, pinfo))
        evidence |= FT_EV(FT_EV_CANDIDATE);
    if (wire->kind == FT_KIND_RTP && tvb_captured_length(tvb) >= FT_RTP_HEADER_LEN && ft_stream_find(tvb_get_ntohl(tvb, FT_RTP_SSRC_AT)))
        evidence |= FT_EV(FT_EV_SSRC);
    return evidence;
}

bool
ft_sure_enough(const ft_flow_t *flow, uint32_t evidence)
{
    return (int)ft_confidence(flow->evidence | evidence) >= ft_pref_confidence;
}

bool
ft_is_datagram(tvbuff_t *tvb, const packet_info *pinfo)
{
    return pinfo->ptype == PT_UDP && !pinfo->flags.in_error_pkt && tvb_captured_length(tvb) >= 2;
}

bool
ft_recognise(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree)
{
    uint32_t evidence = 0;
    const ft_wire_t *wire;
    ft_flow_t *flow;
    ft_packet_t *pkt;

    if (!ft_is_datagram(tvb, pinfo))
        return false;
    /* 1. The datagram has one of the forms, and was not seen before: the port table and the heuristic list may both offer it. */
    wire = ft_demux(tvb, pinfo, NULL, &evidence);
    if (!wire || ft_packet_around(pinfo, tvb_get_ptr(tvb, 0, 1)))
        return false;
    /* 2. There is a sign of FaceTime, in itself or in what is around it: avoids all STUN, RTP, SIP and QUIC of others. */
    if ((int)ft_confidence(evidence) < ft_pref_confidence)
        evidence |= ft_context_of(tvb, pinfo, wire);
    if (!evidence)
        return false;
    flow = ft_flow_get(pinfo);
    if (!flow)
        return false;
    /* 3. With the signs of the flow so far it is sure enough: avoids other programs on FaceTime's ports. */
    if (PINFO_FD_VISITED(pinfo) ? !flow->is_facetime : !ft_sure_enough(flow, evidence)) {
        if (!PINFO_FD_VISITED(pinfo) && !flow->watched) {
            pkt = ft_packet_new(pinfo, tvb, flow, wire, evidence);
            pkt->stock = true;
            ft_packet_attach(pinfo, pkt);
            if (wire->note)
                wire->note(tvb, pinfo, pkt);
        }
        return false;
    }
    ft_datagram_show(tvb, pinfo, tree, wire, ft_packet_new(pinfo, tvb, flow, wire, evidence));
    return true;
}

ft_packet_t *
ft_recognise_taken(tvbuff_t *tvb, packet_info *pinfo, proto_tree *root)
{
    uint32_t evidence = 0;
    const ft_wire_t *wire;
    ft_flow_t *flow;
    ft_packet_t *pkt;

    /* The conditions of ft_recognise() and those below; a stock dissector has shown the datagram. */
    if (!ft_heur_entry || !ft_heur_entry->enabled || !ft_is_datagram(tvb, pinfo))
        return NULL;
    wire = ft_demux(tvb, pinfo, NULL, &evidence);
    /* 1. Relay data of another channel number than that of all real calls (0x6000), with a host that is not Apple's, is a weak sign: a second one
     *    must follow. Avoids QUIC's short headers, of which a capture may have millions. */
    if (wire == &ft_wire_relay && tvb_get_ntohs(tvb, 0) != FT_RELAY_CHANNEL_SEEN && !ft_is_with_apple(pinfo))
        evidence = FT_EV(FT_EV_RELAY_FORM);
    /* 2. A QUIC connection may turn out to be with the relay, by what follows. */
    if (!wire && ft_quic_opens(tvb))
        wire = &ft_wire_quic;
    if (!wire)
        return NULL;
    if ((int)ft_confidence(evidence) < ft_pref_confidence)
        evidence |= ft_context_of(tvb, pinfo, wire);
    flow = evidence ? ft_flow_get(pinfo) : wire == &ft_wire_quic ? ft_flow_get_unsure(pinfo) : NULL;
    if (!flow)
        return NULL;
    pkt = ft_packet_new(pinfo, tvb, flow, wire, evidence);
    pkt->stock = true;
    ft_packet_attach(pinfo, pkt);
    if (ft_sure_enough(flow, evidence)) {
        show_beside(tvb, pinfo, root, wire, pkt);
    } else if (wire->note)
        wire->note(tvb, pinfo, pkt);
    return pkt;
}

void
ft_datagram_register(void)
{
    static hf_register_info hf[] = {
        { &hf_facetime_kind, { "Kind", "facetime.kind", FT_UINT8, BASE_DEC,
            VALS(ft_kind_vals), 0x0, "What carries the datagram, by its first bytes", HFILL } },
        { &hf_facetime_confidence, { "Confidence", "facetime.confidence", FT_UINT8, BASE_DEC,
            VALS(ft_confidence_vals), 0x0, "How sure it is that this flow is FaceTime", HFILL } },
        { &hf_facetime_evidence, { "Evidence", "facetime.evidence", FT_STRING, BASE_NONE,
            NULL, 0x0, "Why this flow is taken for FaceTime", HFILL } },
        { &hf_facetime_path, { "Path", "facetime.path", FT_UINT8, BASE_DEC,
            VALS(ft_path_vals), 0x0, "How media travels: over Apple's relay or directly between the devices", HFILL } },
    };
    static int *ett[] = { &ett_facetime, &ett_facetime_evidence };
    static ei_register_info ei[] = {
        { &ei_facetime_unknown, { "facetime.unknown", PI_UNDECODED, PI_NOTE,
            "Datagram of a FaceTime flow in no known form", EXPFILL } },
        { &ei_facetime_guess, { "facetime.guess", PI_ASSUMPTION, PI_CHAT,
            "Taken for FaceTime by its surroundings", EXPFILL } },
        { &ei_facetime_flow_limit, { "facetime.flow_limit", PI_ASSUMPTION, PI_WARN,
            "More FaceTime-like flows than are kept: the later ones are not followed", EXPFILL } },
        { &ei_facetime_exchange_limit, { "facetime.exchange_limit", PI_ASSUMPTION, PI_WARN,
            "More requests and answers than are kept: the later ones are not linked", EXPFILL } },
    };

    proto_register_field_array(proto_facetime, hf, array_length(hf));
    proto_register_subtree_array(ett, array_length(ett));
    expert_register_field_array(ft_expert, ei, array_length(ei));
}
