/* sessions.c
 * The sessions that a call has with relays. The hello of each leg (a pair of sockets) has the token of its session: legs with one token are of one
 * session, two tokens are two sessions, also at one relay. Measured: Wi-Fi and cellular of a device have one token; two ports of one relay have two.
 *
 * A session is re-allocated where a leg that has one says hello with another token, or where device and relay speak of it: STUN Reallocate.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "call/internal.h"

#include <epan/to_str.h>

/* Why a flow is the call's, where less than a token says so. */
#define WEAKER_THAN_TOKEN (1u << FT_JOIN_SOCKET | 1u << FT_JOIN_DEVICE | 1u << FT_JOIN_RELAY | 1u << FT_JOIN_BEFORE | 1u << FT_JOIN_MAPPED | \
                           1u << FT_JOIN_CANDIDATE | 1u << FT_JOIN_PEER)

/* Bytes of a token before those that tell one from the other: each token that was seen begins with 90 00 00 01. */
#define TOKEN_HEAD 4
#define TOKEN_SHOWN 4

static bool
same_token(const uint8_t *a, unsigned a_len, const uint8_t *b, unsigned b_len)
{
    return a_len == b_len && memcmp(a, b, a_len) == 0;
}

static ft_session_t *
find(ft_call_t *call, const uint8_t *token, unsigned len)
{
    for (unsigned i = 0; i < call->n_sessions; i++) {
        if (same_token(call->sessions[i].token, call->sessions[i].token_len, token, len))
            return &call->sessions[i];
    }
    return NULL;
}

char *
ft_session_name(wmem_allocator_t *pool, const uint8_t *token, unsigned len)
{
    unsigned from = len >= TOKEN_HEAD + TOKEN_SHOWN ? TOKEN_HEAD : 0;

    char *bytes = bytes_to_str(pool, token + from, MIN(len - from, TOKEN_SHOWN));
    char *name = wmem_strdup_printf(pool, "%s%s", bytes, len > from + TOKEN_SHOWN ? "..." : "");

    wmem_free(pool, bytes);
    return name;
}

static char *
opened_text(const char *path, const uint8_t *token, unsigned len, bool known)
{
    char *name = ft_session_name(NULL, token, len);
    char *text = wmem_strdup_printf(wmem_file_scope(), "%s, token %s%s", path, name, known ? ", another leg of it" : "");

    wmem_free(NULL, name);
    return text;
}

static void
reallocated(ft_call_t *call, const ft_flow_t *flow, const uint8_t *token, unsigned token_len, const ft_moment_t *at, ft_side_t side)
{
    char *now = ft_session_name(NULL, token, token_len), *before = ft_session_name(NULL, flow->token, flow->token_len);

    ft_history_add(call, FT_EVENT_REALLOCATED, at, side, wmem_strdup_printf(wmem_file_scope(), "token %s, was %s", now, before));
    wmem_free(NULL, now);
    wmem_free(NULL, before);
}

void
ft_session_take(ft_call_t *call, ft_flow_t *flow, const uint8_t *token, unsigned token_len, const ft_moment_t *at, ft_side_t side)
{
    ft_session_t *session;
    bool known;

    if (flow->token && same_token(flow->token, flow->token_len, token, token_len))
        return;
    session = find(call, token, token_len);
    known = session != NULL;
    /* The flow came into the call before its hello was whole. */
    if (known && (1u << flow->reason) & WEAKER_THAN_TOKEN) {
        flow->reason = FT_JOIN_TOKEN;
        call->reasons |= 1u << FT_JOIN_TOKEN;
    }
    if (!session && call->n_sessions < FT_MAX_SESSIONS) {
        session = &call->sessions[call->n_sessions++];
        *session = (ft_session_t){ .token = token, .token_len = token_len, .first_frame = at->frame };
    }
    if (session)
        session->legs++;
    if (flow->token)
        reallocated(call, flow, token, token_len, at, side);
    else if (flow->opened)
        /* A hello in two Initials has its token in the second one. */
        flow->opened->what = opened_text(flow->opened->what, token, token_len, known);
    flow->token = token;
    flow->token_len = token_len;
}

void
ft_session_merge(ft_call_t *keep, const ft_call_t *gone)
{
    for (unsigned i = 0; i < gone->n_sessions; i++) {
        ft_session_t *same = find(keep, gone->sessions[i].token, gone->sessions[i].token_len);

        if (same) {
            same->legs += gone->sessions[i].legs;
            same->first_frame = MIN(same->first_frame, gone->sessions[i].first_frame);
        } else if (keep->n_sessions < FT_MAX_SESSIONS) {
            keep->sessions[keep->n_sessions++] = gone->sessions[i];
        }
    }
}
