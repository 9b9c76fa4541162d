/* exchange.h
 * Requests and answers that are linked by an identifier both carry: STUN's transaction ID, the nonce of a NAT probe.
 * A wire file notes each message; the exchange counts its sendings and answers and shows what links them.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef FT_EXCHANGE_H
#define FT_EXCHANGE_H

#include "flow/flow.h"

/* The format of the identifier: equal identifiers of different formats are not related. */
typedef enum { FT_EXCHANGE_STUN, FT_EXCHANGE_SNATMAP, FT_EXCHANGE_COMMNAT, FT_EXCHANGE_LINK, FT_EXCHANGE_CONTROL } ft_exchange_kind_t;

/* STUN's transaction ID has 96 bits, its method 12 (RFC 8489, section 5). Shorter identifiers are filled with zeroes. */
#define FT_EXCHANGE_ID_MAX 14

/* One request, all its sendings and answers. File scope; written on the first pass only. */
typedef struct ft_exchange {
    uint32_t request_frame;         /* first sending; 0: the capture does not have the request */
    uint32_t last_request_frame;    /* latest sending */
    nstime_t request_time, last_request_time; /* absolute, of those */
    uint32_t answer_frame;          /* first answer; 0: none so far */
    uint32_t requests, answers;     /* how many */
    const ft_flow_t *flow;
    bool asked_by_a;                /* the request went from side a of the flow */
    uint32_t *copies_answered;      /* frame of the first answer to it or to one of its copies on other flows; NULL: no copies are known of */
    void *data;                     /* what the wire format keeps with it; file scope, NULL at first */
} ft_exchange_t;

/* One message of an exchange. File scope. Its counts are those at its arrival, so they are the same on every pass. */
typedef struct ft_exchange_message {
    ft_exchange_t *exchange;
    bool is_answer;
    uint32_t repeats;               /* how often the same message came before */
    nstime_t since_first;           /* of an answer: time since the first sending, unset if there was none */
    nstime_t since_latest;          /* time since the latest sending before it, unset if there was none */
} ft_exchange_message_t;

/* The fields by which a wire format shows its exchanges, and the expert item on a request without answer. */
typedef struct ft_exchange_fields {
    int response_in, response_to, response_time, response_time_latest;
    int retransmission, retransmission_of, retransmission_after, transmissions, unanswered;
    expert_field no_answer;
} ft_exchange_fields_t;

/* Registers the fields below `prefix` ("facetime.stun"). */
void ft_exchange_register(ft_exchange_fields_t *fields, const char *prefix);

/* Notes the message in tvb on the first pass, and finds it again on later ones. NULL: no flow, or the limit is reached. */
const ft_exchange_message_t *ft_exchange_note(tvbuff_t *tvb, const packet_info *pinfo, const ft_flow_t *flow, ft_exchange_kind_t kind,
                                              const uint8_t *id, size_t id_len, bool is_answer);

/* Tells what all copies of a request have in common, whichever leg they take: an answer to one answers them all. First pass only. */
void ft_exchange_copy(const ft_exchange_message_t *message, uint64_t fingerprint);

/* The exchange that this packet would answer, by direction and identifier; NULL if there is none. */
const ft_exchange_t *ft_exchange_asked(const packet_info *pinfo, const ft_flow_t *flow, ft_exchange_kind_t kind,
                                       const uint8_t *id, size_t id_len);

/* Shows the links of a message below tree; item gets the expert item. message may be NULL. */
void ft_exchange_show(ft_exchange_fields_t *fields, const ft_exchange_message_t *message, tvbuff_t *tvb,
                      packet_info *pinfo, proto_tree *tree, proto_item *item);

/* True if messages were not noted for the limit. */
bool ft_exchange_limit_reached(void);
/* Forgets the last file's exchanges; called when a file is opened. */
void ft_exchange_init(void);

#endif /* FT_EXCHANGE_H */
