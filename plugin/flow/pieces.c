/* pieces.c
 * The bytes of one direction of a TCP connection: pieces, holes between them, and the messages of each piece.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "flow/flow.h"
#include "flow/pieces.h"

/* Bytes in which no message was found, and that are kept for one; of more, the later half. */
#define MAX_HEAD 4096
/* Bytes that all pieces of a file keep at a time. */
#define MAX_KEPT (32 * 1024 * 1024)

static unsigned kept_bytes;     /* for which there is room */

/* By how much a sequence number is behind another one; they wrap around (RFC 9293, 3.4). */
static inline int32_t
behind(uint32_t number, uint32_t other)
{
    return (int32_t)(number - other);
}

static void
bytes_forget(ft_pieces_bytes_t *kept)
{
    if (kept->size > 0) {
        kept_bytes -= kept->size;
        wmem_free(wmem_file_scope(), kept->bytes);
    }
    *kept = (ft_pieces_bytes_t){ .bytes = NULL };
}

/* False: there is no room for more. */
static bool
bytes_add(ft_pieces_bytes_t *kept, const uint8_t *bytes, unsigned count)
{
    if (count == 0)
        return true;
    if (kept->count + count > kept->size) {
        unsigned size = MAX(2 * kept->size, kept->count + count);

        if (kept_bytes + (size - kept->size) > MAX_KEPT) {
            ft_limit_gave_way(FT_LIMIT_TCP_BYTES);
            return false;
        }
        kept_bytes += size - kept->size;
        kept->bytes = (uint8_t *)wmem_realloc(wmem_file_scope(), kept->bytes, size);
        kept->size = size;
    }
    memcpy(kept->bytes + kept->count, bytes, count);
    kept->count += count;
    return true;
}

/* Without the first of them. */
static void
bytes_drop(ft_pieces_bytes_t *kept, unsigned count)
{
    kept->count -= count;
    if (kept->count == 0)
        bytes_forget(kept);
    else
        memmove(kept->bytes, kept->bytes + count, kept->count);
}

static void
piece_remove(ft_pieces_t *pieces, unsigned place)
{
    bytes_forget(&pieces->pieces[place].head);
    bytes_forget(&pieces->pieces[place].tail);
    pieces->count--;
    memmove(pieces->pieces + place, pieces->pieces + place + 1, (pieces->count - place) * sizeof *pieces->pieces);
}

/* A new piece without bytes in this place. */
static unsigned
piece_insert(ft_pieces_t *pieces, unsigned place, uint32_t sequence)
{
    if (pieces->count == FT_PIECES_MAX) {
        piece_remove(pieces, 0);
        place -= place > 0;
    }
    memmove(pieces->pieces + place + 1, pieces->pieces + place, (pieces->count - place) * sizeof *pieces->pieces);
    pieces->pieces[place] = (ft_piece_t){ .start = sequence, .end = sequence };
    pieces->count++;
    return place;
}

/* Takes the messages that are complete. Returns the bytes that they are. */
static unsigned
read_messages(const uint8_t *bytes, unsigned count, const ft_pieces_reader_t *reader, void *data)
{
    unsigned at = 0;

    while (at < count) {
        unsigned length = reader->length(bytes + at, count - at, data);
        bool is_message = length > 0;

        /* Out of step: up to the next one that is sure. */
        if (!is_message)
            length = reader->find(bytes + at, count - at, false, data);
        if (length > count - at)
            break;
        reader->take(bytes + at, length, is_message, data);
        at += length;
    }
    return at;
}

/* More bytes behind the last message of a piece that is in step. */
static void
piece_go_on(ft_piece_t *piece, const uint8_t *bytes, unsigned count, const ft_pieces_reader_t *reader, void *data)
{
    if (piece->tail.count == 0) {
        unsigned read = read_messages(bytes, count, reader, data);

        /* What is not kept makes the next message begin out of step. */
        (void)bytes_add(&piece->tail, bytes + read, count - read);
    } else if (bytes_add(&piece->tail, bytes, count)) {
        bytes_drop(&piece->tail, read_messages(piece->tail.bytes, piece->tail.count, reader, data));
    } else {
        bytes_forget(&piece->tail);
    }
}

/* Looks for the first message of a piece. */
static void
piece_find(ft_piece_t *piece, const ft_pieces_reader_t *reader, void *data)
{
    unsigned at = reader->find(piece->head.bytes, piece->head.count, !piece->cut, data);
    ft_pieces_bytes_t rest = { .bytes = NULL };

    if (at < piece->head.count) {
        piece->in_step = true;
        if (bytes_add(&rest, piece->head.bytes + at, piece->head.count - at))
            piece_go_on(piece, rest.bytes, rest.count, reader, data);
        bytes_forget(&rest);
        piece->head.count = at;
        if (at == 0)
            bytes_forget(&piece->head);
    } else if (piece->head.count > MAX_HEAD) {
        /* The bytes before are no longer adjacent. */
        piece->cut = true;
        piece->start += piece->head.count - MAX_HEAD / 2;
        bytes_drop(&piece->head, piece->head.count - MAX_HEAD / 2);
    }
}

/* More bytes at the end of a piece. */
static void
piece_extend(ft_piece_t *piece, const uint8_t *bytes, unsigned count, const ft_pieces_reader_t *reader, void *data)
{
    piece->end += count;
    if (piece->in_step)
        piece_go_on(piece, bytes, count, reader, data);
    else if (bytes_add(&piece->head, bytes, count))
        piece_find(piece, reader, data);
    else {
        bytes_forget(&piece->head);
        piece->cut = true;
        piece->start = piece->end;
    }
}

/* The hole between a piece and the next one is filled. */
static void
join(ft_pieces_t *pieces, unsigned place, const ft_pieces_reader_t *reader, void *data)
{
    ft_piece_t *left = &pieces->pieces[place], *right = left + 1;

    left->end = right->end;
    if (left->in_step) {
        piece_go_on(left, right->head.bytes, right->head.count, reader, data);
    } else if (bytes_add(&left->head, right->head.bytes, right->head.count)) {
        piece_find(left, reader, data);
    }
    if (right->in_step) {
        /* Its messages begin where it found one, and those before end there. */
        left->in_step = true;
        bytes_forget(&left->tail);
        left->tail = right->tail;
        right->tail = (ft_pieces_bytes_t){ .bytes = NULL };
    }
    piece_remove(pieces, place + 1);
}

/* Bytes that are new, between two pieces. Returns the place of theirs. */
static unsigned
add_new(ft_pieces_t *pieces, unsigned place, uint32_t sequence, const uint8_t *bytes, unsigned count, const ft_pieces_reader_t *reader, void *data)
{
    if (place > 0 && pieces->pieces[place - 1].end == sequence)
        place--;
    else
        place = piece_insert(pieces, place, sequence);
    piece_extend(&pieces->pieces[place], bytes, count, reader, data);
    if (place + 1 < pieces->count && pieces->pieces[place + 1].start == sequence + count)
        join(pieces, place, reader, data);
    pieces->in_step |= pieces->pieces[place].in_step;
    if (!pieces->in_step)
        pieces->unread += count;
    return place;
}

unsigned
ft_pieces_add(ft_pieces_t *pieces, uint32_t sequence, const uint8_t *bytes, unsigned count, const ft_pieces_reader_t *reader, void *data)
{
    unsigned place = pieces->count, added = 0;

    /* Most segments follow the last piece. */
    while (place > 0 && behind(sequence, pieces->pieces[place - 1].end) < 0)
        place--;
    while (count > 0) {
        unsigned part = count, skip = 0;

        if (place < pieces->count) {
            const ft_piece_t *next = &pieces->pieces[place];
            int32_t gap = behind(next->start, sequence);

            if (gap <= 0) {
                /* It has these. */
                skip = (unsigned)CLAMP(behind(next->end, sequence), 0, (int32_t)count);
                part = 0;
            } else {
                part = MIN(count, (unsigned)gap);
            }
        }
        if (part > 0) {
            place = add_new(pieces, place, sequence, bytes, part, reader, data);
            added += part;
        }
        sequence += part + skip;
        bytes += part + skip;
        count -= part + skip;
        if (part == 0 || place >= pieces->count || behind(sequence, pieces->pieces[place].end) >= 0)
            place++;
    }
    return added;
}

ft_piece_t *
ft_pieces_at_rest(ft_pieces_t *pieces, uint32_t end)
{
    for (unsigned i = 0; i < pieces->count; i++) {
        if (pieces->pieces[i].end == end)
            return pieces->pieces[i].in_step && pieces->pieces[i].tail.count == 0 ? &pieces->pieces[i] : NULL;
    }
    return NULL;
}

void
ft_pieces_forget(ft_pieces_t *pieces)
{
    while (pieces->count > 0)
        piece_remove(pieces, pieces->count - 1);
}

void
ft_pieces_init(void)
{
    kept_bytes = 0;
}
