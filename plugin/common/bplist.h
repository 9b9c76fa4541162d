/* bplist.h
 * A small bounded reader of Apple's binary property lists ("bplist00"), as link messages and push payloads hold them.
 *
 * ft_bplist_walk() calls a visitor for each value: code that needs facts uses it. ft_bplist_dissect() shows the whole list below a tree.
 * Both read captured bytes only and never throw.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef FT_BPLIST_H
#define FT_BPLIST_H

#include "common/ws_compat.h"

/* Limits on the work that one list can cause. The largest list that was seen has 5 objects. */
#define FT_BPLIST_MAX_OBJECTS   4096    /* objects of a list */
#define FT_BPLIST_MAX_DEPTH     16      /* lists inside lists; also ends a list that holds itself */
#define FT_BPLIST_MAX_VALUES    2048    /* values that are visited: one object may be referred to many times */
#define FT_BPLIST_MAX_IN_PACKET 8192    /* the same for all lists of a packet together: a list of 84 bytes can have 2,048 values */
#define FT_BPLIST_MAX_STRING    1024    /* bytes of a string that are shown */

typedef enum {
    FT_BPLIST_NULL,
    FT_BPLIST_BOOLEAN,
    FT_BPLIST_INTEGER,
    FT_BPLIST_REAL,
    FT_BPLIST_DATE,
    FT_BPLIST_DATA,
    FT_BPLIST_STRING,
    FT_BPLIST_UID,
    FT_BPLIST_ARRAY,        /* also a set */
    FT_BPLIST_DICTIONARY
} ft_bplist_type_t;

/* How reading ended. All but FT_BPLIST_NOT may have visited values before. */
typedef enum {
    FT_BPLIST_OK,
    FT_BPLIST_NOT,          /* does not begin with "bplist0", or is too short to be one */
    FT_BPLIST_CUT,          /* the capture holds less than the whole list; its index is at the end */
    FT_BPLIST_BAD,          /* the trailer, the offset table or an object points outside the list */
    FT_BPLIST_LIMIT         /* more than the limits above */
} ft_bplist_result_t;

/* One value. Lives as long as the call of the visitor; offsets from the start of the tvb, in bytes. */
typedef struct ft_bplist_value {
    ft_bplist_type_t type;
    unsigned depth;             /* 0: the list itself */
    unsigned place;             /* position in the array or dictionary that holds it, from 0 */
    const char *key;            /* in a dictionary: UTF-8, in the scope given to the walk; else NULL */
    int key_offset, key_length; /* of the key's object; -1 and 0 where there is none */
    int offset, length;         /* of the object */
    int content;                /* of what follows the object's marker and count; ends with the object */
    uint64_t count;             /* entries of an array or dictionary, bytes of data, characters of a string */
    int64_t number;             /* boolean, integer, UID */
    double real;                /* real; date: seconds since 2001-01-01 00:00 UTC */
    const char *string;         /* string: UTF-8, in the scope given to the walk, at most FT_BPLIST_MAX_STRING bytes of it */
} ft_bplist_value_t;

/* Called for each value, a container before what it holds. What it returns is the `parent` of what the value holds. */
typedef void *(*ft_bplist_visit_t)(const ft_bplist_value_t *value, void *parent, void *user);

/* Does it begin as a list? Captured bytes only. */
bool ft_bplist_match(tvbuff_t *tvb);

/* Visits all values, from the list itself on, depth first. parent is that of the list itself; strings live in scope. */
ft_bplist_result_t ft_bplist_walk(tvbuff_t *tvb, wmem_allocator_t *scope, ft_bplist_visit_t visit, void *parent, void *user);

/* Called for each value that a dictionary holds, with the tree of the value; may add items of its own there. */
typedef void (*ft_bplist_pair_t)(const ft_bplist_value_t *value, tvbuff_t *tvb, proto_tree *tree);

/* Shows the list below tree, with expert items for what is wrong with it. pair may be NULL; its items are fields of `pair_proto`. A list is
 * read for those only who look into the tree: a kilobyte of it can have thousands of values, and nothing is decided by them. */
void ft_bplist_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, ft_bplist_pair_t pair, int pair_proto);

void ft_bplist_register(void);
/* Takes Apple's media types for property lists, which stock Wireshark does not know: XML goes to the stock dissector. */
void ft_bplist_handoff(void);

#endif /* FT_BPLIST_H */
