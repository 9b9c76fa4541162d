/* table.c
 * Draws a table in a terminal, and hands it to Wireshark's dialog and to sharkd.
 *
 * Wireshark's own -z printer for such tables does not align its columns and fills cells while packets come, when much of a
 * call is not known yet; so in tshark the table prints itself, at the end. In Wireshark and sharkd the stock table is used:
 * they tap a file that was read already.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "show/seen.h"
#include "show/table.h"
#include "show/table_print.h"

#include <gmodule.h>
#include <stdio.h>
#include <stdlib.h>

#include <epan/tap.h>

struct ft_table_rows {
    GHashTable *by_key;     /* key -> its place in the arrays + 1 */
    GPtrArray *keys;        /* in order */
    GPtrArray *rows;        /* the same order; each made with g_malloc0() */
    GArray *changed;        /* unsigned: places of the rows that were asked for, since a window last looked */
    ft_seen_t *seen;        /* what the listener's filter saw; NULL: it has none */
    const ft_table_t *table;
    void *context;          /* as the table made it; NULL: none yet */
    uint64_t left_out;      /* packets that found no row */
    uint32_t file;          /* number of the file that the rows are of */
    bool forgot;            /* there were rows of an earlier file */
};

/* A listener of tshark; with a filter a second one, whose data is `later`. */
typedef struct terminal_table {
    ft_table_t *table;
    ft_table_rows_t rows;
    char *filter;           /* NULL: none */
    struct terminal_table *later; /* this one, for the second listener */
} terminal_table_t;

/* A table in Wireshark or sharkd. Wireshark shares the stock table among all dialogs of a kind, and so the rows. */
typedef struct window_table {
    stat_tap_table_ui ui;
    ft_table_t *table;
    ft_table_rows_t rows;
    GArray *shown_at;       /* unsigned: for each row, which row of the stock table shows it */
    GArray *shown_row;      /* unsigned: the other way round */
    unsigned moves;         /* so often two rows changed places */
} window_table_t;

/* Statistics that can be registered; a new view needs no change here below this number. */
#define FT_MAX_TABLES 16

static ft_table_t *registered[FT_MAX_TABLES];
static unsigned n_registered;
static bool is_window;                  /* this is Wireshark's window, and not tshark or sharkd */
static uint32_t file_number;            /* of the file that is open, by the order in which they were opened */
static GHashTable *window_tables;       /* stat_tap_table -> window_table_t: the stock callbacks do not say whose table it is */

/* ---- Rows ----------------------------------------------------------------------------------- */

static void
rows_init(ft_table_rows_t *rows, const ft_table_t *table)
{
    memset(rows, 0, sizeof *rows);
    rows->table = table;
    rows->changed = g_array_new(FALSE, FALSE, sizeof(unsigned));
    rows->by_key = g_hash_table_new(g_direct_hash, g_direct_equal);
    rows->keys = g_ptr_array_new();
    rows->rows = g_ptr_array_new_with_free_func(g_free);
}

static void
rows_drop_context(ft_table_rows_t *rows)
{
    if (rows->context)
        rows->table->context_free(rows->context);
    rows->context = NULL;
}

static void
rows_clear(ft_table_rows_t *rows)
{
    if (!rows->by_key)
        return;
    rows_drop_context(rows);
    if (rows->seen) {
        ft_seen_free(rows->seen);
        rows->seen = ft_seen_new();
    }
    rows->left_out = 0;
    rows->forgot = false;
    g_array_set_size(rows->changed, 0);
    g_hash_table_remove_all(rows->by_key);
    g_ptr_array_set_size(rows->keys, 0);
    g_ptr_array_set_size(rows->rows, 0);
}

static void
rows_free(ft_table_rows_t *rows)
{
    if (!rows->by_key)
        return;
    rows_drop_context(rows);
    ft_seen_free(rows->seen);
    g_array_free(rows->changed, TRUE);
    g_hash_table_destroy(rows->by_key);
    g_ptr_array_free(rows->keys, TRUE);
    g_ptr_array_free(rows->rows, TRUE);
    memset(rows, 0, sizeof *rows);
}

bool
ft_table_filtered(const ft_table_rows_t *rows)
{
    return rows->seen != NULL;
}

struct ft_seen *
ft_table_seen(const ft_table_rows_t *rows)
{
    return rows->seen;
}

void *
ft_table_context(const ft_table_rows_t *rows)
{
    return rows->context;
}

void
ft_table_left_out(ft_table_rows_t *rows)
{
    rows->left_out++;
}

bool
ft_table_leave_out(ft_table_rows_t *rows)
{
    if (!rows->table->max_rows || rows->rows->len < rows->table->max_rows)
        return false;
    ft_table_left_out(rows);
    return true;
}

void *
ft_table_row(ft_table_rows_t *rows, const void *key, size_t size)
{
    unsigned place = GPOINTER_TO_UINT(g_hash_table_lookup(rows->by_key, key));

    if (place == 0 && ft_table_leave_out(rows))
        return NULL;
    if (place == 0) {
        g_ptr_array_add(rows->keys, (void *)key);
        g_ptr_array_add(rows->rows, g_malloc0(size));
        place = rows->rows->len;
        g_hash_table_insert(rows->by_key, (void *)key, GUINT_TO_POINTER(place));
    }
    place--;
    if (rows->changed->len == 0 || g_array_index(rows->changed, unsigned, rows->changed->len - 1) != place)
        g_array_append_val(rows->changed, place);
    return g_ptr_array_index(rows->rows, place);
}

/* Keys and rows point to what lives as long as its file. Wireshark resets its listeners before it opens another one; tshark does not
 * (-M, or several files of a live capture). */
static bool
rows_are_stale(const ft_table_rows_t *rows)
{
    return rows->file != file_number && (rows->rows->len > 0 || rows->context);
}

static void
rows_forget(ft_table_rows_t *rows)
{
    bool forgot = rows_are_stale(rows);

    if (rows->file != file_number)
        rows_clear(rows);
    rows->forgot |= forgot;
    rows->file = file_number;
}

/* Lets the table take what was queued for a packet. */
static void
rows_packet(ft_table_rows_t *rows, const void *data)
{
    rows_forget(rows);
    g_array_set_size(rows->changed, 0);
    if (!rows->context && rows->table->context_new)
        rows->context = rows->table->context_new();
    rows->table->packet(rows, data);
}

/* Joins the rows whose keys are the same thing by now. Into new arrays: one pass, however many there are. */
static void
rows_join(const ft_table_t *table, ft_table_rows_t *rows)
{
    ft_table_rows_t joined;

    if (!table->key)
        return;
    rows_init(&joined, table);
    joined.seen = rows->seen;
    rows->seen = NULL;
    joined.left_out = rows->left_out;
    joined.file = rows->file;
    joined.forgot = rows->forgot;
    joined.context = rows->context;
    rows->context = NULL;
    for (unsigned i = 0; i < rows->rows->len; i++) {
        const void *key = table->key(g_ptr_array_index(rows->keys, i));
        void *row = g_ptr_array_index(rows->rows, i);
        unsigned place = GPOINTER_TO_UINT(g_hash_table_lookup(joined.by_key, key));

        if (place > 0) {
            table->join(g_ptr_array_index(joined.rows, place - 1), row);
            g_free(row);
            continue;
        }
        table->rebind(row, key);
        g_ptr_array_add(joined.keys, (void *)key);
        g_ptr_array_add(joined.rows, row);
        g_hash_table_insert(joined.by_key, (void *)key, GUINT_TO_POINTER(joined.rows->len));
    }
    g_ptr_array_set_free_func(rows->rows, NULL);
    rows_free(rows);
    *rows = joined;
}

/* ---- Text ----------------------------------------------------------------------------------- */

/* Would the character move the cursor, or change how what follows is drawn? */
char *
ft_printable(const char *text)
{
    GString *out = g_string_new(NULL);
    char *valid = g_utf8_make_valid(text, -1);
    const char *p;

    for (p = g_strstrip(valid); *p; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);

        if (out->len + (size_t)(g_utf8_next_char(p) - p) > FT_CELL_MAX) {
            g_string_append(out, "...");
            break;
        }
        g_string_append_unichar(out, ft_is_disruptive(c) ? '.' : c);
    }
    g_free(valid);
    return g_string_free(out, FALSE);
}

char *
ft_time_text(const nstime_t *when)
{
    GDateTime *date = g_date_time_new_from_unix_utc(when->secs);
    char *second, *text;

    if (!date)
        return g_strdup("-");
    second = g_date_time_format(date, "%Y-%m-%d %H:%M:%S");
    text = g_strdup_printf("%s.%03d", second, when->nsecs / 1000000);
    g_free(second);
    g_date_time_unref(date);
    return text;
}

/* ---- In a terminal -------------------------------------------------------------------------- */

static gint
by_order(gconstpointer a, gconstpointer b, gpointer table)
{
    return ((const ft_table_t *)table)->order(*(void *const *)a, *(void *const *)b);
}

/* Could the filter have said something else of packets that only later ones made a call's? If it asks for what this plugin shows, or for columns. */
static bool
is_unsure(const terminal_table_t *terminal)
{
    static const char *const depends[] = { "facetime", "apns", "_ws." };

    for (unsigned i = 0; terminal->filter && i < array_length(depends); i++) {
        if (strstr(terminal->filter, depends[i]))
            return true;
    }
    return false;
}

static void
terminal_draw(void *tapdata)
{
    terminal_table_t *terminal = (terminal_table_t *)tapdata;
    const ft_table_t *table = terminal->table;
    ft_printed_table_t printed;

    rows_forget(&terminal->rows);
    if (table->late_rows && terminal->rows.context)
        table->late_rows(&terminal->rows);
    rows_join(table, &terminal->rows);
    if (table->before_draw)
        table->before_draw();
    if (table->order) {
        /* Nothing is looked up by its place from here on. */
        g_ptr_array_sort_with_data(terminal->rows.rows, by_order, (void *)table);
    }
    printed = (ft_printed_table_t){ .table = table, .filter = terminal->filter, .rows = (const void *const *)terminal->rows.rows->pdata,
                                    .n_rows = terminal->rows.rows->len, .left_out = terminal->rows.left_out, .forgot = terminal->rows.forgot,
                                    .unsure = is_unsure(terminal) ? ft_seen_missed(terminal->rows.seen) : 0 };
    if (ft_pref_tables == FT_TABLES_JSON)
        ft_table_print_json(&printed);
    else
        ft_table_print_text(&printed);
}

static tap_packet_status
terminal_packet(void *tapdata, packet_info *pinfo _U_, epan_dissect_t *edt _U_, const void *data, tap_flags_t flags _U_)
{
    terminal_table_t *terminal = (terminal_table_t *)tapdata;

    ft_tap_info_t alone;

    /* The second listener takes what packets bring of earlier ones. */
    if (terminal->filter && ft_seen_later((const ft_tap_info_t *)data, &alone)) {
        if (((const ft_tap_info_t *)data)->earlier) {
            rows_forget(&terminal->rows);
            ft_seen_miss(terminal->rows.seen, (const ft_tap_info_t *)data);
            return TAP_PACKET_DONT_REDRAW;
        }
        alone = *(const ft_tap_info_t *)data;
        alone.n_media_backlog = 0;
        data = &alone;
    }
    rows_packet(&terminal->rows, data);
    return TAP_PACKET_REDRAW;
}

/* Of the second listener, which has no filter. */
static tap_packet_status
terminal_later(void *tapdata, packet_info *pinfo _U_, epan_dissect_t *edt _U_, const void *data, tap_flags_t flags _U_)
{
    terminal_table_t *terminal = *(terminal_table_t **)tapdata;
    ft_tap_info_t alone;
    const ft_tap_info_t *info = ft_seen_later((const ft_tap_info_t *)data, &alone);

    if (info && (info != &alone || terminal->table->media_backlog))
        rows_packet(&terminal->rows, info);
    return TAP_PACKET_REDRAW;
}

static void
terminal_reset(void *tapdata)
{
    rows_clear(&((terminal_table_t *)tapdata)->rows);
}

static void
terminal_finish(void *tapdata)
{
    terminal_table_t *terminal = (terminal_table_t *)tapdata;

    rows_free(&terminal->rows);
    g_free(terminal->filter);
    g_free(terminal);
}

/* The filter in "-z facetime,calls,FILTER"; NULL if there is none. *error: what is wrong with the argument, to be freed. */
static const char *
table_filter(const ft_table_t *table, const char *argument, char **error)
{
    const char *rest = argument + strlen(table->cli);

    *error = NULL;
    if (!g_str_has_prefix(argument, table->cli) || (*rest != '\0' && *rest != ',')) {
        *error = g_strdup_printf("There is no statistic \"%s\"; write \"%s\" or \"%s,FILTER\".", argument, table->cli, table->cli);
        return NULL;
    }
    return *rest == ',' && rest[1] != '\0' ? rest + 1 : NULL;
}

static ft_stat_init_t
terminal_init(const char *argument, void *userdata)
{
    terminal_table_t *terminal;
    ft_table_t *table = (ft_table_t *)userdata;
    char *error;
    const char *filter = table_filter(table, argument, &error);
    GString *message;

    if (error) {
        fprintf(stderr, "tshark: %s\n", error);
        g_free(error);
        FT_STAT_INIT_FAILED;
    }
    terminal = g_new0(terminal_table_t, 1);
    terminal->table = table;
    terminal->filter = g_strdup(filter);
    rows_init(&terminal->rows, table);
    terminal->rows.seen = filter ? ft_seen_new() : NULL;
    terminal->later = terminal;
    message = register_tap_listener(table->tap, terminal, filter, TL_REQUIRES_NOTHING, terminal_reset, terminal_packet,
                                    terminal_draw, terminal_finish);
    if (!message && filter)
        message = register_tap_listener(table->tap, &terminal->later, NULL, TL_REQUIRES_NOTHING, NULL, terminal_later, NULL, NULL);
    if (message) {
        fprintf(stderr, "tshark: Couldn't register the %s statistic: %s\n", table->cli, message->str);
        g_string_free(message, TRUE);
        terminal_finish(terminal);
        FT_STAT_INIT_FAILED;
    }
    FT_STAT_INIT_OK;
}

/* ---- In the window and in sharkd ------------------------------------------------------------ */

/* So often two rows change places in one table, for its order; what comes after that stays where it came. Each takes a fraction of a
 * microsecond. Rows come nearly in order: a call of a day has some hundreds, and only a flood has more. */
#define FT_MAX_MOVES 500000

/* Digits of the numbers that the window gets as text: with blanks in front, they sort as numbers do. */
#define FT_WINDOW_DIGITS 16

/* Room around the first column's title for the arrow of the sorting: Qt 5 (4.0) leaves it free where the column is wide enough, Qt 6
 * draws it over the end of the title. No-break spaces, for blanks at the end are not drawn. */
#define FT_SORT_ARROW_TITLE "    %s\u00a0\u00a0\u00a0"

/* Does the window get the column's numbers as text? Its own reals all have six decimals, its numbers 32 bits, and none may be
 * missing. sharkd takes numbers. */
static bool
window_wants_text(const ft_column_t *column)
{
    return column->type == FT_CELL_TEXT || (is_window && column->type != FT_CELL_NUMBER);
}

static void
window_cell(stat_tap_table *stock, unsigned r, unsigned c, const ft_column_t *column, const void *row)
{
    stat_tap_table_item_type item = { 0 }, *old = stat_tap_get_field_data(stock, r, c);
    ft_cell_t cell = { 0 };

    if (old->type == TABLE_ITEM_STRING)
        g_free((char *)old->value.string_value);
    if (column->type != FT_CELL_TEXT && window_wants_text(column)) {
        char *text = ft_cell_text(column, row);

        item.type = TABLE_ITEM_STRING;
        item.value.string_value = g_strdup_printf("%*s", FT_WINDOW_DIGITS, text);
        g_free(text);
        stat_tap_set_field_data(stock, r, c, &item);
        return;
    }
    column->fill(row, &cell);
    switch (column->type) {
    case FT_CELL_NUMBER:
    case FT_CELL_BIG:
        item.type = cell.unknown ? TABLE_ITEM_NONE : TABLE_ITEM_UINT;
        item.value.uint_value = (unsigned)cell.number;
        if (cell.number > UINT32_MAX) {
            item.type = TABLE_ITEM_FLOAT;
            item.value.float_value = (double)cell.number;
        }
        break;
    case FT_CELL_REAL0:
    case FT_CELL_REAL1:
    case FT_CELL_REAL2:
    case FT_CELL_REAL:
        item.type = cell.unknown ? TABLE_ITEM_NONE : TABLE_ITEM_FLOAT;
        item.value.float_value = cell.real;
        break;
    case FT_CELL_TEXT:
        item.type = TABLE_ITEM_STRING;
        item.value.string_value = cell.text;
        break;
    }
    stat_tap_set_field_data(stock, r, c, &item);
}

static window_table_t *
window_of(const stat_tap_table *stock)
{
    return (window_table_t *)g_hash_table_lookup(window_tables, stock);
}

/* Drops all rows: they are those of the last tapping, or of the last file. */
static void
window_forget(window_table_t *window)
{
    rows_clear(&window->rows);
    g_array_set_size(window->shown_at, 0);
    g_array_set_size(window->shown_row, 0);
    window->moves = 0;
}

static void
window_reset(stat_tap_table *stock)
{
    window_table_t *window = window_of(stock);

    for (unsigned r = 0; r < stock->num_elements; r++) {
        for (unsigned c = 0; c < stock->num_fields; c++) {
            stat_tap_table_item_type *item = stat_tap_get_field_data(stock, r, c);

            if (item->type == TABLE_ITEM_STRING)
                g_free((char *)item->value.string_value);
        }
        g_free(stock->elements[r]);
    }
    stock->num_elements = 0;
    if (window)
        window_forget(window);
}

/* Should the row that is shown at this place of the stock table be below the one under it? */
static bool
window_is_out_of_order(const window_table_t *window, unsigned place)
{
    const GPtrArray *rows = window->rows.rows;

    return window->table->order(g_ptr_array_index(rows, g_array_index(window->shown_row, unsigned, place)),
                                g_ptr_array_index(rows, g_array_index(window->shown_row, unsigned, place + 1))) > 0;
}

/* The rows at a place of the stock table and under it change places: their cells do, and not their memory, for the lines of the window's
 * list keep that. */
static void
window_swap(window_table_t *window, stat_tap_table *stock, unsigned place)
{
    unsigned *row = &g_array_index(window->shown_row, unsigned, place), other = row[1];
    stat_tap_table_item_type *cells = stat_tap_get_field_data(stock, place, 0), *below = stat_tap_get_field_data(stock, place + 1, 0);

    for (unsigned c = 0; c < stock->num_fields; c++) {
        stat_tap_table_item_type cell = cells[c];

        cells[c] = below[c];
        below[c] = cell;
    }
    row[1] = row[0];
    row[0] = other;
    g_array_index(window->shown_at, unsigned, row[0]) = place;
    g_array_index(window->shown_at, unsigned, row[1]) = place + 1;
    window->moves++;
}

/* Moves a row to where the table's order has it. The window sorts by the first column only, and keeps this order among equals. */
static void
window_put_in_order(window_table_t *window, stat_tap_table *stock, unsigned row)
{
    unsigned place = g_array_index(window->shown_at, unsigned, row);

    if (!window->table->order)
        return;
    while (place > 0 && window->moves < FT_MAX_MOVES && window_is_out_of_order(window, place - 1))
        window_swap(window, stock, --place);
    while (place + 1 < window->shown_row->len && window->moves < FT_MAX_MOVES && window_is_out_of_order(window, place))
        window_swap(window, stock, place++);
}

static tap_packet_status
window_packet(void *tapdata, packet_info *pinfo _U_, epan_dissect_t *edt _U_, const void *data, tap_flags_t flags _U_)
{
    stat_data_t *listener = (stat_data_t *)tapdata;
    window_table_t *window = (window_table_t *)listener->stat_tap_data;     /* ui is its first member */
    const ft_table_t *table = window->table;
    stat_tap_table *stock = g_array_index(listener->stat_tap_data->tables, stat_tap_table *, 0);
    unsigned before;

    if (rows_are_stale(&window->rows))
        window_reset(stock);
    before = window->rows.rows->len;
    rows_packet(&window->rows, data);
    for (unsigned r = before; r < window->rows.rows->len; r++) {
        stat_tap_table_item_type *empty = g_new0(stat_tap_table_item_type, table->n_columns);

        stat_tap_init_table_row(stock, r, (unsigned)table->n_columns, empty);
        g_free(empty);
        g_array_append_val(window->shown_at, r);
        g_array_append_val(window->shown_row, r);
    }
    /* Wireshark and sharkd tap a file that was read before: all but the counts is final with the first packet. */
    for (unsigned i = 0; i < window->rows.changed->len; i++) {
        unsigned r = g_array_index(window->rows.changed, unsigned, i);

        for (unsigned c = 0; c < table->n_columns; c++) {
            if (r >= before || table->columns[c].counts)
                window_cell(stock, g_array_index(window->shown_at, unsigned, r), c, &table->columns[c], g_ptr_array_index(window->rows.rows, r));
        }
        window_put_in_order(window, stock, r);
    }
    return TAP_PACKET_REDRAW;
}

static void
window_free_item(stat_tap_table *stock, unsigned row, unsigned column, stat_tap_table_item_type *item)
{
    /* The stock code frees the table after its last cell. */
    if (item->type == TABLE_ITEM_STRING)
        g_free((char *)item->value.string_value);
    item->type = TABLE_ITEM_NONE;
    if (row + 1 == stock->num_elements && column + 1 == stock->num_fields) {
        window_table_t *window = window_of(stock);

        if (window)
            window_forget(window);
    }
}

static void
window_init(stat_tap_table_ui *ui)
{
    window_table_t *window = (window_table_t *)ui;
    stat_tap_table *stock = stat_tap_find_table(ui, ui->title);

    if (stock) {
        window_reset(stock);
        return;
    }
    window_forget(window);
    stock = stat_tap_init_table(ui->title, (int)window->table->n_columns, 0, NULL);
    g_hash_table_insert(window_tables, stock, window);
    stat_tap_add_table(ui, stock);
}

static void
window_check_filter(const char *argument, const char **filter, char **error)
{
    for (unsigned i = 0; i < n_registered; i++) {
        if (g_str_has_prefix(argument, registered[i]->cli)) {
            *filter = table_filter(registered[i], argument, error);
            return;
        }
    }
}

/* ---- Registration --------------------------------------------------------------------------- */

/* Is this Wireshark's window, and not tshark or sharkd? The three programs register statistics in the same list, and only
 * Wireshark has Qt in its process; 4.0 exports nothing else by which a plugin could tell them apart. */
static bool
in_window(void)
{
    GModule *program = g_module_open(NULL, (GModuleFlags)0);
    void *symbol = NULL;
    bool found = program && g_module_symbol(program, "qVersion", &symbol);

    if (program)
        g_module_close(program);
    return found;
}

static void
file_opened(void)
{
    file_number++;
}

void
ft_table_register(ft_table_t *table)
{
    static tap_param params[] = { { PARAM_FILTER, "filter", "Filter", NULL, TRUE } };
    window_table_t *window = g_new0(window_table_t, 1);
    stat_tap_table_item *fields = g_new0(stat_tap_table_item, table->n_columns);
    stat_tap_ui terminal;

    is_window = in_window();
    for (size_t c = 0; c < table->n_columns; c++) {
        static const stat_tap_table_item_enum types[] = {
            [FT_CELL_NUMBER] = TABLE_ITEM_UINT, [FT_CELL_BIG] = TABLE_ITEM_UINT, [FT_CELL_REAL0] = TABLE_ITEM_FLOAT,
            [FT_CELL_REAL1] = TABLE_ITEM_FLOAT, [FT_CELL_REAL2] = TABLE_ITEM_FLOAT, [FT_CELL_REAL] = TABLE_ITEM_FLOAT,
            [FT_CELL_TEXT] = TABLE_ITEM_STRING
        };
        static const char *const formats[] = { [TABLE_ITEM_UINT] = "%u", [TABLE_ITEM_FLOAT] = "%f", [TABLE_ITEM_STRING] = "%s" };
        bool text = table->columns[c].type == FT_CELL_TEXT;

        fields[c].type = window_wants_text(&table->columns[c]) ? TABLE_ITEM_STRING : types[table->columns[c].type];
        fields[c].align = text ? TAP_ALIGN_LEFT : TAP_ALIGN_RIGHT;
        /* The window sorts by the first column, and the arrow that says so covers the end of a title that is as wide as its cells. */
        fields[c].column_name = table->columns[c].title;
        if (is_window && c == 0 && !text)
            fields[c].column_name = g_strdup_printf(FT_SORT_ARROW_TITLE, table->columns[c].title);
        fields[c].field_format = formats[fields[c].type];
    }
    window->table = table;
    rows_init(&window->rows, table);
    window->shown_at = g_array_new(FALSE, FALSE, sizeof(unsigned));
    window->shown_row = g_array_new(FALSE, FALSE, sizeof(unsigned));
    window->ui.group = REGISTER_PACKET_STAT_GROUP_UNSORTED;
    window->ui.title = table->title;
    window->ui.tap_name = table->tap;
    window->ui.cli_string = table->cli;
    window->ui.stat_tap_init_cb = window_init;
    window->ui.packet_func = window_packet;
    window->ui.stat_tap_reset_table_cb = window_reset;
    window->ui.stat_tap_free_table_item_cb = window_free_item;
    window->ui.stat_filter_check_cb = window_check_filter;
    window->ui.nfields = table->n_columns;
    window->ui.fields = fields;
    window->ui.nparams = array_length(params);
    window->ui.params = params;
    if (!window_tables) {
        window_tables = g_hash_table_new(g_direct_hash, g_direct_equal);
        register_init_routine(file_opened);
    }
    if (n_registered < array_length(registered))
        registered[n_registered++] = table;
    register_stat_tap_table_ui(&window->ui);

    /* The first to register a name for -z has it: tshark's own printer comes later and finds it taken. */
    if (!is_window) {
        memset(&terminal, 0, sizeof terminal);
        terminal.group = REGISTER_PACKET_STAT_GROUP_UNSORTED;
        terminal.title = table->title;
        terminal.cli_string = table->cli;
        terminal.tap_init_cb = terminal_init;
        terminal.nparams = array_length(params);
        terminal.params = params;
        register_stat_tap_ui(&terminal, table);
    }
}
