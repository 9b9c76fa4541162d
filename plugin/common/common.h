/* common.h
 * Floor 1, common: the texts of the words, the identifiers that Wireshark gave the plugin, the preferences, endpoints, the bytes of a
 * frame, property lists, the arithmetic of RTP streams, and what differs between Wireshark's versions.
 *
 * It knows no flow, no datagram and no call. All floors call it. This header is its door: it offers the headers below.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef FT_COMMON_H
#define FT_COMMON_H

#include "packet-facetime.h"

#include "common/ws_compat.h"

#include "common/aggregate.h"
#include "common/bplist.h"
#include "common/conversation.h"
#include "common/decimal.h"
#include "common/endpoint.h"
#include "common/frame_time.h"
#include "common/hash.h"
#include "common/ids.h"
#include "common/limits.h"
#include "common/link_end.h"
#include "common/marks.h"
#include "common/moment.h"
#include "common/payload.h"
#include "common/prefixed.h"
#include "common/preferences.h"
#include "common/shortcuts.h"
#include "common/stream_stats.h"
#include "common/subtree.h"
#include "common/text.h"
#include "common/words.h"

#endif /* FT_COMMON_H */
