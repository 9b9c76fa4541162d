/* tap_tree.c
 * Counters: -z facetime,tree[,filter] and Statistics > FaceTime Counters. Each counter is a node of a stats_tree, which the
 * window can also show as a rate; all names are constant, but for the number of a call.
 *
 * A packet is counted when it goes by. On one pass, as in tshark, what came before its flow was known is counted when that is known, and
 * a call may still have another number; with -2 and in the window each packet counts in its place.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "show/views.h"
#include "show/seen.h"

#include <epan/stats_tree.h>
#include <epan/tap.h>
#include <epan/stats_tree_priv.h>

/* Calls that get a node of their own; the later ones share one. */
#define FT_TREE_CALLS 64

/* Payload types are seven bits. */
#define FT_PAYLOAD_TYPES 128

static const char st_packets[] = "FaceTime packets by kind";
static const char st_phases[] = "FaceTime packets by phase of the call";
static const char st_calls[] = "FaceTime packets by call";
static const char st_directions[] = "FaceTime packets by direction";
static const char st_paths[] = "RTP packets by path";
static const char st_types[] = "RTP packets by payload type";
static const char st_rtp_directions[] = "RTP packets by direction";
static const char st_lengths[] = "RTP packet length (bytes)";

static int id_packets, id_phases, id_calls, id_directions, id_paths, id_types, id_rtp_directions, id_lengths;
static const char *type_names[FT_PAYLOAD_TYPES];
static const char *call_names[FT_TREE_CALLS + 2];  /* by number; the last one stands for all later ones */

static void
tree_init(stats_tree *tree)
{
    id_packets = stats_tree_create_node(tree, st_packets, 0, STAT_DT_INT, TRUE);
    id_phases = stats_tree_create_node(tree, st_phases, 0, STAT_DT_INT, TRUE);
    id_calls = stats_tree_create_node(tree, st_calls, 0, STAT_DT_INT, TRUE);
    id_directions = stats_tree_create_node(tree, st_directions, 0, STAT_DT_INT, TRUE);
    id_paths = stats_tree_create_node(tree, st_paths, 0, STAT_DT_INT, TRUE);
    id_rtp_directions = stats_tree_create_node(tree, st_rtp_directions, 0, STAT_DT_INT, TRUE);
    id_types = stats_tree_create_node(tree, st_types, 0, STAT_DT_INT, TRUE);
    id_lengths = stats_tree_create_node(tree, st_lengths, 0, STAT_DT_INT, TRUE);
}

static void
count(stats_tree *tree, const char *name, int id, const char *child, uint32_t packets)
{
    increase_stat_node(tree, name, 0, TRUE, (int)packets);
    increase_stat_node(tree, child, id, FALSE, (int)packets);
}

/* Seen from the device. */
static const char *
direction_name(const ft_flow_t *flow, bool from_device)
{
    if (flow->device_side < 0)
        return "side of the device unknown";
    return from_device ? "sent" : "received";
}

static const char *
arrival_direction(const ft_arrival_t *arrival)
{
    return direction_name(arrival->flow, ft_flow_from_device(arrival->flow, arrival->from_a));
}

static void
count_rtp(stats_tree *tree, const ft_arrival_t *arrival, const ft_rtp_t *rtp)
{
    count(tree, st_types, id_types, type_names[rtp->payload_type % FT_PAYLOAD_TYPES], 1);
    count(tree, st_paths, id_paths, val_to_str_const(arrival->path, ft_path_vals, "unknown"), 1);
    count(tree, st_rtp_directions, id_rtp_directions, arrival_direction(arrival), 1);
    avg_stat_node_add_value_int(tree, st_lengths, 0, TRUE, (int)MIN(rtp->length, (uint32_t)INT32_MAX));
    avg_stat_node_add_value_int(tree, arrival_direction(arrival), id_lengths, FALSE, (int)MIN(rtp->length, (uint32_t)INT32_MAX));
}

/* What the filter of a tree saw: stats_tree has no place of its own for that. */
typedef struct tree_filter {
    stats_tree *tree;
    ft_seen_t *seen;
    bool listens;               /* the second listener is there */
} tree_filter_t;

static GHashTable *filters;     /* stats_tree * -> tree_filter_t */

/* Counts what a packet says, or brings. seen: NULL for a tree without a filter. */
static void
tree_take(stats_tree *tree, const ft_seen_t *seen, const ft_tap_info_t *info)
{
    const ft_call_packets_t *what = &info->what;

    for (unsigned i = 0; i < info->n_media_backlog; i++) {
        if (ft_seen_frame(seen, info->media_backlog[i].arrival.frame))
            count_rtp(tree, &info->media_backlog[i].arrival, &info->media_backlog[i].rtp);
    }
    if (what->packets == 0)
        return;
    count(tree, st_phases, id_phases, val_to_str_const(info->phase, ft_phase_vals, "unknown"), what->packets);
    count(tree, st_calls, id_calls, call_names[MIN(info->call->number, FT_TREE_CALLS + 1)], what->packets);
    if (!what->flow)
        return;
    count(tree, st_packets, id_packets, val_to_str_const(info->packet ? info->packet->kind : what->kind, ft_kind_vals, "unknown"), what->packets);
    if (what->kind == FT_KIND_COUNT)
        return;
    count(tree, st_directions, id_directions, direction_name(what->flow, what->from_device), what->packets);
    for (unsigned i = 0; info->packet && i < info->packet->n_rtp; i++)
        count_rtp(tree, &info->arrival, &info->packet->rtp[i]);
}

/* Of the second listener of a tree with a filter, which has none: show/seen.h. */
static tap_packet_status
tree_later(void *tapdata, packet_info *pinfo _U_, epan_dissect_t *edt _U_, const void *data, tap_flags_t flags _U_)
{
    const tree_filter_t *filter = (const tree_filter_t *)tapdata;
    ft_tap_info_t alone, part;
    const ft_tap_info_t *info = ft_seen_later((const ft_tap_info_t *)data, &alone);

    if (info)
        info = ft_seen_take(filter->seen, info, &part);
    if (!info)
        return TAP_PACKET_DONT_REDRAW;
    tree_take(filter->tree, filter->seen, info);
    return TAP_PACKET_REDRAW;
}

/* When Wireshark ends it takes its listeners away one by one, since 4.6 each with its tree: the second one is gone before its tree. */
static void
later_finish(void *tapdata)
{
    ((tree_filter_t *)tapdata)->listens = false;
}

static void
filter_free(void *data)
{
    tree_filter_t *filter = (tree_filter_t *)data;

    if (filter->listens)
        remove_tap_listener(filter);
    ft_seen_free(filter->seen);
    g_free(filter);
}

/* Made with the first packet that the filter lets through: without one, nothing that is brought later counts either. */
static const tree_filter_t *
filter_of(stats_tree *tree)
{
    tree_filter_t *filter;
    GString *message;

    if (!filters)
        filters = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, filter_free);
    filter = (tree_filter_t *)g_hash_table_lookup(filters, tree);
    if (filter)
        return filter;
    filter = g_new0(tree_filter_t, 1);
    filter->tree = tree;
    filter->seen = ft_seen_new();
    g_hash_table_insert(filters, tree, filter);
    message = register_tap_listener("facetime", filter, NULL, TL_REQUIRES_NOTHING, NULL, tree_later, NULL, later_finish);
    filter->listens = !message;
    if (message)
        g_string_free(message, TRUE);
    return filter;
}

static void
tree_cleanup(stats_tree *tree)
{
    if (filters)
        g_hash_table_remove(filters, tree);
}

static tap_packet_status
tree_packet(stats_tree *tree, packet_info *pinfo _U_, epan_dissect_t *edt _U_, const void *data, tap_flags_t flags _U_)
{
    const tree_filter_t *filter = tree->filter ? filter_of(tree) : NULL;
    ft_tap_info_t part, alone;
    const ft_tap_info_t *info = (const ft_tap_info_t *)data;

    if (filter && ft_seen_later(info, &part)) {
        if (info->earlier)
            return TAP_PACKET_DONT_REDRAW;
        alone = *info;
        alone.n_media_backlog = 0;
        info = &alone;
    }
    info = ft_seen_take(filter ? filter->seen : NULL, info, &part);
    if (!info)
        return TAP_PACKET_DONT_REDRAW;
    tree_take(tree, filter ? filter->seen : NULL, info);
    return TAP_PACKET_REDRAW;
}

void
ft_tap_tree_register(void)
{
    for (unsigned i = 0; i < FT_PAYLOAD_TYPES; i++)
        type_names[i] = wmem_strdup_printf(wmem_epan_scope(), "%u: %s", i, ft_rtp_name((uint8_t)i));
    for (unsigned i = 0; i <= FT_TREE_CALLS; i++)
        call_names[i] = wmem_strdup_printf(wmem_epan_scope(), "call %u", i);
    call_names[FT_TREE_CALLS + 1] = "later calls";
    stats_tree_register_plugin("facetime", "facetime", "FaceTime Counters", 0, tree_packet, tree_init, tree_cleanup);
}
