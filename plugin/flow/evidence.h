/* evidence.h
 * How sure a flow's evidence makes that it is FaceTime.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef FT_EVIDENCE_H
#define FT_EVIDENCE_H

#include "packet-facetime.h"

/* Confidence that evidence (FT_EV() bits) gives; the sum of weak evidence stays weak. */
ft_confidence_t ft_confidence(uint32_t evidence);
/* The reason behind one bit, as shown in facetime.evidence. Static; "unknown" for a bit that is none. */
const char *ft_evidence_text(ft_evidence_t bit);

#endif /* FT_EVIDENCE_H */
