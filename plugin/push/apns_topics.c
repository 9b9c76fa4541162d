/* apns_topics.c
 * Topics of push notifications. A frame names its topic by the SHA-1 of the topic's name: the table holds names, their hashes
 * are computed once at start.
 *
 * Sources of the names: OpenBubbles/rustpush (facetime.rs, identity.rs), JJTech0130/pypush (printer.py), entitlements of
 * callservicesd and identityservicesd as Apple ships them. Topics of apps are their bundle identifiers; those are not listed.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "push/apns.h"

static const ft_apns_topic_t topics[] = {
    /* FaceTime: invitations, links, group calls, messages left, and the relay that a call asks for. */
    { "com.apple.ess", true },                                  /* FaceTime of the first years, and its registration */
    { "com.apple.private.ac", true },                           /* beside com.apple.ess in identityservicesd */
    { "com.apple.private.alloy.facetime.audio", true },
    { "com.apple.private.alloy.facetime.lp", true },
    { "com.apple.private.alloy.facetime.messaging", true },
    { "com.apple.private.alloy.facetime.multi", true },
    { "com.apple.private.alloy.facetime.mw", true },
    { "com.apple.private.alloy.facetime.video", true },
    { "com.apple.private.alloy.quickrelay", true },
    { "com.apple.private.alloy.avconference.icloud", true },
    { "com.apple.private.alloy.copresence", true },             /* SharePlay */
    { "com.apple.private.alloy.screensharing.qr", true },
    { "com.apple.private.alloy.shareplay.3p", true },           /* iOS 26 */
    { "com.apple.private.alloy.phonecontinuity", true },        /* calls on the account's other devices */
    { "com.apple.private.alloy.phone.auth", true },
    { "com.apple.private.alloy.dropin.communication", true },
    { "com.apple.private.alloy.electrictouch", true },
    /* What else identityservicesd listens to. */
    { "com.apple.madrid", false },                              /* iMessage */
    { "com.apple.private.ids", false },
    { "com.apple.private.alloy.sms", false },
    { "com.apple.private.alloy.biz", false },
    { "com.apple.private.alloy.multiplex1", false },
    { "com.apple.private.alloy.status.keysharing", false },
    { "com.apple.private.alloy.status.personal", false },
    { "com.apple.private.alloy.fmf", false },
    { "com.apple.private.alloy.fmd", false },
    { "com.apple.private.alloy.gamecenter", false },
    { "com.apple.private.alloy.gamecenter.imessage", false },
    { "com.apple.private.alloy.home", false },
    { "com.apple.private.alloy.home.invite", false },
    { "com.apple.private.alloy.icloudpairing", false },
    { "com.apple.private.alloy.messagenotification", false },
    { "com.apple.private.alloy.notes", false },
    { "com.apple.private.alloy.photostream", false },
    { "com.apple.private.alloy.screentime", false },
    { "com.apple.private.alloy.screentime.invite", false },
    { "com.apple.private.alloy.continuity.activity", false },
    { "com.apple.private.alloy.continuity.encryption", false },
    { "com.apple.private.alloy.continuity.unlock", false },
    { "com.apple.icloud-container.com.apple.imagent", false },
    { "com.apple.icloud.presence.mode.status", false },
    { "com.apple.idmsauth", false },
    { "com.apple.maps.icloud", false },
    { "com.apple.mobileme.fmip", false },
    { "com.apple.mobileme.fmf1", false },
};

/* First four bytes of the hash -> index in topics + 1; the whole hashes beside it. Lives as long as the program. */
static uint8_t hashes[array_length(topics)][APNS_HASH_LEN];
static GHashTable *by_hash;

static unsigned
hash_hash(const void *key)
{
    unsigned value;

    memcpy(&value, key, sizeof value);
    return value;
}

static gboolean
hash_equal(const void *a, const void *b)
{
    return memcmp(a, b, APNS_HASH_LEN) == 0;
}

const ft_apns_topic_t *
ft_apns_topic_find(const uint8_t hash[APNS_HASH_LEN])
{
    unsigned found = GPOINTER_TO_UINT(g_hash_table_lookup(by_hash, hash));

    return found ? &topics[found - 1] : NULL;
}

void
ft_apns_topics_register(void)
{
    by_hash = g_hash_table_new(hash_hash, hash_equal);
    for (unsigned i = 0; i < array_length(topics); i++) {
        GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA1);
        size_t len = APNS_HASH_LEN;

        g_checksum_update(sum, (const unsigned char *)topics[i].name, -1);
        g_checksum_get_digest(sum, hashes[i], &len);
        g_checksum_free(sum);
        g_hash_table_insert(by_hash, hashes[i], GUINT_TO_POINTER(i + 1));
    }
}
