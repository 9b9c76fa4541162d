/* seen.c
 * What the filter of a listener said of packets before they were of a call.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "show/seen.h"

/* Frames and batches that are noted: a bit for each frame, 56 bytes for each batch. Later ones count as not let through. */
#define FT_MAX_SEEN_FRAMES  (64u * 1024 * 1024)
#define FT_MAX_SEEN_BATCHES (1024u * 1024)

/* What of a batch the filter let through. */
typedef struct batch {
    uint32_t frame;             /* the first one's; 0: nothing */
    uint32_t packets;
    uint64_t bytes;
    nstime_t first_time, last_time;
} batch_t;

struct ft_seen {
    GByteArray *frames;         /* a bit for each frame number */
    GArray *batches;            /* batch_t by the number of the batch */
    uint64_t missed;            /* packets */
};

ft_seen_t *
ft_seen_new(void)
{
    ft_seen_t *seen = g_new0(ft_seen_t, 1);

    seen->frames = g_byte_array_new();
    seen->batches = g_array_new(FALSE, TRUE, sizeof(batch_t));
    return seen;
}

void
ft_seen_free(ft_seen_t *seen)
{
    if (!seen)
        return;
    g_byte_array_free(seen->frames, TRUE);
    g_array_free(seen->batches, TRUE);
    g_free(seen);
}

bool
ft_seen_frame(const ft_seen_t *seen, uint32_t frame)
{
    return !seen || (frame / 8 < seen->frames->len && (seen->frames->data[frame / 8] & 1u << frame % 8));
}

static void
note_frame(ft_seen_t *seen, uint32_t frame)
{
    unsigned before = seen->frames->len;

    if (frame >= FT_MAX_SEEN_FRAMES)
        return;
    if (frame / 8 >= before) {
        g_byte_array_set_size(seen->frames, frame / 8 + 1);
        memset(seen->frames->data + before, 0, seen->frames->len - before);
    }
    seen->frames->data[frame / 8] |= (uint8_t)(1u << frame % 8);
}

static void
note_in_batch(ft_seen_t *seen, const ft_call_packets_t *what)
{
    batch_t *batch;

    if (what->batch >= FT_MAX_SEEN_BATCHES)
        return;
    if (what->batch >= seen->batches->len)
        g_array_set_size(seen->batches, what->batch + 1);
    batch = &g_array_index(seen->batches, batch_t, what->batch);
    if (!batch->frame) {
        batch->frame = what->frame;
        batch->first_time = batch->last_time = what->first_time;
    }
    batch->packets += what->packets;
    batch->bytes += what->bytes;
    if (nstime_cmp(&what->first_time, &batch->first_time) < 0)
        batch->first_time = what->first_time;
    if (nstime_cmp(&what->last_time, &batch->last_time) > 0)
        batch->last_time = what->last_time;
}

/* The part of a batch that the filter let through. */
static const ft_tap_info_t *
take_batch(const ft_seen_t *seen, const ft_tap_info_t *info, ft_tap_info_t *part)
{
    const batch_t *batch = info->what.batch < seen->batches->len ? &g_array_index(seen->batches, batch_t, info->what.batch) : NULL;

    if (!batch || batch->packets == 0)
        return NULL;
    *part = *info;
    part->what.frame = batch->frame;
    part->what.packets = batch->packets;
    part->what.bytes = batch->bytes;
    part->what.first_time = batch->first_time;
    part->what.last_time = batch->last_time;
    return part;
}

const ft_tap_info_t *
ft_seen_take(ft_seen_t *seen, const ft_tap_info_t *info, ft_tap_info_t *part)
{
    if (info->pending && seen) {
        note_frame(seen, info->what.frame);
        if (info->what.batch)
            note_in_batch(seen, &info->what);
    }
    if (info->pending)
        return NULL;
    /* A backlog of media alone: its frames are asked for one by one. */
    if (!info->earlier || !seen || info->n_media_backlog > 0)
        return info;
    if (info->what.batch)
        return take_batch(seen, info, part);
    return ft_seen_frame(seen, info->what.frame) ? info : NULL;
}

void
ft_seen_miss(ft_seen_t *seen, const ft_tap_info_t *info)
{
    ft_tap_info_t part;
    const ft_tap_info_t *taken = ft_seen_take(seen, info, &part);

    seen->missed += info->what.packets - (taken ? MIN(taken->what.packets, info->what.packets) : 0);
}

const ft_tap_info_t *
ft_seen_later(const ft_tap_info_t *info, ft_tap_info_t *part)
{
    if (info->earlier)
        return info;
    if (info->n_media_backlog == 0)
        return NULL;
    *part = (ft_tap_info_t){ .call = info->call, .what = { .call = info->what.call, .frame = info->what.frame }, .earlier = true, .phase = info->phase,
                             .media_backlog = info->media_backlog, .n_media_backlog = info->n_media_backlog };
    return part;
}

uint64_t
ft_seen_missed(const ft_seen_t *seen)
{
    return seen ? seen->missed : 0;
}
