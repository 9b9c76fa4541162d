/* tap_exposure.c
 * What an eavesdropper learns of each call: -z facetime,exposure[,filter] and Statistics > FaceTime Exposure. One row per fact: how it
 * travels, how that is known, and the first frame that shows it. No verdict without a frame.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "show/views.h"
#include "show/seen.h"
#include "show/row_key.h"
#include "show/table.h"

#include <epan/to_str.h>

/* A flood gets no more rows. */
#define FT_MAX_EXPOSURES 100000

typedef struct exposure_row {
    const ft_call_t *call;
    ft_exposure_t what;
} exposure_row_t;

static const struct {
    const char *what, *travels, *known;
} exposures[FT_EXPOSURE_COUNT] = {
    [FT_EXPOSED_PARTIES] = { "who calls whom", "in the clear", "From and To of SIP" },
    [FT_EXPOSED_SDP] = { "addresses, ports, codecs, SSRCs", "in the clear", "SDP in SIP; compressed is not encrypted" },
    [FT_EXPOSED_SOFTWARE] = { "software and its version", "in the clear", "User-Agent of SIP" },
    [FT_EXPOSED_HOST_NAMES] = { "names of the servers", "in the clear", "DNS" },
    [FT_EXPOSED_WEB] = { "configuration and certificates", "in the clear", "HTTP" },
    [FT_EXPOSED_SERVERS] = { "which servers the device uses", "in the clear", "addresses, and names in TLS hellos and certificates" },
    [FT_EXPOSED_OWN_ADDRESS] = { "the device's own address", "in the clear", "SNATMAP request" },
    [FT_EXPOSED_MAPPED] = { "the address outside its NAT", "inverted or XORed, not encrypted", "SNATMAP answer, STUN XOR-MAPPED-ADDRESS" },
    [FT_EXPOSED_CANDIDATES] = { "all addresses of a device", "in the clear", "connection data in link messages; HMAC, not encrypted" },
    [FT_EXPOSED_PARTICIPANTS] = { "participant IDs", "in the clear", "relay header" },
    [FT_EXPOSED_MEDIA_SHAPE] = { "who sends audio and video, when and how much", "in the clear", "headers, sizes and times of RTP" },
    [FT_EXPOSED_RADIO] = { "Wi-Fi or cellular, each interface", "in the clear", "connection data in link messages, STUN checks" },
    [FT_EXPOSED_VIEW] = { "how a device is held, which camera", "in the clear", "header extension of video" },
    [FT_EXPOSED_SPEECH] = { "who speaks when", "in the clear", "comfort noise: payload type 13 of RTP" },
    [FT_EXPOSED_END] = { "who hung up", "in the clear", "SIP; today who stops first, and ICMP of the closed socket" },
    [FT_HIDDEN_PUSH] = { "invitation and session keys", "encrypted", "TLS of the push connection" },
    [FT_HIDDEN_REGISTRATION] = { "registration", "encrypted", "TLS" },
    [FT_HIDDEN_RELAY] = { "what device and relay agree on", "encrypted", "QUIC" },
    [FT_HIDDEN_MEDIA] = { "audio and video", "encrypted", "no flow of the call carries a key; published: AES-CTR (Project Zero, 2018)" },
    [FT_AUTHORISED_PUSH] = { "how the call was authorised", "not on the call's own flows", "push connection of the device at that time; only time and device tie the two" },
};

static void
cell_call(const void *row, ft_cell_t *cell)
{
    cell->number = ((const exposure_row_t *)row)->call->number;
}

static void
cell_what(const void *row, ft_cell_t *cell)
{
    cell->text = g_strdup(exposures[((const exposure_row_t *)row)->what].what);
}

static void
cell_travels(const void *row, ft_cell_t *cell)
{
    cell->text = g_strdup(exposures[((const exposure_row_t *)row)->what].travels);
}

static void
cell_known(const void *row, ft_cell_t *cell)
{
    const exposure_row_t *exposure = (const exposure_row_t *)row;
    const ft_call_t *call = exposure->call;

    /* Where SIP is in the clear, one can also see that it brings no key. */
    if (exposure->what == FT_HIDDEN_MEDIA && call->exposure[FT_EXPOSED_SDP].frame)
        cell->text = g_strdup("SDP in the clear names no key (no a=crypto), no DTLS handshake (webrtchacks.com, 2015)");
    else
        cell->text = g_strdup(exposures[exposure->what].known);
}

static char *
parties(const ft_call_t *call)
{
    char *from = ft_printable(call->from ? call->from : "?"), *to = ft_printable(call->to ? call->to : "?");
    char *text = g_strdup_printf("%s calls %s", from, to);

    g_free(from);
    g_free(to);
    return text;
}

/* "10.0.0.1 LTE, ...", the device's first. */
static char *
radios(const ft_call_t *call)
{
    GString *text = g_string_new(NULL);

    for (unsigned side = FT_SIDE_DEVICE; side <= FT_SIDE_PEER; side++) {
        for (unsigned i = 0; i < call->n_radios; i++) {
            char *addr;

            if (call->radios[i].side != (ft_side_t)side)
                continue;
            addr = address_to_str(NULL, &call->radios[i].addr);
            g_string_append_printf(text, "%s%s %s %s", text->len ? ", " : "", val_to_str_const(side, ft_side_vals, ""), addr,
                                   ft_radio_name(call, &call->radios[i].addr));
            wmem_free(NULL, addr);
        }
    }
    return g_string_free(text, FALSE);
}

static char *
pictures(const ft_call_t *call)
{
    GString *text = g_string_new(NULL);

    for (unsigned side = 0; side < FT_MEDIA_SIDES; side++) {
        const char *view = ft_view_text(NULL, call, (ft_side_t)side);

        if (view)
            g_string_append_printf(text, "%s%s: %s", text->len ? "; " : "", val_to_str_const(side, ft_side_vals, ""), view);
        wmem_free(NULL, (void *)view);
    }
    return g_string_free(text, FALSE);
}

static void
count_silence(const ft_call_t *call _U_, const ft_event_t *event, void *data)
{
    if (event->kind == FT_EVENT_SILENT && event->who < FT_MEDIA_SIDES)
        ((unsigned *)data)[event->who]++;
}

/* How often each side fell silent. */
static char *
silences(const ft_call_t *call)
{
    unsigned times[FT_MEDIA_SIDES] = { 0 };
    GString *text = g_string_new(NULL);

    ft_history_each(call, count_silence, times);
    for (unsigned side = 0; side < FT_MEDIA_SIDES; side++) {
        if (times[side])
            g_string_append_printf(text, "%s%s falls silent %u %s", text->len ? ", " : "", val_to_str_const(side, ft_side_vals, ""), times[side],
                                   times[side] == 1 ? "time" : "times");
    }
    return g_string_free(text, FALSE);
}

/* What it is in this call, where that is one value. */
static void
cell_value(const void *row, ft_cell_t *cell)
{
    const exposure_row_t *exposure = (const exposure_row_t *)row;
    const ft_call_t *call = exposure->call;
    const char *kept = call->exposed[exposure->what];
    char *value;

    switch (exposure->what) {
    case FT_EXPOSED_PARTIES: value = call->from || call->to ? parties(call) : NULL; break;
    case FT_EXPOSED_RADIO: value = radios(call); break;
    case FT_EXPOSED_VIEW: value = pictures(call); break;
    case FT_EXPOSED_SPEECH: value = silences(call); break;
    case FT_EXPOSED_END: value = g_strdup(val_to_str_const(ft_call_end(call), ft_end_vals, "unknown")); break;
    default: value = g_strdup(kept); break;
    }
    if (value && *value && exposure->what != FT_EXPOSED_PARTIES) {
        cell->text = ft_printable(value);
        g_free(value);
    } else {
        cell->text = value && *value ? value : (g_free(value), g_strdup("-"));
    }
}

/* The first packet that shows it. */
static const ft_moment_t *
shown_at(const exposure_row_t *exposure)
{
    return exposure->what == FT_EXPOSED_END ? &exposure->call->ended.at : &exposure->call->exposure[exposure->what];
}

static void
cell_time(const void *row, ft_cell_t *cell)
{
    const exposure_row_t *exposure = (const exposure_row_t *)row;
    nstime_t since;

    nstime_delta(&since, &shown_at(exposure)->when, &exposure->call->first_time);
    cell->real = MAX(nstime_to_sec(&since), 0);
}

static void
cell_frame(const void *row, ft_cell_t *cell)
{
    cell->number = shown_at((const exposure_row_t *)row)->frame;
}

static void
cell_filter(const void *row, ft_cell_t *cell)
{
    cell->text = g_strdup_printf("frame.number == %u", shown_at((const exposure_row_t *)row)->frame);
}

static const ft_column_t exposure_columns[] = {
    { "Call", FT_CELL_NUMBER, cell_call, false },
    { "What", FT_CELL_TEXT, cell_what, false },
    { "How it travels", FT_CELL_TEXT, cell_travels, false },
    { "How that is known", FT_CELL_TEXT, cell_known, false },
    { "Value", FT_CELL_TEXT, cell_value, true },
    { "Since start (s)", FT_CELL_REAL, cell_time, false },
    { "First frame", FT_CELL_NUMBER, cell_frame, false },
    { "Filter", FT_CELL_TEXT, cell_filter, false },
};

static void
exposure_row(ft_table_rows_t *rows, const ft_call_t *call, ft_exposure_t what)
{
    exposure_row_t *row = (exposure_row_t *)ft_table_row(rows, ft_row_key(ft_table_context(rows), call, what, NULL), sizeof *row);

    if (!row)
        return;
    row->call = call;
    row->what = what;
}

/* Who hung up: on one pass it is known once the file was read, as somebody may go on. */
static void
exposure_late_rows(ft_table_rows_t *rows)
{
    for (unsigned i = 0, n = ft_call_count(); i < n && !ft_table_filtered(rows); i++) {
        if (ft_call_at(i)->ended.at.frame)
            exposure_row(rows, ft_call_at(i), FT_EXPOSED_END);
    }
}

/* A row for each fact that the packet is the first to show. */
static void
exposure_packet(ft_table_rows_t *rows, const void *data)
{
    const ft_seen_t *seen = ft_table_seen(rows);
    ft_tap_info_t part;
    const ft_tap_info_t *info = ft_seen_take(ft_table_seen(rows), (const ft_tap_info_t *)data, &part);

    if (!info)
        return;
    if (info->call->ended.at.frame == info->what.frame && !info->earlier && (info->visited || ft_table_filtered(rows)))
        exposure_row(rows, info->call, FT_EXPOSED_END);
    for (unsigned i = 0; i < FT_EXPOSURE_COUNT; i++) {
        /* Each fact with its own frame, so that a filter leaves the facts of the frames that it lets through; or with those that the
         * packet brought. */
        if (!info->call->exposure[i].frame || (!info->earlier && info->call->exposure[i].frame != info->what.frame) ||
            (info->earlier && !ft_seen_frame(seen, info->call->exposure[i].frame)))
            continue;
        exposure_row(rows, info->call, (ft_exposure_t)i);
    }
}

static void
exposure_join(void *into _U_, const void *row _U_)
{
}

static void
exposure_rebind(void *row, const void *key)
{
    ((exposure_row_t *)row)->call = ((const ft_row_key_t *)key)->call;
}

static int
exposure_order(const void *row, const void *other)
{
    const exposure_row_t *x = (const exposure_row_t *)row, *y = (const exposure_row_t *)other;

    if (x->call != y->call)
        return x->call->number < y->call->number ? -1 : 1;
    return (int)x->what - (int)y->what;
}

static ft_table_t exposure_table = {
    .title = "FaceTime Exposure",
    .tap = "facetime",
    .cli = "facetime,exposure",
    .columns = exposure_columns,
    .n_columns = array_length(exposure_columns),
    .packet = exposure_packet,
    .before_draw = ft_call_renumber,
    .late_rows = exposure_late_rows,
    .key = ft_row_key_root,
    .join = exposure_join,
    .rebind = exposure_rebind,
    .order = exposure_order,
    .context_new = ft_row_keys_new,
    .context_free = ft_row_keys_free,
    .max_rows = FT_MAX_EXPOSURES,
};

void
ft_tap_exposure_register(void)
{
    ft_table_register(&exposure_table);
}
