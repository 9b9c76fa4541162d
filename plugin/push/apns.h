/* apns.h
 * What the files of the push protocol share, and nobody else. From the bottom: apns_protocol.c (the protocol), apns_topics.c (names of
 * topics), apns_payload.c (payload of a notification), apns_items.c (items), apns_pack.c (the packed form), apns.c (frames).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef FT_APNS_H
#define FT_APNS_H

#include "push/push.h"

/* Commands that this code tells apart; all are named in apns_items.c. */
enum {
    APNS_CONNECT = 7,
    APNS_CONNECT_ANSWER = 8,
    APNS_NOTIFICATION = 10,
    APNS_ACKNOWLEDGE = 11,
    APNS_KEEP_ALIVE = 12,
    APNS_KEEP_ALIVE_ANSWER = 13
};

/* Who sends a frame. */
typedef enum { APNS_FROM_ANY = 0, APNS_FROM_DEVICE = 1, APNS_FROM_SERVER = 2 } ft_apns_from_t;

/* The facts of a frame that link it to others. Packet scope. */
typedef struct ft_apns_facts {
    bool has_id;
    uint32_t id;                /* message ID of a notification or an acknowledgement */
    const char *topic;          /* name of the latest topic; NULL: none, or not known */
    unsigned n_topics;
} ft_apns_facts_t;

/* SHA-1, the form in which topics travel. */
#define APNS_HASH_LEN 20

/* apns_protocol.c: set once by registration. */
void ft_apns_protocol_register(void);
extern expert_module_t *ft_apns_expert;
extern expert_field ft_ei_apns_bad_length;
extern expert_field ft_ei_apns_unknown_item;

/* apns_items.c */
extern const value_string ft_apns_command_vals[];
void ft_apns_items_register(void);
void ft_apns_items_handoff(void);
/* Can a frame of this command have an item with this number and length? Only those with a fixed length say no. */
bool ft_apns_item_plausible(uint8_t command, uint8_t id, unsigned len);
bool ft_apns_command_known(uint8_t command);
/* Names the item and shows its value of len bytes at `at` below it. */
void ft_apns_item_show(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, proto_item *head, int at, int len,
                    uint8_t command, uint8_t id, ft_apns_from_t from, ft_apns_facts_t *facts);
/* Names the item only: what its value is follows. */
void ft_apns_item_name(proto_item *head, uint8_t command, uint8_t id, ft_apns_from_t from);
/* The same for the packed form's numbers; the item is len bytes at `at`. */
void ft_apns_item_show_number(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, proto_item *head, int at, int len,
                           uint8_t command, uint8_t id, ft_apns_from_t from, uint64_t number, ft_apns_facts_t *facts);

/* apns_topics.c: the topic with this hash; NULL: not one of the table. */
typedef struct ft_apns_topic {
    const char *name;
    bool facetime;              /* a FaceTime call uses it */
} ft_apns_topic_t;
const ft_apns_topic_t *ft_apns_topic_find(const uint8_t hash[APNS_HASH_LEN]);
void ft_apns_topics_register(void);

/* apns_payload.c: the payload of a notification; len bytes at `at`. */
void ft_apns_payload_register(void);
void ft_apns_payload_handoff(void);
void ft_apns_payload_show(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree);
/* Shows by a stock dissector what stands in an item, if there is one (handle may be NULL). What is wrong with it is shown there, and ends no more than
 * it: the items behind it follow. */
void ft_apns_show_by(dissector_handle_t handle, tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree);
/* The field of a value that a dictionary holds, if its key has one; the value's bytes are in tvb. */
void ft_apns_payload_value(const ft_bplist_value_t *value, tvbuff_t *tvb, proto_tree *tree);

/* apns_pack.c: one frame of the packed form that fills tvb. table: the side's tables, written on the first pass only. */
typedef struct ft_apns_pack_table ft_apns_pack_table_t;
ft_apns_pack_table_t *ft_apns_pack_new(void);
void ft_apns_pack_register(void);
/* Sizes of both sides' tables, the device's first, by the application protocol. */
void ft_apns_pack_sizes(const char *protocol, unsigned sizes[2]);
/* The table has so many bytes, unless it was told before; first pass only, as the next. */
void ft_apns_pack_set_size(ft_apns_pack_table_t *table, unsigned bytes);
/* Something in this frame could not be read: what was in the tables can be referred to no more. */
void ft_apns_pack_lose(ft_apns_pack_table_t *table, uint32_t frame);
/* Bytes of the frame that begins at `at`; 0: more bytes are needed to know; -1: none begins here. */
int64_t ft_apns_pack_length(tvbuff_t *tvb, int at);
void ft_apns_pack_show(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, ft_apns_pack_table_t *table, unsigned ordinal,
                    ft_apns_from_t from, ft_apns_facts_t *facts);

#endif /* FT_APNS_H */
