/* words.h
 * The texts of the words of packet-facetime.h.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef FT_WORDS_H
#define FT_WORDS_H

#include "packet-facetime.h"

#include "common/ws_compat.h"

/* Constant; each has a text for each value of its enum. */
extern const value_string ft_kind_vals[];
extern const value_string ft_phase_vals[];
extern const value_string ft_state_vals[];
extern const value_string ft_direction_vals[];
extern const value_string ft_end_vals[];
extern const value_string ft_join_vals[];
extern const value_string ft_path_vals[];
extern const value_string ft_mode_vals[];
extern const value_string ft_confidence_vals[];

/* The phase that a datagram of this kind most often belongs to; media where the kind says nothing. */
ft_phase_t ft_kind_phase(ft_kind_t kind);

#endif /* FT_WORDS_H */
