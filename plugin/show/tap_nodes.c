/* tap_nodes.c
 * The hosts of each call: -z facetime,nodes[,filter] and Statistics > FaceTime Nodes. Address, name, network and role, with what was
 * sent and received. A call that is scattered over more addresses than a call has paths has one row for all of them.
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
#define FT_MAX_NODES 100000

/* Parts of a call that have keys: a host; all hosts of a scattered call; a host among these. */
enum { NODE_HOST, NODE_ALL, NODE_AMONG };

typedef struct node_row {
    const ft_call_t *call;
    const ft_endpoint_t *at;
    ft_first_seen_list_t roles;            /* as ft_far_end_note() */
    ft_first_seen_list_t ports;            /* numbers */
    uint32_t phases;                /* mask of 1 << ft_phase_t */
    nstime_t first_time;            /* absolute */
    uint32_t first_frame;           /* the lowest number */
    bool device;                    /* a device of the call, in some of the packets */
    uint32_t packets, sent;         /* sent: by the host */
    uint64_t bytes;
    uint32_t hosts;                 /* that the row is about: 1, but for a scattered call */
} node_row_t;

static void
cell_call(const void *row, ft_cell_t *cell)
{
    cell->number = ((const node_row_t *)row)->call->number;
}

static void
cell_address(const void *row, ft_cell_t *cell)
{
    const node_row_t *node = (const node_row_t *)row;
    char *addr = address_to_str(NULL, &node->at->addr);

    cell->text = node->hosts > 1 ? g_strdup_printf("%s and %u more", addr, node->hosts - 1) : g_strdup(addr);
    wmem_free(NULL, addr);
}

static void
cell_ports(const void *row, ft_cell_t *cell)
{
    const node_row_t *node = (const node_row_t *)row;
    GString *text = g_string_new(NULL);

    for (unsigned i = 0; i < node->ports.count; i++)
        g_string_append_printf(text, "%s%u", i ? ", " : "", node->ports.list[i].number);
    if (node->ports.more)
        g_string_append(text, ", ...");
    cell->text = g_string_free(text, FALSE);
}

static void
cell_name(const void *row, ft_cell_t *cell)
{
    const node_row_t *node = (const node_row_t *)row;

    for (unsigned i = 0; i < node->roles.count; i++) {
        ft_far_end_t far_end = ft_far_end_noted_end(&node->roles.list[i]);

        if (far_end.name) {
            cell->text = ft_printable(far_end.name);
            return;
        }
    }
    cell->text = g_strdup("-");
}

static void
cell_network(const void *row, ft_cell_t *cell)
{
    const node_row_t *node = (const node_row_t *)row;

    cell->text = g_strdup(node->hosts > 1 ? "-" : ft_network_name(&node->at->addr));
}

static void
cell_role(const void *row, ft_cell_t *cell)
{
    const node_row_t *node = (const node_row_t *)row;
    GString *text = g_string_new(NULL);

    for (unsigned i = 0; i < node->roles.count; i++) {
        const char *role = ft_far_end_noted_end(&node->roles.list[i]).role;
        bool again = false;

        for (unsigned j = 0; j < i && !again; j++)
            again = strcmp(role, ft_far_end_noted_end(&node->roles.list[j]).role) == 0;
        if (!again)
            g_string_append_printf(text, "%s%s", i ? ", " : "", role);
    }
    if (node->sent == 0)
        g_string_append(text, " (silent)");
    cell->text = g_string_free(text, FALSE);
}

/* Of the address, as its device announces it. */
static void
cell_radio(const void *row, ft_cell_t *cell)
{
    const node_row_t *node = (const node_row_t *)row;
    const char *radio = node->hosts > 1 ? NULL : ft_radio_name(node->call, &node->at->addr);

    cell->text = g_strdup(radio ? radio : "-");
}

static void
cell_phases(const void *row, ft_cell_t *cell)
{
    const node_row_t *node = (const node_row_t *)row;
    GString *text = g_string_new(NULL);

    for (unsigned i = 0; i < FT_PHASE_COUNT; i++) {
        if (node->phases & (1u << i))
            g_string_append_printf(text, "%s%s", text->len ? ", " : "", val_to_str_const(i, ft_phase_vals, "unknown"));
    }
    cell->text = g_string_free(text, FALSE);
}

static void
cell_packets(const void *row, ft_cell_t *cell)
{
    cell->number = ((const node_row_t *)row)->packets;
}

static void
cell_sent(const void *row, ft_cell_t *cell)
{
    cell->number = ((const node_row_t *)row)->sent;
}

static void
cell_bytes(const void *row, ft_cell_t *cell)
{
    cell->number = ((const node_row_t *)row)->bytes;
}

static void
cell_frame(const void *row, ft_cell_t *cell)
{
    cell->number = ((const node_row_t *)row)->first_frame;
}

static void
cell_filter(const void *row, ft_cell_t *cell)
{
    const node_row_t *node = (const node_row_t *)row;
    char *addr;

    if (node->hosts > 1) {
        cell->text = g_strdup_printf("facetime.call == %u", node->call->number);
        return;
    }
    addr = address_to_str(NULL, &node->at->addr);
    cell->text = g_strdup_printf("facetime.call == %u && %s == %s", node->call->number,
                                 node->at->addr.type == AT_IPv6 ? "ipv6.addr" : "ip.addr", addr);
    wmem_free(NULL, addr);
}

static const ft_column_t nodes_columns[] = {
    { "Call", FT_CELL_NUMBER, cell_call, false },
    { "Address", FT_CELL_TEXT, cell_address, true },
    { "Role", FT_CELL_TEXT, cell_role, true },
    { "Ports", FT_CELL_TEXT, cell_ports, true },
    { "Name", FT_CELL_TEXT, cell_name, true },
    { "Network", FT_CELL_TEXT, cell_network, true },
    { "Phases", FT_CELL_TEXT, cell_phases, true },
    { "Packets", FT_CELL_NUMBER, cell_packets, true },
    { "Packets sent by it", FT_CELL_NUMBER, cell_sent, true },
    { "Bytes", FT_CELL_BIG, cell_bytes, true },
    { "First frame", FT_CELL_NUMBER, cell_frame, false },
    { "Radio (announced)", FT_CELL_TEXT, cell_radio, true },
    { "Filter", FT_CELL_TEXT, cell_filter, false },
};

/* ---- Rows ----------------------------------------------------------------------------------- */

static void
add_first(node_row_t *node, const nstime_t *time, uint32_t frame)
{
    if (node->first_frame == 0 || nstime_cmp(time, &node->first_time) < 0)
        node->first_time = *time;
    if (node->first_frame == 0 || frame < node->first_frame)
        node->first_frame = frame;
}

/* The row of a host; NULL where there are too many. */
static node_row_t *
row_of_host(ft_table_rows_t *rows, const ft_call_t *call, const address *addr)
{
    void *keys = ft_table_context(rows);
    node_row_t *node;

    if (!ft_call_is_scattered(call) || ft_row_key_known(keys, call, NODE_HOST, addr)) {
        node = (node_row_t *)ft_table_row(rows, ft_row_key(keys, call, NODE_HOST, addr), sizeof *node);
        if (node && node->hosts == 0)
            node->hosts = 1;
        return node;
    }
    node = (node_row_t *)ft_table_row(rows, ft_row_key(keys, call, NODE_ALL, NULL), sizeof *node);
    if (node && node->hosts < FT_MAX_NODES && !ft_row_key_known(keys, call, NODE_AMONG, addr)) {
        ft_row_key(keys, call, NODE_AMONG, addr);
        node->hosts++;
    }
    return node;
}

static void
count_far_end(ft_table_rows_t *rows, const ft_tap_info_t *info, const ft_far_end_t *far_end, bool remote)
{
    ft_first_seen_t role = ft_far_end_note(&info->what, remote), port = { .when = info->what.first_time };
    node_row_t *node;

    if (!far_end->at || far_end->at->addr.type == AT_NONE)
        return;
    node = row_of_host(rows, info->call, &far_end->at->addr);
    if (!node)
        return;
    node->call = info->call;
    if (!node->at)
        node->at = far_end->at;
    node->device |= !remote;
    ft_first_seen_add(&node->roles, &role, ft_far_end_same);
    port.number = far_end->at->port;
    ft_first_seen_add(&node->ports, &port, ft_first_seen_same_number);
    node->phases |= 1u << info->phase;
    add_first(node, &info->what.first_time, info->what.frame);
    node->packets += info->what.packets;
    if (info->what.from_device != remote && !info->what.from_third)
        node->sent += info->what.packets;
    node->bytes += info->what.bytes;
}

static void
nodes_packet(ft_table_rows_t *rows, const void *data)
{
    ft_tap_info_t part;
    const ft_tap_info_t *info = ft_seen_take(ft_table_seen(rows), (const ft_tap_info_t *)data, &part);
    ft_far_end_t device, remote;

    if (!info)
        return;
    device = ft_far_end_device(&info->what);
    remote = ft_far_end_of(&info->what);
    count_far_end(rows, info, &device, false);
    count_far_end(rows, info, &remote, true);
}

/* The row that stands for this one now: calls are merged, and turn out to be scattered. */
static const void *
nodes_key(const void *key)
{
    const ft_row_key_t *now = (const ft_row_key_t *)ft_row_key_root(key);

    return ft_call_is_scattered(now->call) ? ft_row_key(now->all, now->call, NODE_ALL, NULL) : now;
}

static void
nodes_join(void *into, const void *row)
{
    node_row_t *keep = (node_row_t *)into;
    const node_row_t *gone = (const node_row_t *)row;

    if (keep->hosts > 1 || gone->hosts > 1 || !addresses_equal(&keep->at->addr, &gone->at->addr))
        keep->hosts += gone->hosts;
    if (ft_row_order(gone->call, &gone->first_time, gone->first_frame, gone->call, &keep->first_time, keep->first_frame) < 0)
        keep->at = gone->at;
    ft_first_seen_join(&keep->roles, &gone->roles, ft_far_end_same);
    ft_first_seen_join(&keep->ports, &gone->ports, ft_first_seen_same_number);
    keep->device |= gone->device;
    keep->phases |= gone->phases;
    add_first(keep, &gone->first_time, gone->first_frame);
    keep->packets += gone->packets;
    keep->sent += gone->sent;
    keep->bytes += gone->bytes;
}

static void
nodes_rebind(void *row, const void *key)
{
    ((node_row_t *)row)->call = ((const ft_row_key_t *)key)->call;
}

static int
nodes_order(const void *row, const void *other)
{
    const node_row_t *x = (const node_row_t *)row, *y = (const node_row_t *)other;

    int order = ft_row_order(x->call, &x->first_time, x->first_frame, y->call, &y->first_time, y->first_frame);

    if (order)
        return order;
    /* The device above the server that it asked. */
    if (x->device != y->device)
        return x->device ? -1 : 1;
    return cmp_address(&x->at->addr, &y->at->addr);
}

static ft_table_t nodes_table = {
    .title = "FaceTime Nodes",
    .tap = "facetime",
    .cli = "facetime,nodes",
    .columns = nodes_columns,
    .n_columns = array_length(nodes_columns),
    .packet = nodes_packet,
    .before_draw = ft_call_renumber,
    .key = nodes_key,
    .join = nodes_join,
    .rebind = nodes_rebind,
    .order = nodes_order,
    .context_new = ft_row_keys_new,
    .context_free = ft_row_keys_free,
    .max_rows = FT_MAX_NODES,
};

void
ft_tap_nodes_register(void)
{
    ft_table_register(&nodes_table);
}
