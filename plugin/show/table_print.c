/* table_print.c
 * Prints a table in a terminal: as aligned columns for people, or as JSON for programs (preference facetime.tables).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "show/table_print.h"

#include <stdio.h>

#include <epan/epan.h>
#include <wsutil/json_dumper.h>

/* Of a table whose packets are not all of the run. */
static const char forgot_note[] = "Of the latest file, or session of -M, only: what came before is forgotten.";

/* Cells that the text takes in a terminal: East Asian characters and emoji take two, combining ones none. */
static size_t
text_width(const char *text)
{
    size_t width = 0;

    for (; *text; text = g_utf8_next_char(text)) {
        gunichar c = g_utf8_get_char(text);

        width += g_unichar_iszerowidth(c) ? 0 : g_unichar_iswide(c) ? 2 : 1;
    }
    return width;
}

static char *
real_text(const ft_cell_t *cell, int decimals)
{
    char text[FT_DECIMAL_LEN];

    return g_strdup(cell->unknown ? "-" : ft_decimal(text, cell->real, decimals));
}

char *
ft_cell_text(const ft_column_t *column, const void *row)
{
    ft_cell_t cell = { 0 };

    column->fill(row, &cell);
    switch (column->type) {
    case FT_CELL_NUMBER:
    case FT_CELL_BIG: return cell.unknown ? g_strdup("-") : g_strdup_printf("%" PRIu64, cell.number);
    case FT_CELL_REAL0: return real_text(&cell, 0);
    case FT_CELL_REAL1: return real_text(&cell, 1);
    case FT_CELL_REAL2: return real_text(&cell, 2);
    case FT_CELL_REAL: return real_text(&cell, 3);
    case FT_CELL_TEXT: break;
    }
    return (char *)cell.text;
}

static void
print_cell(const char *text, size_t width, bool right, bool last)
{
    size_t length = text_width(text);
    int padding = (int)(width > length ? width - length : 0);

    if (right)
        fprintf(stdout, "%*s%s", padding, "", text);
    else
        fprintf(stdout, "%s%*s", text, last ? 0 : padding, "");
    fputs(last ? "\n" : "  ", stdout);
}

void
ft_table_print_text(const ft_printed_table_t *printed)
{
    const ft_table_t *table = printed->table;
    size_t columns = table->n_columns, width_of_all = 0, *width = g_new0(size_t, columns);
    unsigned n_rows = printed->n_rows;
    char **cells = g_new0(char *, n_rows * columns), *limits;

    for (size_t c = 0; c < columns; c++) {
        width[c] = text_width(table->columns[c].title);
        for (unsigned r = 0; r < n_rows; r++) {
            char *text = ft_cell_text(&table->columns[c], printed->rows[r]);

            cells[r * columns + c] = text;
            width[c] = MAX(width[c], text_width(text));
        }
        width_of_all += width[c] + 2;
    }

    fprintf(stdout, "\n");
    for (size_t i = 2; i < width_of_all; i++)
        putchar('=');
    limits = ft_limits_reached();
    fprintf(stdout, "\n%s%s%s", table->title, limits ? "; limit reached: " : "", limits ? limits : "");
    g_free(limits);
    if (printed->unsure)
        fprintf(stdout, " (one pass: the filter saw %" PRIu64 " packet%s before it was known that they are of a call; -2 counts them)", printed->unsure,
                printed->unsure == 1 ? "" : "s");
    fprintf(stdout, "\n");
    fprintf(stdout, "Filter: %s\n", printed->filter ? printed->filter : "<none>");
    for (size_t c = 0; c < columns; c++)
        print_cell(table->columns[c].title, width[c], table->columns[c].type != FT_CELL_TEXT, c + 1 == columns);
    for (unsigned r = 0; r < n_rows; r++) {
        for (size_t c = 0; c < columns; c++)
            print_cell(cells[r * columns + c], width[c], table->columns[c].type != FT_CELL_TEXT, c + 1 == columns);
    }
    if (printed->forgot)
        fprintf(stdout, "%s\n", forgot_note);
    if (printed->left_out)
        fprintf(stdout, "More rows than are kept: %" PRIu64 " packets are left out.\n", printed->left_out);
    for (size_t i = 2; i < width_of_all; i++)
        putchar('=');
    fprintf(stdout, "\n");

    for (size_t i = 0; i < n_rows * columns; i++)
        g_free(cells[i]);
    g_free(cells);
    g_free(width);
}

/* A cell as a JSON value: a number where the column has numbers, null where it is not known. */
static void
json_cell(json_dumper *json, const ft_column_t *column, const void *row)
{
    ft_cell_t cell = { 0 };
    char real[FT_DECIMAL_LEN];

    column->fill(row, &cell);
    if (column->type == FT_CELL_TEXT) {
        json_dumper_value_string(json, cell.text);
        g_free((char *)cell.text);
    } else if (cell.unknown)
        json_dumper_value_anyf(json, "null");
    else if (column->type == FT_CELL_NUMBER || column->type == FT_CELL_BIG)
        json_dumper_value_anyf(json, "%" PRIu64, cell.number);
    else
        json_dumper_value_anyf(json, "%s", ft_decimal(real, cell.real, 6));
}

void
ft_table_print_json(const ft_printed_table_t *printed)
{
    const ft_table_t *table = printed->table;
    json_dumper *json = g_new0(json_dumper, 1);

    json->output_file = stdout;
    json_dumper_begin_object(json);
    json_dumper_set_member_name(json, "table");
    json_dumper_value_string(json, table->title);
    json_dumper_set_member_name(json, "statistic");
    json_dumper_value_string(json, table->cli);
    /* Whoever gets only the tables wants to know what made them. */
    json_dumper_set_member_name(json, "wireshark");
    json_dumper_value_string(json, epan_get_version());
    json_dumper_set_member_name(json, "filter");
    if (printed->filter)
        json_dumper_value_string(json, printed->filter);
    else
        json_dumper_value_anyf(json, "null");
    json_dumper_set_member_name(json, "columns");
    json_dumper_begin_array(json);
    for (size_t c = 0; c < table->n_columns; c++)
        json_dumper_value_string(json, table->columns[c].title);
    json_dumper_end_array(json);
    json_dumper_set_member_name(json, "rows");
    json_dumper_begin_array(json);
    for (unsigned r = 0; r < printed->n_rows; r++) {
        json_dumper_begin_array(json);
        for (size_t c = 0; c < table->n_columns; c++)
            json_cell(json, &table->columns[c], printed->rows[r]);
        json_dumper_end_array(json);
    }
    json_dumper_end_array(json);
    json_dumper_set_member_name(json, "packets_left_out");
    json_dumper_value_anyf(json, "%" PRIu64, printed->left_out);
    if (printed->forgot) {
        json_dumper_set_member_name(json, "note");
        json_dumper_value_string(json, forgot_note);
    }
    json_dumper_end_object(json);
    json_dumper_finish(json);
    g_free(json);
}
