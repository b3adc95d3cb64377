/* Decodes Brotli streams in several threads with a library that it loads, and answers
 * requests: a line on standard input, a line on standard output. */
#include "../live/requests.h"
#include <stdint.h>
#include <stdlib.h>

/* brotli/encode.h and brotli/decode.h, as far as they are used. */
typedef int (*encode_function)(int quality, int window, int mode, size_t length,
    const uint8_t *input, size_t *encoded_length, uint8_t *encoded);
typedef void *(*create_function)(void *allocate, void *free, void *opaque);
typedef int (*decode_function)(void *state, size_t *available_in, const uint8_t **next_in,
    size_t *available_out, uint8_t **next_out, size_t *total_out);
typedef int (*state_function)(const void *state);
typedef void (*destroy_function)(void *state);
typedef uint32_t (*version_function)(void);

static encode_function encode;
static create_function create;
static decode_function decode;
static state_function error_code;
static destroy_function destroy;
static version_function version;

enum { SUCCESS = 1, MORE_INPUT = 2, MORE_OUTPUT = 3 };
enum { DOCUMENTS = 4, WORKERS = 4, LENGTH = 200000, DAMAGED = 3000 };

static uint64_t random_state;
static uint32_t next_random(void) {
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(random_state >> 33);
}

static uint64_t digest(uint64_t value, const void *bytes, size_t length) {
    const uint8_t *b = bytes;
    for (size_t i = 0; i < length; i++)
        value = (value ^ b[i]) * 0x100000001b3u;
    return value;
}
static const uint64_t EMPTY = 0xcbf29ce484222325u;

struct document {
    uint8_t *stream;
    size_t length;
    uint64_t digest;
};
static struct document documents[DOCUMENTS];

/* Texts of words that come again, encoded by the library itself. */
static void make_documents(void) {
    static const char *words[] = {"account", "balance", "the ", "transfer", "of ", "0017", "\n",
        "interest", " and ", "closing", "time", "left", "work", " to ", "{\"id\":", "},"};
    static const int qualities[DOCUMENTS] = {2, 5, 9, 11};
    random_state = 7;
    for (int d = 0; d < DOCUMENTS; d++) {
        uint8_t *text = malloc(LENGTH + 16);
        size_t at = 0;
        while (at < LENGTH) {
            const char *word = words[next_random() % 16];
            if (next_random() % 23 == 0)
                text[at++] = (uint8_t)next_random();
            memcpy(text + at, word, strlen(word));
            at += strlen(word);
        }
        size_t room = LENGTH * 2;
        uint8_t *stream = malloc(room);
        if (!encode(qualities[d], 18 + d, 0, LENGTH, text, &room, stream))
            abort();
        documents[d] = (struct document){stream, room, digest(EMPTY, text, LENGTH)};
        free(text);
    }
}

/* A stream that is decoded bit by bit. */
struct decoding {
    void *state;
    const uint8_t *next;
    size_t left;
    uint64_t digest;
    int result;
};

static struct decoding begin(const uint8_t *stream, size_t length) {
    return (struct decoding){create(NULL, NULL, NULL), stream, length, EMPTY, MORE_INPUT};
}

/* Goes on until an end, or until so many bytes are left. */
static void go_on(struct decoding *d, size_t left) {
    uint8_t output[4096];
    while (d->left > left || d->result == MORE_OUTPUT) {
        size_t piece = d->left - left < 1500 ? d->left - left : 1500, before = piece;
        size_t room = sizeof output;
        uint8_t *end = output;
        d->result = decode(d->state, &piece, &d->next, &room, &end, NULL);
        d->left -= before - piece;
        d->digest = digest(d->digest, output, sizeof output - room);
        if (d->result != MORE_INPUT && d->result != MORE_OUTPUT)
            break;
    }
}

static int end(struct decoding *d) {
    int code = d->result == SUCCESS ? 1 : error_code(d->state);
    destroy(d->state);
    return code;
}

/* They rest between documents, as a server's threads do, so that there are moments in which
 * none is inside the library; and while a stream is timed. */
static volatile LONG rounds, wrong, resting;
static DWORD WINAPI work(void *number) {
    for (size_t i = (size_t)number;; i++) {
        const struct document *document = &documents[i % DOCUMENTS];
        struct decoding d = begin(document->stream, document->length);
        go_on(&d, 0);
        if (end(&d) != 1 || d.digest != document->digest)
            InterlockedIncrement(&wrong);
        InterlockedIncrement(&rounds);
        do
            Sleep(2);
        while (resting);
    }
}

/* That every worker has been through each document since. */
static void workers(void) {
    LONG from = rounds;
    while (rounds - from < WORKERS * DOCUMENTS)
        Sleep(1);
    printf("%ld wrong\n", wrong);
}

/* One digest of what is said of damaged streams: code, length and content of each. */
static void damaged(void) {
    uint64_t all = EMPTY;
    random_state = 11;
    for (int i = 0; i < DAMAGED; i++) {
        const struct document *document = &documents[next_random() % DOCUMENTS];
        size_t length = document->length < 4000 ? document->length : 4000;
        uint8_t *stream = malloc(length);
        memcpy(stream, document->stream, length);
        for (uint32_t n = 1 + next_random() % 4; n; n--)
            stream[next_random() % (next_random() % 2 ? 60 : length)] ^= 1 << next_random() % 8;
        struct decoding d = begin(stream, length);
        go_on(&d, 0);
        int code = end(&d);
        all = digest(digest(all, &code, sizeof code), &d.digest, sizeof d.digest);
        free(stream);
    }
    printf("%016llx\n", (unsigned long long)all);
}

/* A meta-block of 16 Mi bytes whose commands insert nothing and copy a word of the
 * dictionary of which its transform leaves nothing: more commands than a block has. */
static uint8_t *endless_stream;
static size_t endless_bits;
static void put(uint32_t value, int bits) {
    for (int i = 0; i < bits; i++, endless_bits++)
        endless_stream[endless_bits / 8] |= (uint8_t)((value >> i & 1) << endless_bits % 8);
}
static void simple_code(uint32_t symbol, int bits) {
    put(1, 2), put(0, 2), put(symbol, bits);
}
static void make_endless(void) {
    enum { COMMANDS = 16781216 };
    endless_stream = calloc(1, COMMANDS / 8 * 14 + 64);
    put(0, 1);                    /* WBITS */
    put(1, 1), put(0, 1);         /* ISLAST, not ISLASTEMPTY */
    put(2, 2), put(0xffffff, 24); /* MNIBBLES, MLEN - 1 */
    put(0, 3);                    /* one block type of each kind */
    put(0, 2), put(0, 4);         /* NPOSTFIX, NDIRECT */
    put(0, 2), put(0, 1), put(0, 1); /* context mode, NTREESL, NTREESD */
    simple_code(0x41, 8);         /* literal */
    simple_code(130, 10);         /* insert 0, copy 4 */
    simple_code(42, 6);           /* distance with 14 more bits */
    for (int i = 0; i < COMMANDS; i++)
        put(2052, 14); /* word 0, transform 34 */
}

static DWORD WINAPI decode_endless(void *code) {
    const uint8_t *next = endless_stream;
    static uint8_t output[64];
    uint8_t *to = output;
    size_t length = endless_bits / 8 + 1, room = sizeof output;
    void *state = create(NULL, NULL, NULL);
    decode(state, &length, &next, &room, &to, NULL);
    *(int *)code = error_code(state);
    destroy(state);
    return 0;
}

static void endless(void) {
    enum { LIMIT = 10 };
    int code = 0;
    resting = 1;
    HANDLE thread = CreateThread(NULL, 0, decode_endless, &code, 0, NULL);
    if (WaitForSingleObject(thread, LIMIT * 1000) == WAIT_OBJECT_0) {
        printf("error %d\n", code);
    } else {
        /* It would never come back; its memory is lost, as it is in every such program. */
        TerminateThread(thread, 1);
        WaitForSingleObject(thread, INFINITE);
        puts("no answer");
    }
    CloseHandle(thread);
    resting = 0;
}

/* A stream that is begun by one version of the library and ended by another. */
static struct decoding half;
static void begin_half(void) {
    half = begin(documents[3].stream, documents[3].length);
    go_on(&half, documents[3].length / 2);
    printf("%zu bytes left\n", half.left);
}
static void end_half(void) {
    go_on(&half, 0);
    int code = end(&half);
    printf("%s\n", code == 1 && half.digest == documents[3].digest ? "right" : "wrong");
}

/* One digest of what every quality makes of a text. */
static void encoded(void) {
    static uint8_t text[20000], stream[2 * sizeof text];
    uint64_t all = EMPTY;
    random_state = 13;
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = next_random() % 5 ? "to be or not"[i % 12] : (uint8_t)(next_random() % 64);
    for (int quality = 0; quality <= 11; quality++) {
        size_t length = sizeof stream;
        int right = encode(quality, 22, 0, sizeof text, text, &length, stream);
        all = digest(digest(all, &right, sizeof right), stream, length);
    }
    printf("%016llx\n", (unsigned long long)all);
}

static void library_version(void) {
    printf("%x\n", version());
}

int main(int count, char **arguments) {
    static const struct request requests[] = {{"version", library_version},
        {"workers", workers}, {"damaged", damaged}, {"encoded", encoded}, {"endless", endless},
        {"begin", begin_half}, {"end", end_half}, {NULL, NULL}};
    HMODULE library = count == 2 ? LoadLibraryA(arguments[1]) : NULL;
    if (!library) {
        puts("usage: brotli.exe LIBRARY");
        return 2;
    }
    GET(encode, "BrotliEncoderCompress");
    GET(create, "BrotliDecoderCreateInstance");
    GET(decode, "BrotliDecoderDecompressStream");
    GET(error_code, "BrotliDecoderGetErrorCode");
    GET(destroy, "BrotliDecoderDestroyInstance");
    GET(version, "BrotliDecoderVersion");
    make_documents();
    make_endless();
    for (size_t i = 0; i < WORKERS; i++)
        CloseHandle(CreateThread(NULL, 0, work, (void *)i, 0, NULL));
    return serve(requests);
}
