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

/* What it is in this call, where that is one value. */
static void
cell_value(const void *row, ft_cell_t *cell)
{
    const exposure_row_t *exposure = (const exposure_row_t *)row;
    const ft_call_t *call = exposure->call;
    char *from, *to;

    if (exposure->what != FT_EXPOSED_PARTIES || (!call->from && !call->to)) {
        cell->text = g_strdup("-");
        return;
    }
    from = ft_printable(call->from ? call->from : "?");
    to = ft_printable(call->to ? call->to : "?");
    cell->text = g_strdup_printf("%s calls %s", from, to);
    g_free(from);
    g_free(to);
}

static void
cell_time(const void *row, ft_cell_t *cell)
{
    const exposure_row_t *exposure = (const exposure_row_t *)row;
    nstime_t since;

    nstime_delta(&since, &exposure->call->exposure[exposure->what].when, &exposure->call->first_time);
    cell->real = MAX(nstime_to_sec(&since), 0);
}

static void
cell_frame(const void *row, ft_cell_t *cell)
{
    const exposure_row_t *exposure = (const exposure_row_t *)row;

    cell->number = exposure->call->exposure[exposure->what].frame;
}

static void
cell_filter(const void *row, ft_cell_t *cell)
{
    const exposure_row_t *exposure = (const exposure_row_t *)row;

    cell->text = g_strdup_printf("frame.number == %u", exposure->call->exposure[exposure->what].frame);
}

static const ft_column_t exposure_columns[] = {
    { "Call", FT_CELL_NUMBER, cell_call, false },
    { "What", FT_CELL_TEXT, cell_what, false },
    { "How it travels", FT_CELL_TEXT, cell_travels, false },
    { "How that is known", FT_CELL_TEXT, cell_known, false },
    { "Value", FT_CELL_TEXT, cell_value, false },
    { "Since start (s)", FT_CELL_REAL, cell_time, false },
    { "First frame", FT_CELL_NUMBER, cell_frame, false },
    { "Filter", FT_CELL_TEXT, cell_filter, false },
};

/* A row for each fact that the packet is the first to show. */
static void
exposure_packet(ft_table_rows_t *rows, const void *data)
{
    const ft_seen_t *seen = ft_table_seen(rows);
    ft_tap_info_t part;
    const ft_tap_info_t *info = ft_seen_take(ft_table_seen(rows), (const ft_tap_info_t *)data, &part);
    exposure_row_t *row;

    if (!info)
        return;
    for (unsigned i = 0; i < FT_EXPOSURE_COUNT; i++) {
        /* Each fact with its own frame, so that a filter leaves the facts of the frames that it lets through; or with those that the
         * packet brought. */
        if (!info->call->exposure[i].frame || (!info->earlier && info->call->exposure[i].frame != info->what.frame) ||
            (info->earlier && !ft_seen_frame(seen, info->call->exposure[i].frame)))
            continue;
        row = (exposure_row_t *)ft_table_row(rows, ft_row_key(ft_table_context(rows), info->call, i, NULL), sizeof *row);
        if (!row)
            return;
        row->call = info->call;
        row->what = (ft_exposure_t)i;
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
