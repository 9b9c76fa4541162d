/* table_print.h
 * A table in a terminal.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef FT_TABLE_PRINT_H
#define FT_TABLE_PRINT_H

#include "show/table.h"

/* A table whose rows are final and in their order. */
typedef struct ft_printed_table {
    const ft_table_t *table;
    const char *filter;         /* NULL: none */
    const void *const *rows;
    unsigned n_rows;
    uint64_t left_out;          /* packets that found no row */
    bool forgot;                /* there were rows of an earlier file */
    uint64_t unsure;            /* packets of calls that the filter was asked of before that was known, and did not let through */
} ft_printed_table_t;

/* The text of a cell; "-" where it is not known. To be freed with g_free(). */
char *ft_cell_text(const ft_column_t *column, const void *row);
/* As lines with aligned columns, between two rulers. */
void ft_table_print_text(const ft_printed_table_t *printed);
/* As one line of JSON: {"table": title, "statistic": ..., "filter": text or null, "columns": [titles], "rows": [[cells]],
 * "packets_left_out": number}, and "note" where the table is not of the whole run. Numbers have a point in every locale; what is not known is
 * null. */
void ft_table_print_json(const ft_printed_table_t *printed);

#endif /* FT_TABLE_PRINT_H */
