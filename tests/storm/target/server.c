/* The server of the storm: one thread per connection, on 127.0.0.1 and any free port.
 *
 * Prints `PORT PID`, and answers lines with lines until a client says QUIT:
 *
 *   ECHO seq text   a reply that is put together by five functions
 *   COUNT           how many of these the patched code has put together
 *   TOTAL           how many have been put together by whatever code
 *   HANDLES         the highest of some handles that it opens: handles that leak raise it
 *   THREADS         how many threads the server has
 *   EXIT ms         ends the server after so many milliseconds
 *
 * Compiled with FIX 0 (the program), 1 and 2 (cumulative patches). Each version of each
 * function leaves a trace in the reply, so a mixture of versions would be seen. */
#include <winsock2.h>
#include <windows.h>
#include <tlhelp32.h>

#define NOINLINE __attribute__((noinline))

struct session {
    SOCKET socket;
    unsigned used;
    char request[512];
    char reply[768];
};

/* Never changed by a patch. */
static volatile LONG64 total;

#if FIX >= 1
/* Brought by the first patch. */
static volatile LONG64 answered;
#endif
#if FIX >= 2
/* Brought by the second one. */
static volatile LONG64 answered_by_second;
#endif

static NOINLINE void put(struct session *s, char byte)
{
    if (s->used < sizeof s->reply)
        s->reply[s->used++] = byte;
}

static NOINLINE void put_text(struct session *s, const char *text)
{
    while (*text)
        put(s, *text++);
}

static NOINLINE void put_number(struct session *s, unsigned long long number)
{
    char digits[24];
    int n = 0;
    do
        digits[n++] = (char)('0' + number % 10);
    while (number /= 10);
    while (n)
        put(s, digits[--n]);
}

/* Once in a while another thread gets its turn in the middle of a reply. */
static NOINLINE void pause_sometimes(unsigned size)
{
    if (size % 61 == 60)
        SwitchToThread();
}

/* What a patch replaces: from here to `count`. */

static NOINLINE void put_head(struct session *s, const char *seq, unsigned size)
{
#if FIX == 0
    put_text(s, "old ");
#elif FIX == 1
    put_text(s, "first ");
#else
    put_text(s, "second ");
#endif
    while (size--)
        put(s, *seq++);
    put(s, ' ');
}

static NOINLINE void put_body(struct session *s, const char *text, unsigned size)
{
    for (unsigned i = 0; i < size; i++) {
#if FIX == 0
        put(s, text[size - 1 - i]);
#elif FIX == 1
        put(s, text[i]);
#else
        put(s, (char)(text[i] ^ 1));
#endif
    }
}

static NOINLINE void put_sum(struct session *s, const char *text, unsigned size)
{
    unsigned sum = FIX;
    for (unsigned i = 0; i < size; i++) {
#if FIX == 0
        sum += (unsigned char)text[i];
#elif FIX == 1
        sum = sum * 31 + (unsigned char)text[i];
#else
        sum = (sum << 5 | sum >> 27) ^ (unsigned char)text[i];
#endif
    }
    put(s, ' ');
    put_number(s, sum);
}

static NOINLINE void put_tail(struct session *s, unsigned size)
{
#if FIX == 0
    put_text(s, " zero ");
#elif FIX == 1
    put_text(s, " one ");
#else
    put_text(s, " two ");
#endif
    put_number(s, size + FIX);
}

static NOINLINE void compose(struct session *s, const char *seq, unsigned seq_size,
                             const char *text, unsigned size)
{
    put_head(s, seq, seq_size);
    pause_sometimes(size);
    put_body(s, text, size);
    put_sum(s, text, size);
    pause_sometimes(size + 7);
    put_tail(s, size);
#if FIX >= 1
    InterlockedIncrement64(&answered);
#endif
#if FIX >= 2
    InterlockedIncrement64(&answered_by_second);
#endif
}

static NOINLINE void count(struct session *s)
{
#if FIX == 0
    put_text(s, "none");
#else
    put_number(s, (unsigned long long)answered);
#endif
#if FIX >= 2
    put(s, ' ');
    put_number(s, (unsigned long long)answered_by_second);
#endif
}

/* Wine does not count handles. The lowest that is free is given away first. */
static NOINLINE unsigned long long handles(void)
{
    HANDLE probes[64];
    unsigned long long highest = 0;
    for (int i = 0; i < 64; i++) {
        probes[i] = CreateEventA(0, 0, 0, 0);
        if ((ULONG_PTR)probes[i] > highest)
            highest = (ULONG_PTR)probes[i];
    }
    for (int i = 0; i < 64; i++)
        CloseHandle(probes[i]);
    return highest / 4;
}

static NOINLINE unsigned threads(void)
{
    unsigned threads = 0;
    HANDLE all = CreateToolhelp32Snapshot(TH32CS_SNAPTHREAD, 0);
    THREADENTRY32 entry = {.dwSize = sizeof entry};
    for (BOOL more = Thread32First(all, &entry); more; more = Thread32Next(all, &entry))
        threads += entry.th32OwnerProcessID == GetCurrentProcessId();
    CloseHandle(all);
    return threads;
}

static DWORD WINAPI end(void *ms)
{
    Sleep((DWORD)(ULONG_PTR)ms);
    ExitProcess(0);
}

static NOINLINE unsigned long parse(const char *digits)
{
    unsigned long number = 0;
    for (; *digits >= '0' && *digits <= '9'; digits++)
        number = number * 10 + (unsigned long)(*digits - '0');
    return number;
}

static NOINLINE int is(const char *line, const char *word)
{
    while (*word)
        if (*line++ != *word++)
            return 0;
    return 1;
}

static NOINLINE void answer(struct session *s, const char *line)
{
    s->used = 0;
    if (is(line, "ECHO ")) {
        const char *seq = line + 5, *end = seq, *text;
        while (*end && *end != ' ')
            end++;
        text = *end ? end + 1 : end;
        unsigned size = 0;
        while (text[size])
            size++;
        InterlockedIncrement64(&total);
        compose(s, seq, (unsigned)(end - seq), text, size);
    } else if (is(line, "COUNT")) {
        count(s);
    } else if (is(line, "TOTAL")) {
        put_number(s, (unsigned long long)total);
    } else if (is(line, "HANDLES")) {
        put_number(s, handles());
    } else if (is(line, "THREADS")) {
        put_number(s, threads());
    } else if (is(line, "EXIT ")) {
        HANDLE thread = CreateThread(0, 0, end, (void *)(ULONG_PTR)parse(line + 5), 0, 0);
        put_number(s, thread != 0);
        CloseHandle(thread);
    } else if (is(line, "QUIT")) {
        ExitProcess(0);
    } else {
        put_text(s, "what?");
    }
    put(s, '\n');
}

static NOINLINE int send_all(struct session *s)
{
    for (unsigned sent = 0; sent < s->used;) {
        int n = send(s->socket, s->reply + sent, (int)(s->used - sent), 0);
        if (n <= 0)
            return 0;
        sent += (unsigned)n;
    }
    return 1;
}

static DWORD WINAPI serve(void *session)
{
    struct session *s = session;
    unsigned filled = 0;
    for (;;) {
        int n = recv(s->socket, s->request + filled, (int)(sizeof s->request - filled), 0);
        if (n <= 0)
            break;
        filled += (unsigned)n;
        /* A client waits for its reply before it asks again. */
        if (s->request[filled - 1] != '\n')
            continue;
        s->request[filled - 1] = 0;
        filled = 0;
        answer(s, s->request);
        if (!send_all(s))
            break;
    }
    closesocket(s->socket);
    HeapFree(GetProcessHeap(), 0, s);
    return 0;
}

static NOINLINE void announce(unsigned port)
{
    static struct session line;
    DWORD written;
    put_number(&line, port);
    put(&line, ' ');
    put_number(&line, GetCurrentProcessId());
    put(&line, '\n');
    WriteFile(GetStdHandle(STD_OUTPUT_HANDLE), line.reply, line.used, &written, 0);
}

int main(void)
{
    WSADATA data;
    struct sockaddr_in name = {.sin_family = AF_INET};
    int size = sizeof name;
    if (WSAStartup(0x0202, &data))
        return 1;
    SOCKET listener = socket(AF_INET, SOCK_STREAM, 0);
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(listener, (struct sockaddr *)&name, size) || listen(listener, 128) ||
        getsockname(listener, (struct sockaddr *)&name, &size))
        return 2;
    announce(ntohs(name.sin_port));
    for (;;) {
        SOCKET client = accept(listener, 0, 0);
        struct session *s = HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, sizeof *s);
        if (client == INVALID_SOCKET || !s)
            return 3;
        s->socket = client;
        HANDLE thread = CreateThread(0, 0, serve, s, 0, 0);
        if (!thread)
            return 4;
        CloseHandle(thread);
    }
}
