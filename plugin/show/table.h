/* table.h
 * A statistics table, described once as data: its columns, and how a packet of the tap changes a row. From that come the
 * table of tshark -z, the dialog in Wireshark's Statistics menu, and the JSON of sharkd.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef FT_TABLE_H
#define FT_TABLE_H

#include "common/common.h"

/* The longest text of a cell, in bytes: what comes from the network is cut there, and three dots say so. */
#define FT_CELL_MAX 128

typedef enum {
    FT_CELL_NUMBER,
    FT_CELL_BIG,        /* a number that may need more than 32 bits */
    FT_CELL_REAL0,      /* with this many decimals */
    FT_CELL_REAL1,
    FT_CELL_REAL2,
    FT_CELL_REAL,       /* with three */
    FT_CELL_TEXT
} ft_cell_type_t;

typedef struct ft_cell {
    uint64_t number;    /* FT_CELL_NUMBER, FT_CELL_BIG */
    double real;        /* FT_CELL_REAL*, not negative */
    bool unknown;       /* the number is not known: "-" is shown, null in JSON */
    const char *text;   /* FT_CELL_TEXT: made with g_malloc(), freed by the table; never NULL */
} ft_cell_t;

typedef struct ft_column {
    const char *title;                                  /* with the unit */
    ft_cell_type_t type;
    void (*fill)(const void *row, ft_cell_t *cell);     /* row: as packet() made it */
    bool counts;                                        /* changes with each packet: filled again each time */
} ft_column_t;

/* The rows of one listener, in the order in which they began. */
typedef struct ft_table_rows ft_table_rows_t;

typedef struct ft_table {
    const char *title;                                  /* of the dialog and in the menu */
    const char *tap;                                    /* name of the tap that feeds it */
    const char *cli;                                    /* what follows -z, without filter */
    const ft_column_t *columns;
    size_t n_columns;
    void (*packet)(ft_table_rows_t *rows, const void *data); /* data: what was queued on the tap */
    void (*before_draw)(void);                          /* may be NULL */
    /* Adds the rows that only the whole file shows, before a terminal draws them; in the window all is known from the first packet on.
     * May be NULL. */
    void (*late_rows)(ft_table_rows_t *rows);
    /* Rows whose keys turned out to be the same thing (calls that were merged); all three or none. */
    const void *(*key)(const void *key);                /* the key that stands for this one now */
    void (*join)(void *into, const void *row);
    void (*rebind)(void *row, const void *key);
    /* Which of two rows stands above the other in a terminal, as strcmp() says it; NULL: the one that began first. */
    int (*order)(const void *row, const void *other);
    /* What a listener keeps besides its rows, as long as them; both or none. */
    void *(*context_new)(void);
    void (*context_free)(void *context);
    bool media_backlog;                                 /* it takes ft_tap_info_t.media_backlog */
    unsigned max_rows;                                  /* a flood gets no more; 0: no limit. The terminal says what is left out */
} ft_table_t;

/* True if the listener has a filter. */
bool ft_table_filtered(const ft_table_rows_t *rows);

/* What the listener's filter saw of packets before they were of a call; NULL: it has none. */
struct ft_seen *ft_table_seen(const ft_table_rows_t *rows);

/* What context_new() made for this listener. */
void *ft_table_context(const ft_table_rows_t *rows);

/* True where one more row would be too many; the packet then counts as left out. */
bool ft_table_leave_out(ft_table_rows_t *rows);

/* Counts a packet that the table leaves out for a limit of its own. */
void ft_table_left_out(ft_table_rows_t *rows);

/* The row of a key, made with `size` bytes of zero if there is none. NULL: max_rows is reached, and the packet is left out. */
void *ft_table_row(ft_table_rows_t *rows, const void *key, size_t size);

/* Makes the table known to tshark, Wireshark and sharkd. The table must live as long as the program. */
void ft_table_register(ft_table_t *table);

/* Text for a cell: network text made valid, without control characters and blanks around it, cut to FT_CELL_MAX. May be
 * empty. To be freed with g_free(). */
char *ft_printable(const char *text);
/* Absolute time in UTC, with milliseconds. To be freed with g_free(). */
char *ft_time_text(const nstime_t *when);

#endif /* FT_TABLE_H */
