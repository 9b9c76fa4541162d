/* harness.c
 * Entry for libFuzzer: an input is a small capture, which the real libwireshark dissects with the plugin's own objects, instrumented.
 *
 * The first byte of an input says how it is read (see MODE_*). Then comes each packet: a byte with the conversation (low four bits, and
 * bit 7), the direction (bit 4) and the pause before it (bits 5 and 6), two bytes with the payload's length, and the payload. The highest bit of
 * the length: the capture kept the front half of the payload only. A length that is too large means what is left.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "show/show.h"
#include "wire/http3.h"

#include <epan/epan.h>
#include <epan/epan_dissect.h>
#include <epan/frame_data.h>
#include <epan/stat_tap_ui.h>
#include <epan/tap.h>
#include <epan/timestamp.h>
#include <wiretap/wtap.h>
#include <wsutil/filesystem.h>
#include <wsutil/privileges.h>
#include <wsutil/wslog.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
void plugin_register(void);             /* plugin.c */

/* Packets of an input that are read: more make a round slow and show nothing new. */
#define MAX_PACKETS 48
#define MAX_PAYLOAD 4000

#define MODE_TWO_PASSES 1u              /* as tshark -2; else as tshark -V */
#define MODE_NO_TREE    2u              /* no tree on the first pass */
#define MODE_NO_TABLES  4u              /* no statistics */

#define IPV4_LEN 20
#define IPV6_LEN 40
#define UDP_LEN 8
#define TCP_LEN 20
#define ICMP_LEN 8
#define ICMP_PORT_UNREACHABLE 0x0303
#define TCP_PSH_ACK 0x18
/* Ports that belong to nobody; the dissectors of the plugin that only Decode As calls get them. */
#define PORT_DECODE_AS 9999
#define PORT_APNS 5223
#define PORT_APNS_PACK 5224

typedef enum { OVER_UDP, OVER_TCP, OVER_ICMP } transport_t;

/* Hosts; an IPv6 address where the first byte is not 0. */
enum { DEVICE, PEER, APPLE, NEIGHBOUR, DEVICE6, PEER6, APPLE6, RESOLVER, N_HOSTS };
static const uint8_t hosts[N_HOSTS][16] = {
    [DEVICE]    = { 0, 192, 168, 1, 90 },
    [PEER]      = { 0, 198, 51, 100, 90 },
    [APPLE]     = { 0, 17, 249, 172, 90 },
    [NEIGHBOUR] = { 0, 192, 168, 1, 91 },
    [DEVICE6]   = { 0x20, 0x01, 0x0d, 0xb8, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x90 },
    [PEER6]     = { 0x20, 0x01, 0x0d, 0xb8, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x90 },
    [APPLE6]    = { 0x26, 0x20, 0x01, 0x49, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x90 },
    [RESOLVER]  = { 0, 192, 0, 2, 53 },
};

/* The conversations of an input; tests/fuzzing/seeds knows the same list. ICMP: an error that quotes the conversation before. */
static const struct {
    transport_t transport;
    uint8_t from, to;
    uint16_t from_port, to_port;
} conversations[] = {
    { OVER_UDP, DEVICE, PEER, 16402, 16402 },
    { OVER_UDP, DEVICE, APPLE, 16393, 3482 },
    { OVER_UDP, DEVICE, APPLE, 16393, 3478 },
    { OVER_UDP, DEVICE, PEER, 50000, 50002 },
    { OVER_UDP, DEVICE, NEIGHBOUR, 16402, 16402 },
    { OVER_UDP, DEVICE, APPLE, 16402, 16385 },
    { OVER_UDP, DEVICE6, APPLE6, 16393, 3482 },
    { OVER_UDP, DEVICE6, PEER6, 16393, 16393 },
    { OVER_UDP, DEVICE, RESOLVER, 50053, 53 },
    { OVER_TCP, DEVICE, APPLE, 50100, PORT_APNS },
    { OVER_TCP, DEVICE, APPLE, 50101, PORT_APNS_PACK },
    { OVER_TCP, DEVICE, APPLE, 50102, 80 },
    { OVER_TCP, DEVICE, APPLE, 50103, 443 },
    { OVER_UDP, DEVICE, PEER, 16402, PORT_DECODE_AS },
    { OVER_ICMP, DEVICE, PEER, 16402, 16402 },
    { OVER_ICMP, DEVICE, APPLE, 16393, 3482 },
    { OVER_TCP, DEVICE, APPLE, 50104, 3482 },
    { OVER_UDP, DEVICE, APPLE, 16394, 3482 },
};

/* The conversation of a packet: those of bit 7 come behind the sixteen, which the kept inputs have. */
static unsigned
conversation_of(uint8_t byte)
{
    unsigned more = array_length(conversations) - 16;

    return byte & 0x80 ? 16 + (byte & 15) % more : byte & 15;
}

/* Pauses between packets, in milliseconds: none, of a stream, longer than FaceTime waits for an answer, longer than a call may be silent. */
static const uint32_t pauses[4] = { 0, 20, 6000, 90000 };

static const char *const tables[] = { "facetime,calls", "facetime,timeline", "facetime,nodes", "facetime,streams", "facetime,exposure", "facetime,quality",
                                      "facetime,events" };
static stat_data_t listeners[array_length(tables)];

static frame_data frames[MAX_PACKETS];
static uint8_t packets[MAX_PACKETS][IPV6_LEN + TCP_LEN + MAX_PAYLOAD];
static unsigned lengths[MAX_PACKETS], kept[MAX_PACKETS];

/* Takes the place of libwsutil's function: Wireshark reads its lists of makers and ports again for each file, a tenth of a second long,
 * and keeps the old ones. */
char *
get_datafile_path(const char *filename)
{
    return g_strconcat("/nonexistent/", filename, NULL);
}

/* Wireshark's messages: a dissector bug of the plugin's ends the program, as libFuzzer wants it. Those of Wireshark's own dissectors do
 * not: there are some, in any round that is long enough. */
static void
#if FT_WS_VERSION >= 402
log_line(const char *domain _U_, enum ws_log_level level _U_, const char *file _U_, long line _U_, const char *func _U_,
         const char *fatal _U_, ws_log_manifest_t *manifest _U_, const char *format, va_list arguments, void *data _U_)
#else
log_line(const char *domain _U_, enum ws_log_level level _U_, struct timespec when _U_, const char *file _U_, long line _U_,
         const char *func _U_, const char *format, va_list arguments, void *data _U_)
#endif
{
    char message[1000];

    vsnprintf(message, sizeof message, format, arguments);
    if (strstr(message, "issector bug") && (strstr(message, "FaceTime") || strstr(message, "APNs"))) {
        fprintf(stderr, "%s\n", message);
        abort();
    }
}

static const nstime_t *
frame_time(struct packet_provider_data *provider _U_, uint32_t number)
{
    return number >= 1 && number <= MAX_PACKETS && frames[number - 1].num == number ? &frames[number - 1].abs_ts : NULL;
}

static const struct packet_provider_funcs provider = { .get_frame_ts = frame_time };

static void
put16(uint8_t *at, unsigned number)
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

/* An IP header; returns its length. */
static unsigned
put_ip(uint8_t *at, const uint8_t *from, const uint8_t *to, unsigned protocol, unsigned length)
{
    if (from[0]) {
        memset(at, 0, IPV6_LEN);
        at[0] = 0x60;
        put16(at + 4, length);
        at[6] = (uint8_t)protocol;
        at[7] = 64;
        memcpy(at + 8, from, 16);
        memcpy(at + 24, to, 16);
        return IPV6_LEN;
    }
    memset(at, 0, IPV4_LEN);
    at[0] = 0x45;
    put16(at + 2, IPV4_LEN + length);
    at[8] = 64;
    at[9] = (uint8_t)protocol;
    memcpy(at + 12, from + 1, 4);
    memcpy(at + 16, to + 1, 4);
    return IPV4_LEN;
}

static unsigned
put_udp(uint8_t *at, unsigned from_port, unsigned to_port, const uint8_t *payload, unsigned length)
{
    put16(at, from_port);
    put16(at + 2, to_port);
    put16(at + 4, UDP_LEN + length);
    put16(at + 6, 0);
    memcpy(at + UDP_LEN, payload, length);
    return UDP_LEN + length;
}

/* Builds packet `index`; sequence: the next TCP sequence number of each direction of each conversation. */
static void
build(unsigned index, unsigned which, unsigned back, const uint8_t *payload, unsigned length, uint32_t sequence[][2])
{
    uint8_t *packet = packets[index];
    const uint8_t *from = hosts[back ? conversations[which].to : conversations[which].from];
    const uint8_t *to = hosts[back ? conversations[which].from : conversations[which].to];
    unsigned from_port = back ? conversations[which].to_port : conversations[which].from_port;
    unsigned to_port = back ? conversations[which].from_port : conversations[which].to_port;
    unsigned at;

    switch (conversations[which].transport) {
    case OVER_UDP:
        at = put_ip(packet, from, to, 17, UDP_LEN + length);
        lengths[index] = at + put_udp(packet + at, from_port, to_port, payload, length);
        break;
    case OVER_TCP:
        at = put_ip(packet, from, to, 6, TCP_LEN + length);
        memset(packet + at, 0, TCP_LEN);
        put16(packet + at, from_port);
        put16(packet + at + 2, to_port);
        put32(packet + at + 4, 1 + sequence[which][back]);
        put32(packet + at + 8, 1 + sequence[which][!back]);
        packet[at + 12] = 0x50;
        packet[at + 13] = TCP_PSH_ACK;
        put16(packet + at + 14, 0xffff);
        memcpy(packet + at + TCP_LEN, payload, length);
        sequence[which][back] += length;
        lengths[index] = at + TCP_LEN + length;
        break;
    case OVER_ICMP:
        at = put_ip(packet, to, from, 1, ICMP_LEN + IPV4_LEN + UDP_LEN + length);
        memset(packet + at, 0, ICMP_LEN);
        put16(packet + at, ICMP_PORT_UNREACHABLE);
        at += ICMP_LEN;
        at += put_ip(packet + at, from, to, 17, UDP_LEN + length);
        lengths[index] = at + put_udp(packet + at, from_port, to_port, payload, length);
        break;
    }
    kept[index] = lengths[index];
}

/* Reads an input; returns how many packets it has. */
static unsigned
read_input(const uint8_t *data, size_t size)
{
    static uint32_t sequence[array_length(conversations)][2];
    nstime_t now = { 1700000000, 0 };
    unsigned n = 0;
    uint32_t cumulative = 0;

    memset(sequence, 0, sizeof sequence);
    while (size >= 4 && n < MAX_PACKETS) {
        unsigned which = conversation_of(data[0]), length = (data[1] & 0x7fu) << 8 | data[2];
        bool cut = data[1] & 0x80;
        uint32_t pause = pauses[data[0] >> 5 & 3];
        wtap_rec rec;

        length = MIN(MIN(length, (unsigned)size - 3), MAX_PAYLOAD - IPV4_LEN);
        build(n, which, data[0] >> 4 & 1, data + 3, length, sequence);
        if (cut)
            kept[n] -= length - length / 2;
        now.secs += pause / 1000;
        now.nsecs = (int)(n * 1000) + (int)(pause % 1000) * 1000000;
        memset(&rec, 0, sizeof rec);
        rec.rec_type = REC_TYPE_PACKET;
        rec.presence_flags = WTAP_HAS_TS | WTAP_HAS_CAP_LEN;
        rec.ts = now;
        rec.rec_header.packet_header.caplen = kept[n];
        rec.rec_header.packet_header.len = lengths[n];
        rec.rec_header.packet_header.pkt_encap = WTAP_ENCAP_RAW_IP;
        frame_data_init(&frames[n], n + 1, &rec, 0, cumulative);
        cumulative += lengths[n];
        data += 3 + length;
        size -= 3 + length;
        n++;
    }
    return n;
}

/* One pass over all packets. */
static void
pass(epan_t *session, unsigned n, bool tree, bool taps)
{
    epan_dissect_t *edt = epan_dissect_new(session, tree, tree);
    const frame_data *reference = NULL;
    nstime_t elapsed = NSTIME_INIT_ZERO;
    uint32_t cumulative = 0;

    for (unsigned i = 0; i < n; i++) {
        wtap_rec rec;

#if FT_WS_VERSION >= 406
        wtap_rec_init(&rec, kept[i]);
        /* Since 4.6 a record has a name, which "frame" asks for. */
        wtap_setup_packet_rec(&rec, WTAP_ENCAP_RAW_IP);
#else
        memset(&rec, 0, sizeof rec);
#endif
        rec.rec_type = REC_TYPE_PACKET;
        rec.presence_flags = WTAP_HAS_TS | WTAP_HAS_CAP_LEN;
        rec.ts = frames[i].abs_ts;
        rec.rec_header.packet_header.caplen = kept[i];
        rec.rec_header.packet_header.len = lengths[i];
        rec.rec_header.packet_header.pkt_encap = WTAP_ENCAP_RAW_IP;
        frame_data_set_before_dissect(&frames[i], &elapsed, &reference, i ? &frames[i - 1] : NULL);
        if (reference == &frames[i])
            reference = &frames[0];
#if FT_WS_VERSION >= 406
        ws_buffer_append(&rec.data, packets[i], kept[i]);
        (taps ? epan_dissect_run_with_taps : epan_dissect_run)(edt, WTAP_FILE_TYPE_SUBTYPE_UNKNOWN, &rec, &frames[i], NULL);
#else
        (taps ? epan_dissect_run_with_taps : epan_dissect_run)(edt, WTAP_FILE_TYPE_SUBTYPE_UNKNOWN, &rec,
                                                               tvb_new_real_data(packets[i], kept[i], (int)lengths[i]), &frames[i], NULL);
#endif
        frame_data_set_after_dissect(&frames[i], &cumulative);
        epan_dissect_reset(edt);
#if FT_WS_VERSION >= 406
        wtap_rec_cleanup(&rec);
#endif
    }
    epan_dissect_free(edt);
}

static void
tables_begin(void)
{
    for (unsigned i = 0; i < array_length(tables); i++) {
        stat_tap_table_ui *ui = stat_tap_by_name(tables[i]);
        GString *error;

        listeners[i].stat_tap_data = ui;
        ui->stat_tap_init_cb(ui);
        error = register_tap_listener(ui->tap_name, &listeners[i], NULL, 0, NULL, ui->packet_func, NULL, NULL);
        if (error)
            g_error("%s: %s", tables[i], error->str);
    }
}

static void
tables_end(void)
{
    for (unsigned i = 0; i < array_length(tables); i++) {
        remove_tap_listener(&listeners[i]);
        free_stat_tables(listeners[i].stat_tap_data);
    }
}

/* A request as it is in the first payload of an input: no input has the keys of a QUIC connection. */
static void
read_request(const uint8_t *data, size_t size)
{
    tvbuff_t *tvb = tvb_new_real_data(data, (unsigned)size, (int)size);
    wmem_allocator_t *scope = wmem_allocator_new(WMEM_ALLOCATOR_SIMPLE);
    const char *method, *path;

    ft_http3_request(scope, tvb, &method, &path);
    wmem_destroy_allocator(scope);
    tvb_free(tvb);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned mode, n;
    epan_t *session;
    bool taps;

    if (size < 5)
        return -1;
    read_request(data + 4, size - 4);
    mode = data[0];
    taps = !(mode & MODE_NO_TABLES);
    n = read_input(data + 1, size - 1);
    session = epan_new(NULL, &provider);
    if (taps)
        tables_begin();
    if (mode & MODE_TWO_PASSES)
        pass(session, n, !(mode & MODE_NO_TREE), false);
    pass(session, n, (mode & MODE_TWO_PASSES) || !(mode & MODE_NO_TREE), taps);
    if (taps)
        tables_end();
    epan_free(session);
    for (unsigned i = 0; i < n; i++)
        frame_data_destroy(&frames[i]);
    return 0;
}

/* The dissector `name` gets a port, as by Decode As. */
static void
decode_as(const char *table, uint32_t port, const char *name)
{
    dissector_handle_t handle = find_dissector(name);

    if (!handle)
        g_error("no dissector %s", name);
    dissector_change_uint(table, port, handle);
}

int
LLVMFuzzerInitialize(int *argc _U_, char ***argv)
{
    char *error;

#if FT_WS_VERSION >= 406
    ws_log_init(NULL);
#else
    ws_log_init("fuzz_facetime", NULL);
#endif
    ws_log_set_writer(log_line);
    /* Settings of the user's own are not read. */
    g_setenv("WIRESHARK_CONFIG_DIR", "/nonexistent", TRUE);
    /* Each allocation by malloc(), so that the address sanitizer knows where it ends and when it was freed. */
    g_setenv("WIRESHARK_DEBUG_WMEM_OVERRIDE", "simple", TRUE);
    init_process_policies();
#if FT_WS_VERSION >= 406
    error = configuration_init((*argv)[0]);
#else
    error = configuration_init((*argv)[0], NULL);
#endif
    g_free(error);
    timestamp_set_type(TS_RELATIVE);
    timestamp_set_precision(TS_PREC_AUTO);
    timestamp_set_seconds_type(TS_SECONDS_DEFAULT);
    wtap_init(FALSE);
    plugin_register();
    if (!epan_init(NULL, NULL, FALSE))
        g_error("epan_init() failed");
    epan_load_settings();
    decode_as("udp.port", PORT_DECODE_AS, "facetime");
    decode_as("tcp.port", PORT_APNS, "apns");
    decode_as("tcp.port", PORT_APNS_PACK, "apns_pack");
    return 0;
}
