/* pieces.h
 * The bytes of one direction of a TCP connection, put together from its segments in whatever order they come, and cut into messages.
 *
 * Wireshark's own reassembly gives a dissector no segment that it takes for one out of order or sent again (preferences
 * tcp.no_subdissector_on_error and tcp.reassemble_out_of_order, as they are by default), and needs the connection's dissector from the first byte of
 * a message on. This one needs neither: what was captured is kept as pieces with holes between them, and each piece is read from its first
 * message on. A segment that fills a hole joins two pieces, and gives the message that went over the hole.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef FT_PIECES_H
#define FT_PIECES_H

#include "common/common.h"

/* Pieces with holes between them, of one direction. The oldest gives way. */
#define FT_PIECES_MAX 32

/* What the messages of a stream are. The bytes are valid during the call only. */
typedef struct ft_pieces_reader {
    /* Bytes of the message that begins here, at least: more than there are if it is not complete; 0: none begins here. */
    unsigned (*length)(const uint8_t *bytes, unsigned count, void *data);
    /* Where in these bytes, in which nothing is known yet, a message surely begins; count: nowhere. first: they begin a segment. */
    unsigned (*find)(const uint8_t *bytes, unsigned count, bool first, void *data);
    /* Takes a message, or bytes that are none. */
    void (*take)(const uint8_t *bytes, unsigned count, bool is_message, void *data);
} ft_pieces_reader_t;

typedef struct ft_pieces_bytes {
    uint8_t *bytes;             /* file scope */
    unsigned count, size;       /* bytes that there are; for which there is room */
} ft_pieces_bytes_t;

/* Bytes without a hole. */
typedef struct ft_piece {
    uint32_t start, end;        /* sequence numbers of the first byte and of the one after the last */
    bool in_step;               /* where messages begin is known, from some byte on */
    bool cut;                   /* bytes before start were forgotten: it is no segment's first byte */
    ft_pieces_bytes_t head;     /* the bytes before the first message; all of them if it is not in step */
    ft_pieces_bytes_t tail;     /* of the message that is not complete, at the end */
} ft_piece_t;

/* One direction. Zeroed at first. File scope; written on the first pass only. */
typedef struct ft_pieces {
    ft_piece_t pieces[FT_PIECES_MAX];   /* by their sequence numbers */
    unsigned count;
    unsigned unread;            /* bytes that came while no piece was in step */
    bool in_step;               /* one of them is, or was */
} ft_pieces_t;

/* Adds a segment: sequence number of its first byte, its bytes. What was there before is not looked at again. Returns how many are new. */
unsigned ft_pieces_add(ft_pieces_t *pieces, uint32_t sequence, const uint8_t *bytes, unsigned count, const ft_pieces_reader_t *reader, void *data);
/* The piece that ends here, in step and with no message begun; NULL: none does. */
ft_piece_t *ft_pieces_at_rest(ft_pieces_t *pieces, uint32_t end);
/* Forgets the bytes that are kept. */
void ft_pieces_forget(ft_pieces_t *pieces);
/* Forgets the last file; called when a file is opened. */
void ft_pieces_init(void);

#endif /* FT_PIECES_H */
