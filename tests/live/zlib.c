/* Inflates streams with zlib. */
#include "requests.h"
#include <zlib.h>

IMPORT(inflateInit2_);
IMPORT(inflateGetHeader);
IMPORT(inflate);
IMPORT(inflateEnd);
IMPORT(deflateInit2_);
IMPORT(deflate);
IMPORT(deflateEnd);

/* A gzip member with an extra field of 64 bytes, and "hello" as a stored block. */
static unsigned char member[200];
static unsigned member_length;

static void make_member(void) {
    static const unsigned char head[] = {0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 3, 64, 0};
    static const unsigned char body[] = {1, 5, 0, 0xfa, 0xff, 'h', 'e', 'l', 'l', 'o',
        0x86, 0xa6, 0x10, 0x36, 5, 0, 0, 0};
    memcpy(member, head, sizeof head);
    for (int i = 0; i < 64; i++)
        member[sizeof head + i] = (unsigned char)(i + 1);
    memcpy(member + sizeof head + 64, body, sizeof body);
    member_length = sizeof head + 64 + sizeof body;
}

/* An access to memory that is not there goes on at the saved place. */
static CONTEXT saved;
static volatile LONG caught, watching;
static LONG CALLBACK handler(EXCEPTION_POINTERS *info) {
    if (!watching || info->ExceptionRecord->ExceptionCode != STATUS_ACCESS_VIOLATION)
        return EXCEPTION_CONTINUE_SEARCH;
    watching = 0;
    caught = (LONG)info->ExceptionRecord->ExceptionInformation[0] + 1;
    *info->ContextRecord = saved;
    return EXCEPTION_CONTINUE_EXECUTION;
}

/* Inflates the member in pieces; the room for the extra field ends where a page ends, and
 * the next page can't be used. */
static int feed(z_stream *stream, unsigned piece) {
    int status = Z_OK;
    for (unsigned at = 0; at < member_length && status == Z_OK; at += piece) {
        stream->next_in = member + at;
        stream->avail_in = member_length - at < piece ? member_length - at : piece;
        status = dynamic_inflate(stream, Z_NO_FLUSH);
    }
    return status;
}

/* CVE-2022-37434: more of an extra field than there is room for, in several pieces. */
static void extra(void) {
    static unsigned char *page;
    unsigned char text[16] = {0};
    z_stream stream;
    gz_header header;
    int status = 0;
    if (!page) {
        DWORD old;
        page = VirtualAlloc(NULL, 0x2000, MEM_COMMIT | MEM_RESERVE, PAGE_READWRITE);
        VirtualProtect(page + 0x1000, 0x1000, PAGE_NOACCESS, &old);
    }
    memset(page, 0, 0x1000);
    memset(&stream, 0, sizeof stream);
    memset(&header, 0, sizeof header);
    stream.next_out = text;
    stream.avail_out = sizeof text;
    header.extra = page + 0x1000 - 8;
    header.extra_max = 8;
    dynamic_inflateInit2_(&stream, 47, ZLIB_VERSION, (int)sizeof stream);
    dynamic_inflateGetHeader(&stream, &header);
    caught = 0;
    RtlCaptureContext(&saved);
    if (!caught) {
        watching = 1;
        status = feed(&stream, 24);
        watching = 0;
    }
    if (caught)
        printf("%s beyond the room for the extra field\n", caught == 2 ? "writes" : "reads");
    else
        printf("status %d, %u of %u bytes kept, text %s\n", status, header.extra_max,
            header.extra_len, text);
    dynamic_inflateEnd(&stream);
}

/* CVE-2018-25032: fixed codes, a small buffer, and nothing but long matches far away. Their codes
 * overtake the distances that are still to be read. */
enum { PERIOD = 32000, TEXT = 12 * PERIOD, HELD = PERIOD + 110 * 258 };
static unsigned char far_text[TEXT], far_packed[2 * TEXT], far_again[TEXT];

static void make_text(void) {
    unsigned state = 1;
    for (int i = 0; i < TEXT; i++) {
        state = state * 1103515245 + 12345;
        far_text[i] = i < PERIOD ? (unsigned char)(state >> 16) : far_text[i - PERIOD];
    }
}

static void pack(z_stream *stream) {
    memset(stream, 0, sizeof *stream);
    dynamic_deflateInit2_(stream, 9, Z_DEFLATED, 15, 1, Z_FIXED, ZLIB_VERSION,
        (int)sizeof *stream);
    stream->next_out = far_packed;
    stream->avail_out = sizeof far_packed;
    stream->next_in = far_text;
    stream->avail_in = HELD;
    dynamic_deflate(stream, Z_NO_FLUSH);
}

/* Packs the rest, and looks whether the same comes back. */
static void unpack(z_stream *stream) {
    z_stream back;
    stream->avail_in = TEXT - HELD;
    dynamic_deflate(stream, Z_FINISH);
    memset(&back, 0, sizeof back);
    memset(far_again, 0, sizeof far_again);
    back.next_in = far_packed;
    back.avail_in = (uInt)stream->total_out;
    back.next_out = far_again;
    back.avail_out = sizeof far_again;
    dynamic_deflateEnd(stream);
    dynamic_inflateInit2_(&back, 15, ZLIB_VERSION, (int)sizeof back);
    dynamic_inflate(&back, Z_FINISH);
    dynamic_inflateEnd(&back);
    puts(memcmp(far_text, far_again, TEXT) == 0 ? "packs and unpacks" : "packs something else");
}

static void far_away(void) {
    z_stream stream;
    pack(&stream);
    unpack(&stream);
}

/* The same with a stream that is there before the library is patched, and holds most of the
 * symbols of a block. */
static z_stream held;
static void hold(void) {
    pack(&held);
    puts("held");
}

static void release(void) {
    unpack(&held);
}

static void regular(void) {
    unsigned char text[16] = {0};
    z_stream stream;
    int status;
    memset(&stream, 0, sizeof stream);
    stream.next_out = text;
    stream.avail_out = sizeof text;
    dynamic_inflateInit2_(&stream, 47, ZLIB_VERSION, (int)sizeof stream);
    status = feed(&stream, 7);
    printf("status %d, text %s\n", status, text);
    dynamic_inflateEnd(&stream);
}

/* A stream that is begun before the library is patched, within the extra field, and ended
 * afterwards. */
static z_stream begun;
static unsigned char begun_text[16];
static void begin(void) {
    memset(&begun, 0, sizeof begun);
    begun.next_out = begun_text;
    begun.avail_out = sizeof begun_text;
    begun.next_in = member;
    begun.avail_in = 30;
    dynamic_inflateInit2_(&begun, 47, ZLIB_VERSION, (int)sizeof begun);
    printf("%d\n", dynamic_inflate(&begun, Z_NO_FLUSH));
}

static void end(void) {
    begun.next_in = member + 30;
    begun.avail_in = member_length - 30;
    printf("%d ", dynamic_inflate(&begun, Z_FINISH));
    printf("%s\n", begun_text);
    dynamic_inflateEnd(&begun);
}

int main(int argc, char **argv) {
    static const struct request requests[] = {{"extra", extra}, {"regular", regular}, {"far", far_away},
        {"hold", hold}, {"release", release},
        {"begin", begin}, {"end", end}, {NULL, NULL}};
    HMODULE library = LoadLibraryA(argc > 1 ? argv[1] : "");
    if (!library)
        return 2;
    FIND(inflateInit2_);
    FIND(inflateGetHeader);
    FIND(inflate);
    FIND(inflateEnd);
    FIND(deflateInit2_);
    FIND(deflate);
    FIND(deflateEnd);
    make_text();
    make_member();
    AddVectoredExceptionHandler(1, handler);
    return serve(requests);
}
