/* tap_events.c
 * The events of each call: -z facetime,events[,filter] and Statistics > FaceTime Events. One row for each: when, in which frame, what, who.
 *
 * Some events are known only once the file was read: that media stopped is told by what does not come. So a terminal asks for the rows when it
 * draws them; with a filter, for those at frames that it let through. The window reads a file a second time, and all is known then.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "show/views.h"
#include "show/row_key.h"
#include "show/table.h"

/* A flood gets no more rows. */
#define FT_MAX_EVENT_ROWS 100000

typedef struct event_row {
    const ft_call_t *call;
    const ft_event_t *event;
} event_row_t;

/* What a listener keeps: the frames that its filter let through, a bit each. */
typedef struct passed {
    GByteArray *frames;
} passed_t;

static void *
passed_new(void)
{
    passed_t *passed = g_new0(passed_t, 1);

    passed->frames = g_byte_array_new();
    return passed;
}

static void
passed_free(void *context)
{
    passed_t *passed = (passed_t *)context;

    g_byte_array_free(passed->frames, TRUE);
    g_free(passed);
}

static void
passed_add(passed_t *passed, uint32_t frame)
{
    unsigned place = frame / 8, before = passed->frames->len;

    if (place >= before) {
        g_byte_array_set_size(passed->frames, place + place / 2 + 64);
        memset(passed->frames->data + before, 0, passed->frames->len - before);
    }
    passed->frames->data[place] |= (uint8_t)(1u << frame % 8);
}

static bool
passed_has(const passed_t *passed, uint32_t frame)
{
    return frame / 8 < passed->frames->len && (passed->frames->data[frame / 8] >> frame % 8) & 1;
}

/* ---- Columns --------------------------------------------------------------------------------- */

static const event_row_t *
row_of(const void *row)
{
    return (const event_row_t *)row;
}

static void
cell_call(const void *row, ft_cell_t *cell)
{
    cell->number = row_of(row)->call->number;
}

static void
cell_time(const void *row, ft_cell_t *cell)
{
    cell->real = MAX(ft_seconds(&row_of(row)->event->at.when, &row_of(row)->call->first_time), 0);
}

static void
cell_utc(const void *row, ft_cell_t *cell)
{
    const ft_moment_t *at = &row_of(row)->event->at;
    nstime_t when = ft_frame_time_stamp(at->frame, &at->when);

    cell->text = ft_time_text(&when);
}

static void
cell_event(const void *row, ft_cell_t *cell)
{
    cell->text = g_strdup(val_to_str_const(row_of(row)->event->kind, ft_event_vals, "unknown"));
}

static void
cell_who(const void *row, ft_cell_t *cell)
{
    ft_side_t who = ft_event_who(row_of(row)->event);

    if (row_of(row)->event->kind == FT_EVENT_ENDED)
        who = ft_call_ended_by(row_of(row)->call);
    cell->text = g_strdup(val_to_str_const(who, ft_side_vals, "unknown"));
}

static void
cell_what(const void *row, ft_cell_t *cell)
{
    const event_row_t *r = row_of(row);

    cell->text = r->event->kind == FT_EVENT_ENDED ? g_strdup(val_to_str_const(ft_call_end(r->call), ft_end_vals, "unknown")) :
                 r->event->what ? ft_printable(r->event->what) : g_strdup("-");
}

static void
cell_frame(const void *row, ft_cell_t *cell)
{
    cell->number = row_of(row)->event->at.frame;
}

static void
cell_filter(const void *row, ft_cell_t *cell)
{
    cell->text = g_strdup_printf("frame.number == %u", row_of(row)->event->at.frame);
}

static const ft_column_t events_columns[] = {
    { "Call", FT_CELL_NUMBER, cell_call, false },
    { "Time (s)", FT_CELL_REAL, cell_time, false },
    { "Event", FT_CELL_TEXT, cell_event, false },
    { "Who", FT_CELL_TEXT, cell_who, false },
    { "What", FT_CELL_TEXT, cell_what, false },
    { "Frame", FT_CELL_NUMBER, cell_frame, false },
    { "Time (UTC)", FT_CELL_TEXT, cell_utc, false },
    { "Filter", FT_CELL_TEXT, cell_filter, false },
};

/* ---- Rows ------------------------------------------------------------------------------------ */

static void
event_row(ft_table_rows_t *rows, const ft_call_t *call, const ft_event_t *event)
{
    event_row_t *row = (event_row_t *)ft_table_row(rows, event, sizeof *row);

    if (!row)
        return;
    row->call = call;
    row->event = event;
}

static void
events_packet(ft_table_rows_t *rows, const void *data)
{
    const ft_tap_info_t *info = (const ft_tap_info_t *)data;
    const ft_dated_event_t *events;
    unsigned count;

    if (info->earlier && ft_table_filtered(rows))
        return;
    if (!info->visited) {
        if (ft_table_filtered(rows))
            passed_add((passed_t *)ft_table_context(rows), info->what.frame);
        return;
    }
    events = ft_history_at(info->what.frame, &count);
    for (unsigned i = 0; i < count; i++)
        event_row(rows, events[i].call, events[i].event);
}

static void
late_row(const ft_call_t *call, const ft_event_t *event, void *data)
{
    ft_table_rows_t *rows = (ft_table_rows_t *)data;

    if (!ft_table_filtered(rows) || passed_has((const passed_t *)ft_table_context(rows), event->at.frame))
        event_row(rows, call, event);
}

static void
events_late_rows(ft_table_rows_t *rows)
{
    for (unsigned i = 0, n = ft_call_count(); i < n; i++)
        ft_history_each(ft_call_at(i), late_row, rows);
}

static int
events_order(const void *row, const void *other)
{
    const event_row_t *x = row_of(row), *y = row_of(other);
    int order = ft_row_order(x->call, &x->event->at.when, x->event->at.frame, y->call, &y->event->at.when, y->event->at.frame);

    return order ? order : (int)x->event->kind - (int)y->event->kind;
}

static ft_table_t events_table = {
    .title = "FaceTime Events",
    .tap = "facetime",
    .cli = "facetime,events",
    .columns = events_columns,
    .n_columns = array_length(events_columns),
    .packet = events_packet,
    .before_draw = ft_call_renumber,
    .late_rows = events_late_rows,
    .order = events_order,
    .context_new = passed_new,
    .context_free = passed_free,
    .max_rows = FT_MAX_EVENT_ROWS,
};

void
ft_tap_events_register(void)
{
    ft_table_register(&events_table);
}
