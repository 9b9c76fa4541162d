/* push_bursts.c
 * What the bursts of a device's push connection tell of a call, though all in them is encrypted: who called, as a guess, and that a
 * keep-alive is no part of it.
 *
 * Measured on both ends of one real call and on one end of another: a call begins with a burst of some kilobytes; on the caller's side the device
 * sends first, on the called side the server. Keep-alives are bursts of a few hundred bytes.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "call/internal.h"

/* A silence that ends a burst: longer than the second after which rvictl hands over the next packets. */
#define FT_BURST_GAP 1.5
/* Bytes of frames. Keep-alives of the real calls have up to 800 with their acknowledgements; the bursts that begin calls 9,000 and more. */
#define FT_KEEP_ALIVE_BYTES 1500
#define FT_INVITATION_BYTES 3000
/* A keep-alive so near to the call's first datagram may be part of what goes on. */
#define FT_KEEP_ALIVE_SECONDS 5
/* As services.c: what is earlier belongs to something else. */
#define FT_BEFORE_SECONDS 30

/* What a flood can make this file hold: devices of some 600 bytes each. */
#define FT_MAX_PUSH_DEVICES 16384
#define FT_BURSTS 8

typedef struct burst {
    nstime_t first, last;           /* absolute; zero: none */
    uint32_t frame;                 /* its first */
    bool opens;                     /* the connection is opened in it: then the device is first whoever calls */
    bool device_first;
    uint32_t up, down;              /* bytes of frames, from and to the device */
} burst_t;

/* A device and its latest bursts, a ring. File scope. */
typedef struct push_device {
    ft_endpoint_t at;
    burst_t bursts[FT_BURSTS];
    unsigned latest;
} push_device_t;

static wmem_map_t *devices;         /* ft_endpoint_t -> push_device_t; file scope */

void
ft_push_note(const ft_endpoint_t *device, uint32_t frame, const nstime_t *when, bool from_device, uint32_t bytes, bool opens)
{
    push_device_t *push = (push_device_t *)wmem_map_lookup(devices, device);
    burst_t *burst;

    if (!push) {
        if (wmem_map_size(devices) >= FT_MAX_PUSH_DEVICES)
            return;
        push = wmem_new0(wmem_file_scope(), push_device_t);
        ft_endpoint_copy(&push->at, &device->addr, device->port);
        wmem_map_insert(devices, &push->at, push);
    }
    burst = &push->bursts[push->latest];
    if (!nstime_is_zero(&burst->first) && ft_seconds(when, &burst->last) > FT_BURST_GAP) {
        push->latest = (push->latest + 1) % FT_BURSTS;
        burst = &push->bursts[push->latest];
        memset(burst, 0, sizeof *burst);
    }
    if (nstime_is_zero(&burst->first)) {
        burst->first = *when;
        burst->frame = frame;
        burst->device_first = from_device;
    }
    burst->last = *when;
    burst->opens |= opens;
    *(from_device ? &burst->up : &burst->down) += bytes;
}

bool
ft_push_is_keep_alive(const ft_endpoint_t *device, const nstime_t *when, const nstime_t *call_begins)
{
    const push_device_t *push = (const push_device_t *)wmem_map_lookup(devices, device);

    for (unsigned i = 0; push && i < FT_BURSTS; i++) {
        const burst_t *burst = &push->bursts[i];

        if (!nstime_is_zero(&burst->first) && nstime_cmp(&burst->first, when) <= 0 && nstime_cmp(when, &burst->last) <= 0)
            return burst->up + burst->down < FT_KEEP_ALIVE_BYTES && ft_seconds(call_begins, &burst->last) > FT_KEEP_ALIVE_SECONDS;
    }
    return false;
}

void
ft_push_take(ft_call_t *call, const ft_endpoint_t *device)
{
    const push_device_t *push = (const push_device_t *)wmem_map_lookup(devices, device);
    const burst_t *found = NULL;
    ft_moment_t at;

    if (call->invited_by != FT_SIDE_UNKNOWN)
        return;
    for (unsigned i = 0; push && i < FT_BURSTS; i++) {
        const burst_t *burst = &push->bursts[i];
        double before = nstime_is_zero(&burst->first) ? -1 : ft_seconds(&call->own_first_time, &burst->first);

        if (before >= 0 && before <= FT_BEFORE_SECONDS && !burst->opens && burst->up + burst->down >= FT_INVITATION_BYTES &&
            (!found || nstime_cmp(&burst->first, &found->first) > 0))
            found = burst;
    }
    if (!found)
        return;
    at = (ft_moment_t){ .frame = found->frame, .when = found->first };
    call->invited_by = found->device_first ? FT_SIDE_DEVICE : FT_SIDE_PEER;
    ft_history_add(call, FT_EVENT_INVITED, &at, call->invited_by,
                   wmem_strdup_printf(wmem_file_scope(), "push: the %s sends first, %u bytes up and %u down by then [guess]",
                                      found->device_first ? "device" : "server", found->up, found->down));
}

void
ft_push_init(void)
{
    devices = wmem_map_new(wmem_file_scope(), ft_endpoint_hash, ft_endpoint_equal);
}
