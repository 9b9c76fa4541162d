/* hosts.c
 * The table of host names that belong to FaceTime or appear around a call, with the role and the source of each.
 *
 * A pattern is a whole name, or "*." and a suffix of labels, or "*-" and a name whose first label a number and a dash stand
 * before (Apple numbers its push couriers: 12-courier.push.apple.com). The most specific pattern wins: the whole name, then the numbered
 * one, then the longest suffix. A look-up takes one hash per label of the name.
 *
 * Sources, as named in the table:
 *   bag        the configuration that init.ess.apple.com serves; published in scottgl9/ios_ssl_proxy (docs, 2017) and in
 *              kahunalu/apple_bag
 *   packetstan packetstan.com, July 2010, "Special Look: Face Time", parts 1 and 2
 *   iphonewiki theiphonewiki.com, "FaceTime"; applewiki: theapplewiki.com, "Apple Push Notification Service"
 *   Apple      support.apple.com 101555, "Use Apple products on enterprise networks"
 *   pypush     JJTech0130/pypush; rustpush: OpenBubbles/rustpush
 *   captures   two FaceTime calls of the RTC-Measurement-Project (2025)
 *
 * No public source names a host to which a device speaks for a relay of today: it is asked for through the push
 * (topic com.apple.private.alloy.quickrelay).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "names/hosts.h"

/* RFC 1035, section 2.3.4: a name has at most 253 characters as text. */
#define FT_MAX_NAME 253

const value_string ft_role_vals[] = {
    { FT_ROLE_BAG, "bag" },
    { FT_ROLE_CERTIFICATE, "certificate" },
    { FT_ROLE_REGISTRATION, "registration" },
    { FT_ROLE_REVOCATION, "revocation" },
    { FT_ROLE_RELAY_ALLOCATION, "relay allocation" },
    { FT_ROLE_PUSH, "push" },
    { FT_ROLE_CONNECTIVITY, "connectivity test" },
    { FT_ROLE_IDENTITY, "identity" },
    { FT_ROLE_NAT_PROBE, "nat probe" },
    { FT_ROLE_LINK, "call link" },
    { FT_ROLE_RELAY, "relay" },
    { FT_ROLE_DEVICE, "device, not call" },
    { 0, NULL }
};

static const ft_host_t hosts[] = {
    /* Bag: the URLs, ports and switches of all that follows. */
    { "init.ess.apple.com", NULL, FT_ROLE_BAG, "packetstan; pypush (VCInit getBag)" },
    { "init-p01md.apple.com", NULL, FT_ROLE_BAG, "bag of iMessage (kahunalu/apple_bag); captures" },
    { "init-s01md.apple.com", NULL, FT_ROLE_BAG, "bag of iMessage, the sibling of init-p01md" },
    { "init-p01md-lb.push-apple.com.akadns.net", NULL, FT_ROLE_BAG, "alias of init-p01md.apple.com" },
    { "init-p01st.push.apple.com", NULL, FT_ROLE_BAG, "bag of the push (scottgl9/ios_ssl_proxy)" },
    { "init-s01st.push.apple.com", NULL, FT_ROLE_BAG, "bag of the push, the sibling of init-p01st" },
    { "init-p01st-lb.push-apple.com.akadns.net", NULL, FT_ROLE_BAG, "alias of init-p01st.push.apple.com" },
    { "init-s01st-lb.push-apple.com.akadns.net", NULL, FT_ROLE_BAG, "alias of init-s01st.push.apple.com" },

    /* Certificates. */
    { "EVIntl-aia.verisign.com", NULL, FT_ROLE_CERTIFICATE, "iphonewiki (EVIntl2006.cer)" },
    { "EVSecure-aia.verisign.com", NULL, FT_ROLE_CERTIFICATE, "Verisign's other EV issuer, as EVIntl-aia" },
    { "static.ess.apple.com", NULL, FT_ROLE_CERTIFICATE, "bag (id-validation-cert)" },
    { "albert.apple.com", NULL, FT_ROLE_CERTIFICATE, "applewiki (the device's certificate for the push)" },

    /* Registration. */
    { "registration.ess.apple.com", NULL, FT_ROLE_REGISTRATION, "packetstan; bag (vc-register)" },
    { "identity.ess.apple.com", NULL, FT_ROLE_REGISTRATION, "bag (id-register); pypush" },

    /* Revocation. */
    { "EVIntl-crl.verisign.com", NULL, FT_ROLE_REVOCATION, "iphonewiki (CRL of the EV issuer)" },
    { "EVSecure-crl.verisign.com", NULL, FT_ROLE_REVOCATION, "iphonewiki (CRL of the EV issuer)" },
    { "ocsp.verisign.com", NULL, FT_ROLE_REVOCATION, "OCSP of the same issuer" },
    { "ocsp.apple.com", NULL, FT_ROLE_REVOCATION, "Apple (certificate validation)" },
    { "ocsp2.apple.com", NULL, FT_ROLE_REVOCATION, "Apple (certificate validation)" },
    { "crl.apple.com", NULL, FT_ROLE_REVOCATION, "Apple (certificate validation)" },
    { "valid.apple.com", NULL, FT_ROLE_REVOCATION, "Apple (certificate validation)" },

    /* Invitations and relays before QuickRelay. */
    { "invitation.ess.apple.com", NULL, FT_ROLE_RELAY_ALLOCATION, "bag (gk-invitation-relay-initiate)" },
    { "cdx.ess.apple.com", NULL, FT_ROLE_RELAY_ALLOCATION, "bag (gk-cdx: exchange of connection data, port 4398)" },

    /* NAT probes: CommNAT's two neighbours. */
    { "commnat-main.ess.apple.com", NULL, FT_ROLE_NAT_PROBE, "bag (gk-commnat-main, ports 16384 and 16385)" },
    { "commnat-cohort.ess.apple.com", NULL, FT_ROLE_NAT_PROBE, "bag (gk-commnat-cohort, port 16386)" },

    /* Push. */
    { "courier.push.apple.com", NULL, FT_ROLE_PUSH, "packetstan (certificate of TCP 5223)" },
    { "*-courier.push.apple.com", NULL, FT_ROLE_PUSH, "Apple; applewiki (numbered courier)" },
    { "*.push.apple.com", NULL, FT_ROLE_PUSH, "Apple (push notifications)" },
    { "*.courier-push-apple.com.akadns.net", NULL, FT_ROLE_PUSH, "alias of courier.push.apple.com" },
    { "api.push.apple.com", NULL, FT_ROLE_DEVICE, "Apple (what apps' servers send to, no courier)" },
    { "api.sandbox.push.apple.com", NULL, FT_ROLE_DEVICE, "Apple (what apps' servers send to, no courier)" },
    { "api.development.push.apple.com", NULL, FT_ROLE_DEVICE, "Apple (what apps' servers send to, no courier)" },
    { "gateway.push.apple.com", NULL, FT_ROLE_DEVICE, "Apple (what apps' servers sent to, no courier)" },
    { "gateway.sandbox.push.apple.com", NULL, FT_ROLE_DEVICE, "Apple (what apps' servers sent to, no courier)" },
    { "feedback.push.apple.com", NULL, FT_ROLE_DEVICE, "Apple (what apps' servers read, no courier)" },

    /* Is there a network? */
    { "www.apple.com", "/library/test/success.html", FT_ROLE_CONNECTIVITY, "iphonewiki" },
    { "captive.apple.com", NULL, FT_ROLE_CONNECTIVITY, "Apple (networks that use captive portals)" },
    { "captive.apple.com.edgekey.net", NULL, FT_ROLE_CONNECTIVITY, "alias of captive.apple.com" },
    { "static.ess.apple.com", "/connectivity.txt", FT_ROLE_CONNECTIVITY, "bag (gk-p2p-tcp-check-url)" },

    /* Identity: who can be reached, under which handles, with which keys. */
    { "query.ess.apple.com", NULL, FT_ROLE_IDENTITY, "bag (id-query); pypush" },
    { "profile.ess.apple.com", NULL, FT_ROLE_IDENTITY, "bag (id-get-handles); pypush" },
    { "*.ess.apple.com", NULL, FT_ROLE_IDENTITY, "bag (all its hosts are in this domain)" },
    { "*.ess-apple.com.akadns.net", NULL, FT_ROLE_IDENTITY, "alias of ess.apple.com" },

    { "facetime.apple.com", NULL, FT_ROLE_LINK, "rustpush (FaceTime links in browsers)" },

    /* Seen around the start of a call, but the device asks them anyway. */
    { "gs-loc.apple.com", NULL, FT_ROLE_DEVICE, "captures (location)" },
    { "gs-loc.ls-apple.com.akadns.net", NULL, FT_ROLE_DEVICE, "captures (alias of gs-loc.apple.com)" },
    { "mask.icloud.com", NULL, FT_ROLE_DEVICE, "captures (Private Relay)" },
    { "mask.apple-dns.net", NULL, FT_ROLE_DEVICE, "captures (alias of mask.icloud.com)" },
};

/* Lower-case pattern, with the path behind it if it has one -> ft_host_t. Made once; lives as long as the program. */
static GHashTable *by_name;
/* The last two labels of all patterns. Most names of a capture end in other labels and take one look-up. */
static GHashTable *domains;

/* Letters at the end of a name that are looked at first: "le.com" of "apple.com". No pattern is shorter. */
#define ENDING 6
/* By hash_ending(): a pattern ends so. */
static bool endings[UINT8_MAX + 1];

/* Of the last ENDING bytes before `end`: letters as lower-case ones, and all else as the same, so that the lengths of a name in DNS count as dots. */
static inline uint8_t
hash_ending(const uint8_t *end)
{
    uint32_t four, letters;
    uint16_t two;

    memcpy(&four, end - ENDING, sizeof four);
    memcpy(&two, end - sizeof two, sizeof two);
    /* A byte with the bit 0x40 is a letter; in four bytes at a time. */
    letters = (four & 0x40404040u) >> 6;
    four = (four | 0x20202020u) & ((letters << 8) - letters);
    /* The golden ratio of 2^32: Knuth, 6.4. */
    return (uint8_t)(((four ^ (uint32_t)(two | 0x2020u) << 7) * 0x9e3779b1u) >> 24);
}

bool
ft_host_may_be(const uint8_t *text, unsigned length)
{
    if (length > 0 && text[length - 1] == '.')
        length--;
    return length >= ENDING && (!ft_shortcuts || endings[hash_ending(text + length)]);
}

/* "www.apple.com" -> "apple.com" */
static const char *
host_domain(const char *name)
{
    const char *last = strrchr(name, '.'), *at = last;

    while (at && at > name && at[-1] != '.')
        at--;
    return at ? at : name;
}

static const ft_host_t *
host_get(const char *name, const char *path)
{
    const ft_host_t *host = NULL;

    /* A path joins the name: "www.apple.com" alone is no host of FaceTime's. */
    if (path && *path) {
        char *both = g_strconcat(name, path, NULL);

        host = (const ft_host_t *)g_hash_table_lookup(by_name, both);
        g_free(both);
    }
    return host ? host : (const ft_host_t *)g_hash_table_lookup(by_name, name);
}

/* "12-courier.push.apple.com" -> "*-courier.push.apple.com" in out; false if the name does not begin so. */
static bool
host_numbered(const char *name, char *out)
{
    const char *dash = name;

    while (g_ascii_isdigit(*dash))
        dash++;
    if (dash == name || *dash != '-')
        return false;
    out[0] = '*';
    (void)g_strlcpy(out + 1, dash, FT_MAX_NAME + 2);
    return true;
}

const ft_host_t *
ft_host_find(const char *name, const char *path)
{
    char lower[FT_MAX_NAME + 1], pattern[FT_MAX_NAME + 3];
    const ft_host_t *host;
    size_t len = strlen(name);

    if (len > 0 && name[len - 1] == '.')
        len--;
    if (len == 0 || len > FT_MAX_NAME)
        return NULL;
    for (size_t i = 0; i < len; i++)
        lower[i] = g_ascii_tolower(name[i]);
    lower[len] = '\0';
    /* An HTTP Host may name a port. */
    if (strchr(lower, ':'))
        *strchr(lower, ':') = '\0';

    if (!g_hash_table_contains(domains, host_domain(lower)))
        return NULL;
    /* 1. The whole name. */
    host = host_get(lower, path);
    if (host)
        return host;
    /* 2. A numbered one. */
    if (host_numbered(lower, pattern) && (host = host_get(pattern, NULL)) != NULL)
        return host;
    /* 3. The longest suffix. */
    for (const char *dot = strchr(lower, '.'); dot; dot = strchr(dot + 1, '.')) {
        pattern[0] = '*';
        (void)g_strlcpy(pattern + 1, dot, sizeof pattern - 1);
        host = host_get(pattern, NULL);
        if (host)
            return host;
    }
    return NULL;
}

void
ft_hosts_register(void)
{
    by_name = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    domains = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (unsigned i = 0; i < array_length(hosts); i++) {
        char *name = g_ascii_strdown(hosts[i].pattern, -1);

        g_hash_table_add(domains, g_strdup(host_domain(name)));
        endings[hash_ending((const uint8_t *)name + strlen(name))] = true;
        if (hosts[i].path) {
            g_hash_table_insert(by_name, g_strconcat(name, hosts[i].path, NULL), (void *)(uintptr_t)&hosts[i]);
            g_free(name);
        } else {
            g_hash_table_insert(by_name, name, (void *)(uintptr_t)&hosts[i]);
        }
    }
}
