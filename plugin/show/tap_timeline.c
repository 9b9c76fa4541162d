/* tap_timeline.c
 * The time line of each call: -z facetime,timeline[,filter] and Statistics > FaceTime Timeline. One row per step, as an analyst writes
 * it: when, between whom, with what, how much, and what it is.
 *
 * A step is a phase of the call; a NAT probe is a step for each host, and media one for each path.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "show/views.h"
#include "show/seen.h"
#include "show/far_end.h"
#include "show/row_key.h"
#include "show/table.h"

#include <epan/to_str.h>

/* A flood gets no more rows. */
#define FT_MAX_STEPS 100000

typedef struct step_row {
    const ft_call_t *call;
    ft_phase_t phase;
    ft_path_t path;                                 /* of media */
    nstime_t first_time, last_time;                 /* absolute */
    uint32_t first_frame;                           /* the lowest number */
    uint32_t packets;
    uint64_t bytes;
    uint32_t in_quic;                               /* packets of media inside QUIC among them: a guess */
    bool asked, answered;                           /* datagrams from the device, and to it */
    ft_first_seen_list_t hosts;                            /* as ft_far_end_note() */
    ft_first_seen_list_t protocols;                        /* text */
} step_row_t;

static void
cell_call(const void *row, ft_cell_t *cell)
{
    cell->number = ((const step_row_t *)row)->call->number;
}

static void
cell_start(const void *row, ft_cell_t *cell)
{
    const step_row_t *step = (const step_row_t *)row;

    cell->real = MAX(ft_seconds(&step->first_time, &step->call->first_time), 0);
}

static void
cell_duration(const void *row, ft_cell_t *cell)
{
    const step_row_t *step = (const step_row_t *)row;

    cell->real = MAX(ft_seconds(&step->last_time, &step->first_time), 0);
}

static void
cell_step(const void *row, ft_cell_t *cell)
{
    cell->text = g_strdup(val_to_str_const(((const step_row_t *)row)->phase, ft_phase_vals, "unknown"));
}

static void
cell_hosts(const void *row, ft_cell_t *cell)
{
    const step_row_t *step = (const step_row_t *)row;
    GString *text = g_string_new(NULL);

    for (unsigned i = 0; i < step->hosts.count; i++) {
        ft_far_end_t host = ft_far_end_noted(&step->hosts.list[i]);
        char *addr = address_to_str(NULL, &host.at->addr);

        g_string_append_printf(text, "%s%s", i ? ", " : "", addr);
        wmem_free(NULL, addr);
        if (host.name) {
            char *name = ft_printable(host.name);

            g_string_append_printf(text, " %s", name);
            g_free(name);
        }
        g_string_append_printf(text, " (%s)", host.role);
    }
    if (step->hosts.more)
        g_string_append(text, ", ...");
    else if (step->hosts.count == 0)
        g_string_append(text, "-");
    cell->text = g_string_free(text, FALSE);
}

static void
cell_protocol(const void *row, ft_cell_t *cell)
{
    const step_row_t *step = (const step_row_t *)row;
    GString *text = g_string_new(NULL);

    for (unsigned i = 0; i < step->protocols.count; i++)
        g_string_append_printf(text, "%s%s", i ? ", " : "", (const char *)step->protocols.list[i].of);
    cell->text = g_string_free(text, FALSE);
}

static void
cell_packets(const void *row, ft_cell_t *cell)
{
    cell->number = ((const step_row_t *)row)->packets;
}

static void
cell_bytes(const void *row, ft_cell_t *cell)
{
    cell->number = ((const step_row_t *)row)->bytes;
}

static void
cell_what(const void *row, ft_cell_t *cell)
{
    static const value_string what[] = {
        { FT_PHASE_PUSH, "push connection, TLS: carries the invitation, encrypted" },
        { FT_PHASE_LOOKUP, "look-up of FaceTime's servers, names in the clear" },
        { FT_PHASE_PROBE, "NAT probe: how the device is seen from outside" },
        { FT_PHASE_CERTIFICATE, "configuration and certificates of the service" },
        { FT_PHASE_REGISTRATION, "registration, encrypted" },
        { FT_PHASE_RELAY, "session with the relay: set up, statistics, no media" },
        { FT_PHASE_CONNECTIVITY, "STUN and link messages: which paths work" },
        { FT_PHASE_SIGNALLING, "SIP in the clear: who calls whom, where to send media" },
        { FT_PHASE_MEDIA, "media" },
        { FT_PHASE_TEARDOWN, "end of the call" },
        { 0, NULL }
    };
    const step_row_t *step = (const step_row_t *)row;
    const char *text = val_to_str_const(step->phase, what, "unknown");

    if (step->phase == FT_PHASE_MEDIA && step->in_quic == step->packets) {
        cell->text = g_strdup_printf("media %s [guess], %s, encrypted", ft_call_is_browsers(step->call) ? "by WebRTC" : "inside QUIC",
                                     step->path == FT_PATH_RELAY ? "over the relay" : "directly");
        return;
    }
    if (step->phase == FT_PHASE_MEDIA) {
        cell->text = g_strdup_printf("%s, %s, encrypted%s", step->call->media == FT_MEDIA_AUDIO ? "audio" :
                                     step->call->media == FT_MEDIA_VIDEO ? "video" : "audio and video",
                                     step->path == FT_PATH_RELAY ? "over the relay" : "directly",
                                     step->in_quic ? "; some of it inside QUIC [guess]" : "");
        return;
    }
    /* Not where media goes to the relay: then only one direction was captured. */
    if (step->asked && !step->answered && (step->phase == FT_PHASE_PROBE || (step->phase == FT_PHASE_RELAY && !(step->call->paths & FT_PATH_RELAY)))) {
        cell->text = g_strdup_printf("%s: no answer%s", step->phase == FT_PHASE_PROBE ? "NAT probe" : "session with the relay",
                                     step->phase == FT_PHASE_RELAY && step->call->refused.frame ? ", ICMP refuses it" : "");
        return;
    }
    /* There are no link messages where there is no relay. */
    if (step->phase == FT_PHASE_CONNECTIVITY && step->call->relay.addr.type == AT_NONE)
        text = "STUN: which paths work";
    if (step->phase == FT_PHASE_TEARDOWN) {
        cell->text = g_strdup_printf("end of the call: %s", val_to_str_const(ft_call_end(step->call), ft_end_vals, "unknown"));
        return;
    }
    cell->text = g_strdup(text);
}

static void
cell_frame(const void *row, ft_cell_t *cell)
{
    cell->number = ((const step_row_t *)row)->first_frame;
}

/* Call and phase; where the phase has more than one step, also its hosts. */
static void
cell_filter(const void *row, ft_cell_t *cell)
{
    const step_row_t *step = (const step_row_t *)row;
    bool one_of_several = step->phase == FT_PHASE_PROBE ||
                          (step->phase == FT_PHASE_MEDIA && step->call->paths == (FT_PATH_DIRECT | FT_PATH_RELAY));
    GString *text = g_string_new(NULL);

    g_string_printf(text, "facetime.call == %u && facetime.call.phase == %u", step->call->number, step->phase);
    for (unsigned i = 0; one_of_several && !step->hosts.more && i < step->hosts.count; i++) {
        const address *addr = &ft_far_end_noted(&step->hosts.list[i]).at->addr;
        char *shown = address_to_str(NULL, addr);

        g_string_append_printf(text, "%s%s == %s", i ? " || " : " && (", addr->type == AT_IPv6 ? "ipv6.addr" : "ip.addr", shown);
        if (i + 1 == step->hosts.count)
            g_string_append_c(text, ')');
        wmem_free(NULL, shown);
    }
    cell->text = g_string_free(text, FALSE);
}

static const ft_column_t timeline_columns[] = {
    { "Call", FT_CELL_NUMBER, cell_call, false },
    { "Start (s)", FT_CELL_REAL, cell_start, true },
    { "Duration (s)", FT_CELL_REAL, cell_duration, true },
    { "Step", FT_CELL_TEXT, cell_step, false },
    { "Hosts", FT_CELL_TEXT, cell_hosts, true },
    { "Protocol", FT_CELL_TEXT, cell_protocol, true },
    { "Packets", FT_CELL_NUMBER, cell_packets, true },
    { "Bytes", FT_CELL_BIG, cell_bytes, true },
    { "What it is", FT_CELL_TEXT, cell_what, true },
    { "First frame", FT_CELL_NUMBER, cell_frame, false },
    { "Filter", FT_CELL_TEXT, cell_filter, true },
};

/* ---- Rows ----------------------------------------------------------------------------------- */

static bool
same_host(const ft_first_seen_t *a, const ft_first_seen_t *b)
{
    ft_far_end_t x = ft_far_end_noted(a), y = ft_far_end_noted(b);

    return addresses_equal(&x.at->addr, &y.at->addr);
}

static void
add_times(step_row_t *step, const nstime_t *first, const nstime_t *last, uint32_t frame)
{
    if (step->first_frame == 0 || nstime_cmp(first, &step->first_time) < 0)
        step->first_time = *first;
    if (step->first_frame == 0 || frame < step->first_frame)
        step->first_frame = frame;
    if (nstime_is_zero(&step->last_time) || nstime_cmp(last, &step->last_time) > 0)
        step->last_time = *last;
}

static void
timeline_packet(ft_table_rows_t *rows, const void *data)
{
    ft_tap_info_t part;
    const ft_tap_info_t *info = ft_seen_take(ft_table_seen(rows), (const ft_tap_info_t *)data, &part);
    const ft_flow_t *flow;
    ft_far_end_t remote;
    ft_first_seen_t first;
    ft_path_t path;
    step_row_t *step;
    bool relayed, in_quic;

    if (!info)
        return;
    remote = ft_far_end_of(&info->what);
    flow = info->what.flow;
    in_quic = info->phase == FT_PHASE_MEDIA && (info->what.kind == FT_KIND_QUIC || info->what.kind == FT_KIND_WEB);
    /* Between devices there are connections of their own. */
    if (in_quic && flow)
        relayed = ft_is_apple(&ft_flow_remote(flow)->addr);
    else
        relayed = info->what.kind == FT_KIND_RELAY || (flow && (flow->inside_turn || (flow->kinds & (1u << FT_KIND_RELAY))));
    path = info->phase != FT_PHASE_MEDIA ? FT_PATH_NONE : relayed ? FT_PATH_RELAY : FT_PATH_DIRECT;
    step = (step_row_t *)ft_table_row(rows, ft_row_key(ft_table_context(rows), info->call, info->phase | (unsigned)path << 8,
                                                       info->phase == FT_PHASE_PROBE && remote.at ? &remote.at->addr : NULL), sizeof *step);
    if (!step)
        return;
    step->call = info->call;
    step->phase = info->phase;
    step->path = path;
    add_times(step, &info->what.first_time, &info->what.last_time, info->what.frame);
    step->packets += info->what.packets;
    step->in_quic += in_quic ? info->what.packets : 0;
    if (info->what.kind != FT_KIND_COUNT)
        *(info->what.from_device ? &step->asked : &step->answered) = true;
    step->bytes += info->what.bytes;
    if (remote.at) {
        first = ft_far_end_note(&info->what, true);
        ft_first_seen_add(&step->hosts, &first, same_host);
    }
    first = (ft_first_seen_t){ .when = info->what.first_time, .of = ft_far_end_protocol(&info->what) };
    ft_first_seen_add(&step->protocols, &first, ft_first_seen_same_text);
}

static void
timeline_join(void *into, const void *row)
{
    step_row_t *keep = (step_row_t *)into;
    const step_row_t *gone = (const step_row_t *)row;

    add_times(keep, &gone->first_time, &gone->last_time, gone->first_frame);
    keep->packets += gone->packets;
    keep->in_quic += gone->in_quic;
    keep->asked |= gone->asked;
    keep->answered |= gone->answered;
    keep->bytes += gone->bytes;
    ft_first_seen_join(&keep->hosts, &gone->hosts, same_host);
    ft_first_seen_join(&keep->protocols, &gone->protocols, ft_first_seen_same_text);
}

static void
timeline_rebind(void *row, const void *key)
{
    ((step_row_t *)row)->call = ((const ft_row_key_t *)key)->call;
}

static int
timeline_order(const void *row, const void *other)
{
    const step_row_t *x = (const step_row_t *)row, *y = (const step_row_t *)other;

    return ft_row_order(x->call, &x->first_time, x->first_frame, y->call, &y->first_time, y->first_frame);
}

static ft_table_t timeline_table = {
    .title = "FaceTime Timeline",
    .tap = "facetime",
    .cli = "facetime,timeline",
    .columns = timeline_columns,
    .n_columns = array_length(timeline_columns),
    .packet = timeline_packet,
    .before_draw = ft_call_renumber,
    .key = ft_row_key_root,
    .join = timeline_join,
    .rebind = timeline_rebind,
    .order = timeline_order,
    .context_new = ft_row_keys_new,
    .context_free = ft_row_keys_free,
    .max_rows = FT_MAX_STEPS,
};

void
ft_tap_timeline_register(void)
{
    ft_table_register(&timeline_table);
}
