/* Inflates streams with zlib. */
#include "requests.h"
#include <zlib.h>

IMPORT(inflateInit2_);
IMPORT(inflateGetHeader);
IMPORT(inflate);
IMPORT(inflateEnd);

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
    static const struct request requests[] = {{"extra", extra}, {"regular", regular},
        {"begin", begin}, {"end", end}, {NULL, NULL}};
    HMODULE library = LoadLibraryA(argc > 1 ? argv[1] : "");
    if (!library)
        return 2;
    FIND(inflateInit2_);
    FIND(inflateGetHeader);
    FIND(inflate);
    FIND(inflateEnd);
    make_member();
    AddVectoredExceptionHandler(1, handler);
    return serve(requests);
}
