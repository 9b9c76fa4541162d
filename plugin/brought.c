/* brought.c
 * What the frame at hand brought into calls besides itself: earlier datagrams of a flow, earlier packets around the call. The taps
 * get them on the first pass with that frame, so that a table counts the same on one pass as on two.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "call.h"

static wmem_array_t *brought;   /* of ft_brought_t; file scope; its places are used again for each frame */
static unsigned n_brought;

void
ft_brought_add(const ft_brought_t *one)
{
    if (n_brought < wmem_array_get_count(brought))
        *(ft_brought_t *)wmem_array_index(brought, n_brought) = *one;
    else
        wmem_array_append(brought, one, 1);
    n_brought++;
}

unsigned
ft_brought_count(void)
{
    return n_brought;
}

const ft_brought_t *
ft_brought_at(unsigned i)
{
    return (const ft_brought_t *)wmem_array_index(brought, i);
}

void
ft_brought_forget(void)
{
    n_brought = 0;
}

void
ft_brought_init(void)
{
    brought = wmem_array_new(wmem_file_scope(), sizeof(ft_brought_t));
    n_brought = 0;
}
