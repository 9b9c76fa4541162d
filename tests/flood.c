/* flood.c
 * Writes a pcap file to standard output, as long as it is told, the same each time.
 *
 * Usage: flood calls COUNT     datagrams that each look like the beginning of another call, between ends that never come again
 *        flood random COUNT    random bytes on all of FaceTime's ports
 *        flood chosen COUNT    STUN, NAT probes and SIP from sockets that a hash without a key has one value for
 *        flood others COUNT    the same from as many sockets that nobody chose
 *        flood ... COUNT hold  the same; then says so on standard error, and the file has no end before standard input has one: who reads the
 *                              file can be looked at when it has seen all of it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IP_LEN 20
#define UDP_LEN 8
#define RTP_LEN 52
#define RELAY_LEN (4 + 6 + RTP_LEN)
#define STUN_LEN 28
#define SNATMAP_LEN 16
#define LINKTYPE_RAW 101
#define KINDS 4
#define MICROSECONDS 1000000u
#define STEP 100u                       /* microseconds between two packets */
#define FIRST_SECOND 1700000000u
#define RANDOM_MOST 240                 /* bytes of a random payload */
#define RELAY_PORTS 20u                 /* 3478 to 3497 */
#define MEDIA_PORTS 20u                 /* 16384 to 16403 */
#define NOBODY_S_PORTS 4u               /* that a device may have, besides */

static void
put16(uint8_t *at, uint32_t number)
{
    at[0] = (uint8_t)(number >> 8);
    at[1] = (uint8_t)number;
}

static void
put32(uint8_t *at, uint32_t number)
{
    put16(at, number >> 16);
    put16(at + 2, number & 0xffff);
}

/* RTP with an SSRC of its own. */
static void
put_rtp(uint8_t *at, uint32_t number)
{
    memset(at, 0x5a, RTP_LEN);
    at[0] = 0x80;
    at[1] = 104;
    put16(at + 2, 7);
    put32(at + 4, 48000);
    put32(at + 8, number * 2654435761u);
}

/* The payload of datagram `number`; returns its length. */
static unsigned
put_payload(uint8_t *at, uint32_t number)
{
    switch (number % KINDS) {
    case 0: /* relay channel data: stream ID, link ID */
        put32(at, 0x60010000u | (RELAY_LEN - 4));
        put32(at + 4, 0x20010777u);
        put16(at + 8, 0x0303);
        put_rtp(at + 10, number);
        return RELAY_LEN;
    case 1: /* STUN with Apple's radio technology */
        put32(at, 0x00010008u);
        put32(at + 4, 0x2112a442u);
        put32(at + 8, number);
        put32(at + 12, ~number);
        put32(at + 16, number);
        put32(at + 20, 0x80070004u);
        put32(at + 24, 0);
        return STUN_LEN;
    case 2: /* SNATMAP request */
        put32(at, 1);
        put32(at + 4, number & 0x7fffffffu);
        put32(at + 8, number);
        put32(at + 12, 0x4012aaaau);
        return SNATMAP_LEN;
    default: { /* SIP of Viceroy with a Call-ID of its own */
        int length = sprintf((char *)at,
            "INVITE sip:user@198.51.100.90:16402 SIP/2.0\r\nVia: SIP/2.0/UDP 192.168.1.90:16402\r\n"
            "From: \"+12025550134\" <sip:user@192.168.1.90:16402>;tag=1801\r\nTo: <sip:user@198.51.100.90:16402>\r\n"
            "Call-ID: %08x\r\nCSeq: 1 INVITE\r\nUser-Agent: Viceroy 1.4.1/GK\r\nContent-Length: 0\r\n\r\n", (unsigned)number);
        return (unsigned)length;
    }
    }
}

/* xorshift64*, which is the same on every system. */
static uint32_t
dice(void)
{
    static uint64_t state = 20260101;

    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (uint32_t)((state * 2685821657736338717u) >> 32);
}

/* Random bytes; two of three begin as one of FaceTime's forms does. */
static unsigned
put_random(uint8_t *at)
{
    static const uint8_t first[] = { 0x00, 0x01, 0x0f, 0x40, 0x45, 0x60, 0x80, 0x90, 0xc3, 0xde, 'I', 'S' };
    unsigned length = 1 + dice() % RANDOM_MOST;

    for (unsigned i = 0; i < length; i++)
        at[i] = (uint8_t)dice();
    if (dice() % 3)
        at[0] = first[dice() % sizeof first];
    return length;
}

/* The ends of a random datagram: a device and a host that is Apple's or nobody's, on any of FaceTime's ports, in both directions. */
static void
put_random_ends(uint8_t *ip)
{
    uint32_t device = 0xc0a80000u | (dice() & 0x3fff), host = dice() % 2 ? 0x11f90000u | (dice() & 0xff) : 0xc6336400u | (dice() & 0xff);
    uint32_t device_port = dice() % (MEDIA_PORTS + NOBODY_S_PORTS), host_port = dice() % (RELAY_PORTS + MEDIA_PORTS);
    int back = dice() % 2;

    device_port += device_port < MEDIA_PORTS ? 16384 : 50000;
    host_port = host_port < RELAY_PORTS ? 3478 + host_port : 16384 + host_port - RELAY_PORTS;
    put32(ip + (back ? 16 : 12), device);
    put32(ip + (back ? 12 : 16), host);
    put16(ip + IP_LEN + (back ? 2 : 0), device_port);
    put16(ip + IP_LEN + (back ? 0 : 2), host_port);
}

static void
put_call_ends(uint8_t *ip, uint32_t number)
{
    int relay = number % KINDS == 0;

    put32(ip + 12, 0x0a000000u | (number & 0xffffff));
    put32(ip + 16, relay ? 0x11f9ac5au : 0xc6336400u | (number >> 4 & 0xff));
    put16(ip + 20, 16393 + number % 10);
    put16(ip + 22, relay ? 3482 : 16393 + (number >> 8) % 10);
}

/* The number by which `odd` is one, modulo 2^32 (Newton). */
static uint32_t
inverse(uint32_t odd)
{
    uint32_t x = odd;

    for (int i = 0; i < 5; i++)
        x *= 2 - odd * x;
    return x;
}

/* A socket for which Wireshark's add_address_to_hash(port * 2654435761, address) has one value, another one each time. The steps of that
 * hash are computed backwards; where the begin is the product of a port, the socket is one. */
static void
put_chosen_socket(uint8_t *ip)
{
    static uint32_t number;
    const uint32_t step = inverse(1025), port_of = inverse(2654435761u);
    uint32_t state, port;

    do {
        state = 0x12345678u;
        for (int i = 3; i >= 0; i--) {
            state ^= state >> 6;
            state ^= state >> 12;
            state ^= state >> 24;
            state = state * step - (number >> 8 * i & 0xff);
        }
        port = state * port_of;
        for (int i = 0; i < 4; i++)
            ip[12 + i] = (uint8_t)(number >> 8 * i);
        number++;
    } while (port > UINT16_MAX || port < 1024 || ip[12] == 17);
    put16(ip + 20, port);
}

static void
put_flood_ends(uint8_t *ip, uint32_t number, int chosen)
{
    put32(ip + 12, 0x0b000000u | (number & 0xffffff));
    put16(ip + 20, 1024 + number % 60000);
    if (chosen)
        put_chosen_socket(ip);
    put32(ip + 16, 0xc6336400u | (number & 0xff));
    put16(ip + 22, 16402);
}

int
main(int argc, char **argv)
{
    static uint8_t packet[2048];
    const uint32_t head[6] = { 0xa1b2c3d4u, 2 | 4 << 16, 0, 0, 262144, LINKTYPE_RAW };
    int hold = argc == 4 && strcmp(argv[3], "hold") == 0;
    uint32_t count = argc == 3 + hold ? (uint32_t)strtoul(argv[2], NULL, 10) : 0;
    int random = argc > 1 && strcmp(argv[1], "random") == 0, chosen = argc > 1 && strcmp(argv[1], "chosen") == 0;
    int sockets = chosen || (argc > 1 && strcmp(argv[1], "others") == 0);

    if (count == 0 || (!random && !sockets && strcmp(argv[1], "calls") != 0)) {
        fprintf(stderr, "Usage: flood calls|random|chosen|others COUNT [hold]\n");
        return 2;
    }
    fwrite(head, sizeof head, 1, stdout);
    for (uint32_t number = 0; number < count; number++) {
        uint8_t *payload = packet + IP_LEN + UDP_LEN;
        /* Not the relay's kind, which is no device's own. */
        uint32_t which = sockets ? number * KINDS + 1 + number % 2 : number;
        unsigned length = random ? put_random(payload) : put_payload(payload, which), whole = IP_LEN + UDP_LEN + length;
        uint64_t time = (uint64_t)number * STEP;
        uint32_t record[4] = { FIRST_SECOND + (uint32_t)(time / MICROSECONDS), (uint32_t)(time % MICROSECONDS), whole, whole };

        memset(packet, 0, IP_LEN + UDP_LEN);
        packet[0] = 0x45;
        put16(packet + 2, whole);
        packet[8] = 64;
        packet[9] = 17;
        put16(packet + 24, UDP_LEN + length);
        if (random)
            put_random_ends(packet);
        else if (sockets)
            put_flood_ends(packet, number, chosen);
        else
            put_call_ends(packet, number);
        fwrite(record, sizeof record, 1, stdout);
        fwrite(packet, whole, 1, stdout);
    }
    if (fflush(stdout) != 0)
        return 1;
    if (hold) {
        fputs("written\n", stderr);
        while (getchar() != EOF)
            ;
    }
    return 0;
}
