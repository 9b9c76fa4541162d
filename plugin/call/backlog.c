/* backlog.c
 * The backlog: earlier packets that the current frame brings into a call (datagrams of a flow, packets of service flows). On the first pass
 * the taps get them with that frame, so that a table has the same counts after one pass as after two.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "call/internal.h"

static wmem_array_t *backlog;   /* of ft_call_packets_t; file scope; its places are used again for each frame */
static unsigned n_backlog;

void
ft_backlog_add(const ft_call_packets_t *one)
{
    if (n_backlog < wmem_array_get_count(backlog))
        *(ft_call_packets_t *)wmem_array_index(backlog, n_backlog) = *one;
    else
        wmem_array_append(backlog, one, 1);
    n_backlog++;
}

unsigned
ft_backlog_count(void)
{
    return n_backlog;
}

const ft_call_packets_t *
ft_backlog_at(unsigned i)
{
    return (const ft_call_packets_t *)wmem_array_index(backlog, i);
}

void
ft_backlog_forget(void)
{
    n_backlog = 0;
}

void
ft_backlog_init(void)
{
    backlog = wmem_array_new(wmem_file_scope(), sizeof(ft_call_packets_t));
    n_backlog = 0;
}
