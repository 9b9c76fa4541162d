/* tap_calls.c
 * The calls table: -z facetime,calls[,filter] and Statistics > FaceTime Calls. One table of columns serves both.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "show/views.h"
#include "show/seen.h"
#include "show/why_relay.h"
#include "show/table.h"

/* A row: a call, and what of it the listener's filter let through. */
typedef struct call_row {
    const ft_call_t *call;
    uint32_t packets;
    uint64_t bytes;
} call_row_t;

static const char *
endpoint_text(const ft_endpoint_t *at)
{
    return at->addr.type == AT_NONE ? g_strdup("-") : ft_endpoint_text(NULL, at);
}

static const char *
media_text(const ft_call_t *call)
{
    switch (call->media) {
    case FT_MEDIA_AUDIO: return "audio";
    case FT_MEDIA_VIDEO: return "video";
    case FT_MEDIA_AUDIO | FT_MEDIA_VIDEO: return "audio+video";
    default: return !call->media_in_quic ? "-" : ft_call_is_browsers(call) ? "by WebRTC [guess]" : "in QUIC [guess]";
    }
}

static void
cell_number(const void *row, ft_cell_t *cell)
{
    cell->number = ((const call_row_t *)row)->call->number;
}

static void
cell_start(const void *row, ft_cell_t *cell)
{
    const ft_call_t *call = ((const call_row_t *)row)->call;
    nstime_t start = ft_frame_time_stamp(call->first_frame, &call->first_time);

    cell->text = ft_time_text(&start);
}

static void
cell_duration(const void *row, ft_cell_t *cell)
{
    const ft_call_t *call = ((const call_row_t *)row)->call;

    cell->real = ft_seconds(&call->last_time, &call->first_time);
}

static void
cell_media_time(const void *row, ft_cell_t *cell)
{
    const ft_call_t *call = ((const call_row_t *)row)->call;
    ft_moment_t first = ft_call_first_media(call), last = ft_call_last_media(call);

    cell->unknown = !first.frame || ft_call_times_go_back(call);
    if (!cell->unknown)
        cell->real = MAX(ft_seconds(&last.when, &first.when), 0);
}

static void
cell_end(const void *row, ft_cell_t *cell)
{
    cell->text = g_strdup(val_to_str_const(ft_call_end(((const call_row_t *)row)->call), ft_end_vals, "unknown"));
}

static void
cell_mode(const void *row, ft_cell_t *cell)
{
    ft_mode_t mode = ft_call_mode(((const call_row_t *)row)->call);

    cell->text = g_strdup(mode == FT_MODE_UNKNOWN ? "-" : val_to_str_const(mode, ft_mode_vals, "-"));
}

/* Of how many, by whose count. */
static char *
loss_text(const ft_call_t *call, uint32_t lost, uint32_t of)
{
    return call->relay_count.answers && !call->relay_count.broken ? g_strdup_printf("%u of %u (relay's count)", lost, of) : g_strdup("-");
}

static void
cell_uplink(const void *row, ft_cell_t *cell)
{
    const ft_call_t *call = ((const call_row_t *)row)->call;

    cell->text = loss_text(call, call->relay_count.up_lost, call->relay_count.sent);
}

static void
cell_downlink(const void *row, ft_cell_t *cell)
{
    const ft_call_t *call = ((const call_row_t *)row)->call;

    cell->text = loss_text(call, call->relay_count.down_lost, call->relay_count.received + call->relay_count.down_lost);
}

static void
cell_why_relay(const void *row, ft_cell_t *cell)
{
    char *why = ft_why_relay(((const call_row_t *)row)->call);

    cell->text = why ? why : g_strdup("-");
}

static void
cell_notes(const void *row, ft_cell_t *cell)
{
    const ft_call_t *call = ((const call_row_t *)row)->call;
    double back = ft_frame_time_back(call->first_frame, call->last_frame);
    char seconds[FT_DECIMAL_LEN];

    if (ft_call_is_scattered(call))
        cell->text = g_strdup_printf("one SSRC from %u pairs of addresses: no call of two devices", call->by_ssrc);
    else if (back > 0)
        cell->text = g_strdup_printf("the clock was put back by %s s", ft_decimal(seconds, back, 1));
    else if (ft_call_times_go_back(call))
        cell->text = g_strdup("its frames are not in the order of their times");
    else
        cell->text = g_strdup(ft_call_in_batches(call) ? "captured in batches: arrival says little" : "-");
}

static void
cell_state(const void *row, ft_cell_t *cell)
{
    cell->text = g_strdup(val_to_str_const(ft_call_state(((const call_row_t *)row)->call), ft_state_vals, "unknown"));
}

static void
cell_direction(const void *row, ft_cell_t *cell)
{
    cell->text = g_strdup(val_to_str_const(((const call_row_t *)row)->call->direction, ft_direction_vals, "unknown"));
}

/* A name as the network has it; NULL and a name of blanks are no name. */
static char *
name_text(const char *name)
{
    char *text = ft_printable(name ? name : "");

    if (*text)
        return text;
    g_free(text);
    return g_strdup("-");
}

static void
cell_called_by(const void *row, ft_cell_t *cell)
{
    ft_side_t side = ((const call_row_t *)row)->call->invited_by;

    cell->text = g_strdup(side == FT_SIDE_UNKNOWN ? "-" : val_to_str_const(side, ft_side_vals, "-"));
}

static void
cell_from(const void *row, ft_cell_t *cell)
{
    cell->text = name_text(((const call_row_t *)row)->call->from);
}

static void
cell_to(const void *row, ft_cell_t *cell)
{
    cell->text = name_text(((const call_row_t *)row)->call->to);
}

static void
cell_device(const void *row, ft_cell_t *cell)
{
    const ft_call_t *call = ((const call_row_t *)row)->call;
    GString *text;

    if (call->n_devices < 2) {
        cell->text = endpoint_text(&call->device);
        return;
    }
    /* Wi-Fi and cellular, or both ends. */
    text = g_string_new(NULL);
    for (unsigned i = 0; i < call->n_devices; i++) {
        const char *one = endpoint_text(&call->devices[i]);

        g_string_append_printf(text, "%s%s", i ? ", " : "", one);
        g_free((char *)one);
    }
    cell->text = g_string_free(text, FALSE);
}

static void
cell_peer(const void *row, ft_cell_t *cell)
{
    const ft_call_t *call = ((const call_row_t *)row)->call;

    cell->text = endpoint_text(call->peer.addr.type == AT_NONE ? &call->announced_peer : &call->peer);
}

static void
cell_relay(const void *row, ft_cell_t *cell)
{
    const ft_call_t *call = ((const call_row_t *)row)->call;
    GString *text = g_string_new(NULL);
    bool answers;

    /* Those that carried data, as after a loss of the network; else the one that was tried. */
    for (unsigned i = 0; i < call->n_relays; i++) {
        const char *one = endpoint_text(&call->relays[i].at);

        if (call->relays[i].data)
            g_string_append_printf(text, "%s%s", text->len ? ", " : "", one);
        g_free((char *)one);
    }
    if (text->len) {
        cell->text = g_string_free(text, FALSE);
        return;
    }
    g_string_free(text, TRUE);
    cell->text = endpoint_text(ft_call_relay(call, &answers));
}

static void
cell_path(const void *row, ft_cell_t *cell)
{
    cell->text = g_strdup(val_to_str_const(((const call_row_t *)row)->call->paths, ft_path_vals, "-"));
}

static void
cell_media(const void *row, ft_cell_t *cell)
{
    cell->text = g_strdup(media_text(((const call_row_t *)row)->call));
}

static void
cell_packets(const void *row, ft_cell_t *cell)
{
    cell->number = ((const call_row_t *)row)->packets;
}

static void
cell_bytes(const void *row, ft_cell_t *cell)
{
    cell->number = ((const call_row_t *)row)->bytes;
}

static void
cell_confidence(const void *row, ft_cell_t *cell)
{
    cell->text = g_strdup(val_to_str_const(ft_call_confidence(((const call_row_t *)row)->call), ft_confidence_vals, "none"));
}

/* Each session with its legs: where one has two, two interfaces of the device are in it. */
static void
cell_sessions(const void *row, ft_cell_t *cell)
{
    const ft_call_t *call = ((const call_row_t *)row)->call;
    GString *text = g_string_new(NULL);

    for (unsigned i = 0; i < call->n_sessions; i++) {
        char *name = ft_session_name(NULL, call->sessions[i].token, call->sessions[i].token_len);

        g_string_append_printf(text, "%s%s (%u %s)", i ? ", " : "", name, call->sessions[i].legs, call->sessions[i].legs == 1 ? "leg" : "legs");
        wmem_free(NULL, name);
    }
    cell->text = text->len ? g_string_free(text, FALSE) : (g_string_free(text, TRUE), g_strdup("-"));
}

static void
cell_filter(const void *row, ft_cell_t *cell)
{
    cell->text = g_strdup_printf("facetime.call == %u", ((const call_row_t *)row)->call->number);
}

/* What answers first stands first: Wireshark's window of 587 pixels ends in Device, and a device with two interfaces takes the room of
 * two. So Peer is before it. */
static const ft_column_t calls_columns[] = {
    { "Call", FT_CELL_NUMBER, cell_number, false },
    { "Media (s)", FT_CELL_REAL, cell_media_time, false },
    { "State", FT_CELL_TEXT, cell_state, false },
    { "Path", FT_CELL_TEXT, cell_path, false },
    { "Peer", FT_CELL_TEXT, cell_peer, false },
    { "Device", FT_CELL_TEXT, cell_device, false },
    { "Start (UTC)", FT_CELL_TEXT, cell_start, false },
    { "Relay", FT_CELL_TEXT, cell_relay, false },
    { "Notes", FT_CELL_TEXT, cell_notes, false },
    { "End", FT_CELL_TEXT, cell_end, false },
    { "Direction", FT_CELL_TEXT, cell_direction, false },
    { "Caller [guess]", FT_CELL_TEXT, cell_called_by, false },
    { "From", FT_CELL_TEXT, cell_from, false },
    { "To", FT_CELL_TEXT, cell_to, false },
    { "Why relay", FT_CELL_TEXT, cell_why_relay, false },
    { "Mode", FT_CELL_TEXT, cell_mode, false },
    { "Media", FT_CELL_TEXT, cell_media, false },
    { "Uplink lost", FT_CELL_TEXT, cell_uplink, false },
    { "Downlink lost", FT_CELL_TEXT, cell_downlink, false },
    { "Duration (s)", FT_CELL_REAL, cell_duration, false },
    { "Packets", FT_CELL_NUMBER, cell_packets, true },
    { "Bytes", FT_CELL_BIG, cell_bytes, true },
    { "Confidence", FT_CELL_TEXT, cell_confidence, false },
    { "Relay sessions", FT_CELL_TEXT, cell_sessions, false },
    { "Filter", FT_CELL_TEXT, cell_filter, false },
};

/* Counts the packet in its call's row. */
static void
calls_packet(ft_table_rows_t *rows, const void *data)
{
    ft_tap_info_t part;
    const ft_tap_info_t *info = ft_seen_take(ft_table_seen(rows), (const ft_tap_info_t *)data, &part);
    call_row_t *row;

    if (!info)
        return;
    row = (call_row_t *)ft_table_row(rows, info->call, sizeof *row);
    row->call = info->call;
    row->packets += info->what.packets;
    row->bytes += info->what.bytes;
}

/* Two calls that were merged after they got rows become one row. */
static const void *
calls_key(const void *key)
{
    return ft_call_root((ft_call_t *)key);
}

static void
calls_join(void *into, const void *row)
{
    call_row_t *keep = (call_row_t *)into;
    const call_row_t *gone = (const call_row_t *)row;

    keep->packets += gone->packets;
    keep->bytes += gone->bytes;
}

static void
calls_rebind(void *row, const void *key)
{
    ((call_row_t *)row)->call = (const ft_call_t *)key;
}

static int
calls_order(const void *row, const void *other)
{
    uint32_t a = ((const call_row_t *)row)->call->number, b = ((const call_row_t *)other)->call->number;

    return a < b ? -1 : a > b;
}

static ft_table_t calls_table = {
    .title = "FaceTime Calls",
    .tap = "facetime",
    .cli = "facetime,calls",
    .columns = calls_columns,
    .n_columns = array_length(calls_columns),
    .packet = calls_packet,
    .before_draw = ft_call_renumber,
    .key = calls_key,
    .join = calls_join,
    .rebind = calls_rebind,
    .order = calls_order,
};

void
ft_tap_calls_register(void)
{
    ft_table_register(&calls_table);
}
