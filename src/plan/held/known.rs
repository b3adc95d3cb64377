//! What functions of the C library and of Windows do with addresses that they are given.

/// What a function does that others have described.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// It keeps none, and returns none.
    Reads,
    /// It returns its first argument, or a place in what that leads to.
    ReturnsFirst,
    /// It copies as many bytes as its third argument says from its second to its first, and
    /// returns that.
    Copies,
}

/// By the standards of C and POSIX, and the documentation of Windows.
const READING: &str = "\
    abort abs access atof atoi atol atoll clock exit fclose feof ferror fflush fopen fprintf fputs \
    fread free fseek ftell fwprintf fwrite getenv isatty memcmp printf putchar puts perror remove \
    rename sprintf snprintf sscanf stricmp strcasecmp strcmp strcoll strcspn strlen strncasecmp \
    strncmp strnicmp strnlen strspn swprintf system unlink vfprintf vprintf vsnprintf vsprintf \
    wcscmp wcsicmp wcslen wcsncmp wprintf \
    _access _open _read _snprintf _stat64 _stat64i32 _strdup _stricmp _strnicmp _unlink _vsnprintf \
    _wcsicmp _wfopen _write strdup wcsdup _wcsdup \
    __acrt_iob_func __stdio_common_vfprintf __stdio_common_vsprintf __stdio_common_vsscanf \
    __stdio_common_vfwprintf __stdio_common_vswprintf __mingw_printf __mingw_fprintf \
    __mingw_sprintf __mingw_snprintf __mingw_vprintf __mingw_vfprintf __mingw_vsnprintf \
    __mingw_vsprintf __mingw_sscanf \
    _assert _wassert \
    CompareStringA CompareStringW CreateFileA CreateFileW CreateDirectoryA CreateDirectoryW \
    DeleteFileA DeleteFileW ExitProcess FatalAppExitA FindFirstFileA FindFirstFileW \
    FormatMessageA FormatMessageW GetEnvironmentVariableA GetEnvironmentVariableW \
    GetFileAttributesA GetFileAttributesW GetLastError GetModuleHandleA GetModuleHandleW \
    GetProcAddress LoadLibraryA LoadLibraryW LoadLibraryExA LoadLibraryExW MessageBoxA \
    MessageBoxW MultiByteToWideChar OutputDebugStringA OutputDebugStringW RegOpenKeyExA \
    RegOpenKeyExW RegQueryValueExA RegQueryValueExW RegSetValueExA RegSetValueExW SetLastError \
    Sleep WideCharToMultiByte WriteConsoleA WriteConsoleW lstrcmpA lstrcmpW lstrcmpiA lstrcmpiW \
    lstrlenA lstrlenW";

/// Those that are handed no address, or one of an object that is theirs.
const UNCONCERNED: &str = "\
    calloc free malloc realloc _errno __chkstk CloseHandle DeleteCriticalSection \
    EnterCriticalSection GetCurrentProcess GetCurrentProcessId GetCurrentThread \
    GetCurrentThreadId GetProcessHeap GetStdHandle GetTickCount GetTickCount64 HeapAlloc HeapFree \
    HeapReAlloc InitializeCriticalSection LeaveCriticalSection LocalFree \
    QueryPerformanceCounter QueryPerformanceFrequency ReadFile SetEvent TlsGetValue \
    TryEnterCriticalSection WaitForSingleObject WriteFile";

const RETURNING_FIRST: &str = "\
    memchr memset strcat strchr strcpy strncat strncpy strpbrk strrchr strstr wcscat wcschr wcscpy \
    wcsncpy wcsrchr wcsstr lstrcpyA lstrcpyW lstrcatA lstrcatW";

const COPYING: &str = "memcpy memmove";

/// What is known of a function by its name.
pub(super) fn effect(name: &str) -> Option<Effect> {
    let is_in = |list: &str| list.split_ascii_whitespace().any(|known| known == name);
    match () {
        () if is_in(COPYING) => Some(Effect::Copies),
        () if is_in(RETURNING_FIRST) => Some(Effect::ReturnsFirst),
        () if is_in(READING) || is_in(UNCONCERNED) => Some(Effect::Reads),
        () => None,
    }
}
