// What powershell.ps1 does in .NET: it compresses and decompresses fixed data with
// System.IO.Compression.Native.dll in threads of its own, in threads of the pool and in threads
// that end, lets managed code be called from native code, throws through both, and forces
// collections. Every round has one of KINDS digests, which never changes.
using System;
using System.Collections.Generic;
using System.IO;
using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text;
using System.Threading;
using System.Threading.Tasks;

public static class Digest
{
    public const ulong Empty = 0xcbf29ce484222325;

    public static ulong Of(ulong value, ReadOnlySpan<byte> bytes)
    {
        foreach (byte b in bytes)
            value = (value ^ b) * 0x100000001b3;
        return value;
    }

    public static ulong Of(ulong value, string text) => Of(value, Encoding.UTF8.GetBytes(text));

    public static ulong Of(ulong value, ulong other) => Of(value, BitConverter.GetBytes(other));
}

public class Numbers
{
    ulong state;

    public Numbers(int seed) { state = (ulong)seed; }

    public int Below(int limit)
    {
        state = state * 6364136223846793005 + 1442695040888963407;
        return (int)((state >> 33) % (ulong)limit);
    }
}

public static class Formats
{
    public const int Count = 4;

    public static Stream Packing(int format, Stream to, CompressionLevel level) => format switch
    {
        0 => new DeflateStream(to, level, true),
        1 => new ZLibStream(to, level, true),
        2 => new GZipStream(to, level, true),
        _ => new BrotliStream(to, level, true),
    };

    public static Stream Unpacking(int format, Stream from) => format switch
    {
        0 => new DeflateStream(from, CompressionMode.Decompress),
        1 => new ZLibStream(from, CompressionMode.Decompress),
        2 => new GZipStream(from, CompressionMode.Decompress),
        _ => new BrotliStream(from, CompressionMode.Decompress),
    };

    public static byte[] Pack(int format, byte[] text, CompressionLevel level)
    {
        MemoryStream packed = new();
        using (Stream stream = Packing(format, packed, level))
            stream.Write(text);
        return packed.ToArray();
    }

    // What comes out, and what ends it: nothing, or an exception that a native error made.
    public static ulong Unpack(int format, byte[] packed)
    {
        ulong digest = Digest.Empty;
        byte[] buffer = new byte[3000];
        try
        {
            using Stream stream = Unpacking(format, new MemoryStream(packed));
            for (int n; (n = stream.Read(buffer)) > 0;)
                digest = Digest.Of(digest, buffer.AsSpan(0, n));
        }
        catch (Exception e) when (e is InvalidDataException or InvalidOperationException)
        {
            Interlocked.Increment(ref Load.Exceptions);
            digest = Digest.Of(digest, e.GetType().Name);
        }
        return digest;
    }
}

// Brotli itself, which calls managed code for its memory: the stack then leads through managed,
// native and managed frames.
public static unsafe class Native
{
    const string Library = "System.IO.Compression.Native";

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    public delegate IntPtr Allocate(IntPtr opaque, nuint size);

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    public delegate void Free(IntPtr opaque, IntPtr address);

    [DllImport(Library)]
    static extern IntPtr BrotliDecoderCreateInstance(Allocate allocate, Free free, IntPtr opaque);

    [DllImport(Library)]
    static extern int BrotliDecoderDecompressStream(IntPtr state, ref nuint available_in,
        ref byte* next_in, ref nuint available_out, ref byte* next_out, IntPtr total);

    [DllImport(Library)]
    static extern void BrotliDecoderDestroyInstance(IntPtr state);

    [DllImport(Library)]
    public static extern uint BrotliDecoderVersion();

    [DllImport("kernel32")]
    public static extern uint GetCurrentThreadId();

    static readonly Free free = (opaque, address) => NativeMemory.Free((void*)address);

    public static ulong Unpack(byte[] packed, Action<int> onAllocation)
    {
        ulong digest = Digest.Empty;
        byte[] buffer = new byte[3000];
        int allocations = 0;
        Allocate allocate = (opaque, size) =>
        {
            onAllocation(++allocations);
            return (IntPtr)NativeMemory.AllocZeroed(size);
        };
        IntPtr state = BrotliDecoderCreateInstance(allocate, free, IntPtr.Zero);
        fixed (byte* from = packed, to = buffer)
        {
            nuint left = (nuint)packed.Length;
            byte* next = from;
            int result;
            do
            {
                nuint room = (nuint)buffer.Length;
                byte* end = to;
                result = BrotliDecoderDecompressStream(state, ref left, ref next, ref room,
                    ref end, IntPtr.Zero);
                digest = Digest.Of(digest, buffer.AsSpan(0, buffer.Length - (int)room));
            } while (result == 3);
            if (result != 1)
                digest = Digest.Of(digest, "error");
        }
        BrotliDecoderDestroyInstance(state);
        GC.KeepAlive(allocate);
        return digest;
    }
}

public static class Load
{
    public const int Kinds = 12;
    const int Documents = 4, Length = 24000;

    public static long Rounds, Wrong, Exceptions, Collections, Ended;
    static volatile bool stopping;
    static byte[][] texts;
    static byte[][][] packed;
    static ulong[] expected;
    static readonly long[] seen = new long[Kinds];

    public static bool Stopping => stopping;

    public static byte[] Text(int n) => texts[n % Documents];

    public static byte[] Packed(int n, int format) => packed[n % Documents][format];

    public static void Begin()
    {
        string[] words = { "account", "balance", "the ", "transfer", "of ", "0017", "\n",
            "interest", " and ", "closing", "time", "left", "work", " to ", "{\"id\":", "}," };
        Numbers numbers = new(7);
        texts = new byte[Documents][];
        packed = new byte[Documents][][];
        for (int d = 0; d < Documents; d++)
        {
            MemoryStream text = new();
            while (text.Length < Length)
            {
                if (numbers.Below(23) == 0)
                    text.WriteByte((byte)numbers.Below(256));
                text.Write(Encoding.ASCII.GetBytes(words[numbers.Below(words.Length)]));
            }
            texts[d] = text.ToArray();
            packed[d] = new byte[Formats.Count][];
            for (int f = 0; f < Formats.Count; f++)
                packed[d][f] = Formats.Pack(f, texts[d], CompressionLevel.SmallestSize);
        }
        ulong[] digests = new ulong[Kinds];
        for (int kind = 0; kind < Kinds; kind++)
            digests[kind] = Compute(kind);
        expected = digests;
        foreach (Action work in new Action[] { Worker, Worker, Starter, Pool, Collector })
            new Thread(() => work()) { IsBackground = true }.Start();
    }

    public static void End() { stopping = true; }

    // All that one round does, and the digest of what came of it.
    static ulong Compute(int kind)
    {
        Numbers numbers = new(kind + 1);
        CompressionLevel[] levels = { CompressionLevel.Fastest, CompressionLevel.Optimal,
            CompressionLevel.NoCompression };
        byte[] text = Text(kind);
        ulong whole = Digest.Of(Digest.Empty, text), digest = Digest.Empty;
        for (int f = 0; f < Formats.Count; f++)
        {
            byte[] stream = Formats.Pack(f, text, levels[kind % levels.Length]);
            digest = Digest.Of(digest, stream);
            if (Formats.Unpack(f, stream) != whole || Formats.Unpack(f, Packed(kind, f)) != whole)
                digest = Digest.Of(digest, "not the text");
            byte[] damaged = (byte[])Packed(kind, f).Clone();
            for (int n = 1 + numbers.Below(4); n > 0; n--)
                damaged[numbers.Below(numbers.Below(2) == 0 ? 60 : damaged.Length)] ^=
                    (byte)(1 << numbers.Below(8));
            digest = Digest.Of(digest, Formats.Unpack(f, damaged));
        }
        // Exceptions that are thrown and caught above native frames. (None is thrown through
        // them: with the library as it is, Wine 8 hangs then, or ends the process.)
        if (Native.Unpack(Packed(kind, 3), CatchAbove) != whole)
            digest = Digest.Of(digest, "not the text");
        return digest;
    }

    static void CatchAbove(int n)
    {
        if (n % 4 != 1)
            return;
        try
        {
            int.Parse("no number");
        }
        catch (FormatException)
        {
            Interlocked.Increment(ref Exceptions);
        }
        GC.Collect(0);
    }

    public static void Round(int n)
    {
        int kind = n % Kinds;
        ulong digest = Compute(kind);
        if (digest != expected[kind])
            Interlocked.Increment(ref Wrong);
        Interlocked.Increment(ref seen[kind]);
        Interlocked.Increment(ref Rounds);
    }

    // Threads rest between rounds, as a server's do, so that there are moments in which none is
    // inside the library.
    public static void Rest() => Thread.Sleep(60);

    static int number;

    static void Worker()
    {
        while (!stopping)
        {
            Round(Interlocked.Increment(ref number));
            Rest();
        }
    }

    static void Starter()
    {
        while (!stopping)
        {
            Thread thread = new(() => Round(Interlocked.Increment(ref number)));
            thread.Start();
            thread.Join();
            Interlocked.Increment(ref Ended);
            Rest();
        }
    }

    // More tasks than the pool has threads; then fewer, so that some of these end.
    static void Pool()
    {
        for (int n = 0; !stopping; n++)
        {
            Task[] tasks = new Task[n % 8 == 0 ? 6 : 1];
            for (int i = 0; i < tasks.Length; i++)
                tasks[i] = Task.Run(async () =>
                {
                    Round(Interlocked.Increment(ref number));
                    await Task.Delay(5);
                    await Throws();
                });
            Task.WaitAll(tasks);
            Rest();
        }
    }

    static async Task Throws()
    {
        await Task.Yield();
        try
        {
            await Task.Run(() => throw new TimeoutException());
        }
        catch (TimeoutException)
        {
            Interlocked.Increment(ref Exceptions);
        }
    }

    static void Collector()
    {
        for (int n = 0; !stopping; n++)
        {
            GC.Collect(n % 3, GCCollectionMode.Forced, true, n % 2 == 0);
            Interlocked.Increment(ref Collections);
            Thread.Sleep(200);
        }
    }

    // One digest of what was computed since: each kind of round comes up again.
    public static string State()
    {
        long[] from = (long[])seen.Clone();
        for (int kind = 0; kind < Kinds; kind++)
            while (Interlocked.Read(ref seen[kind]) - from[kind] < 2)
                Thread.Sleep(1);
        ulong digest = Digest.Empty;
        foreach (ulong one in expected)
            digest = Digest.Of(digest, one);
        return $"{digest:x16} {Interlocked.Read(ref Wrong)} wrong";
    }
}

// Streams of every format that are half packed or half unpacked when the library is switched.
public static class Halves
{
    static readonly List<(int Format, Stream Stream, MemoryStream Packed)> packing = new();
    static readonly List<(Stream Stream, byte[] Buffer)> unpacking = new();

    public static void Begin()
    {
        byte[] text = Load.Text(1);
        for (int f = 0; f < Formats.Count; f++)
        {
            MemoryStream packed = new();
            Stream pack = Formats.Packing(f, packed, CompressionLevel.Optimal);
            pack.Write(text, 0, text.Length / 2);
            packing.Add((f, pack, packed));
            Stream unpack = Formats.Unpacking(f, new MemoryStream(Load.Packed(1, f)));
            byte[] buffer = new byte[text.Length];
            unpack.ReadExactly(buffer, 0, text.Length / 2);
            unpacking.Add((unpack, buffer));
        }
    }

    public static string End()
    {
        byte[] text = Load.Text(1);
        ulong whole = Digest.Of(Digest.Empty, text);
        int from = text.Length / 2, right = 0;
        foreach (var (format, stream, packed) in packing)
        {
            stream.Write(text, from, text.Length - from);
            stream.Dispose();
            right += Formats.Unpack(format, packed.ToArray()) == whole ? 1 : 0;
        }
        foreach (var (stream, buffer) in unpacking)
        {
            stream.ReadExactly(buffer, from, text.Length - from);
            bool ends = stream.ReadByte() < 0;
            stream.Dispose();
            right += ends && Digest.Of(Digest.Empty, buffer) == whole ? 1 : 0;
        }
        string answer = $"{right} of {packing.Count + unpacking.Count} right";
        packing.Clear();
        unpacking.Clear();
        return answer;
    }
}

// A thread that waits in managed code which the decoder has called.
public static class Held
{
    static readonly ManualResetEventSlim go = new(false);
    static Thread thread;
    static ulong digest;

    public static string Begin()
    {
        uint id = 0;
        ManualResetEventSlim waits = new(false);
        go.Reset();
        thread = new Thread(() => digest = Native.Unpack(Load.Packed(2, 3), n =>
        {
            if (n != 3)
                return;
            id = Native.GetCurrentThreadId();
            waits.Set();
            go.Wait();
        }));
        thread.Start();
        waits.Wait();
        return $"{id}";
    }

    public static string End()
    {
        go.Set();
        thread.Join();
        return digest == Digest.Of(Digest.Empty, Load.Text(2)) ? "right" : "wrong";
    }
}

// The stream that the old decoder never answers, see brotli.c.
public static class Endless
{
    const int Commands = 16781216, Limit = 10000;
    static byte[] stream;
    static long bits;

    static void Put(uint value, int count)
    {
        for (int i = 0; i < count; i++, bits++)
            stream[bits / 8] |= (byte)((value >> i & 1) << (int)(bits % 8));
    }

    static void SimpleCode(uint symbol, int count) { Put(1, 2); Put(0, 2); Put(symbol, count); }

    static void Make()
    {
        stream = new byte[(long)Commands * 14 / 8 + 64];
        Put(0, 1);
        Put(1, 1); Put(0, 1);
        Put(2, 2); Put(0xffffff, 24);
        Put(0, 3);
        Put(0, 2); Put(0, 4);
        Put(0, 2); Put(0, 1); Put(0, 1);
        SimpleCode(0x41, 8);
        SimpleCode(130, 10);
        SimpleCode(42, 6);
        for (int i = 0; i < Commands; i++)
            Put(2052, 14);
    }

    // Its thread stays in the decoder where there is no answer.
    public static string Answer()
    {
        if (stream == null)
            Make();
        string answer = null;
        Thread thread = new(() =>
        {
            try
            {
                new BrotliStream(new MemoryStream(stream), CompressionMode.Decompress).ReadByte();
                answer = "the end of it";
            }
            catch (Exception e)
            {
                answer = e.GetType().Name;
            }
        }) { IsBackground = true };
        thread.Start();
        return thread.Join(Limit) ? answer : "no answer";
    }
}

// What the process uses. Collected first, so that garbage does not count.
public static class Memory
{
    [StructLayout(LayoutKind.Sequential)]
    struct Region
    {
        public IntPtr Base, Allocation;
        public uint Protection, Partition;
        public nuint Size;
        public uint State, Protect, Type;
    }

    [DllImport("kernel32")]
    static extern nuint VirtualQuery(IntPtr at, out Region region, nuint size);

    // Committed private memory in KiB; how much of that is code that nobody may write.
    public static string Used()
    {
        const uint Committed = 0x1000, Private = 0x20000, ExecuteRead = 0x20;
        for (int i = 0; i < 2; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
        long all = 0, sealedCode = 0, regions = 0;
        IntPtr at = IntPtr.Zero;
        nuint size = (nuint)Marshal.SizeOf<Region>();
        while (VirtualQuery(at, out Region region, size) == size)
        {
            if (region.State == Committed && region.Type == Private)
            {
                regions++;
                all += (long)region.Size;
                sealedCode += region.Protect == ExecuteRead ? (long)region.Size : 0;
            }
            at = (IntPtr)((long)region.Base + (long)region.Size);
        }
        return $"{all >> 10} KiB private, {regions} regions, {sealedCode >> 10} KiB sealed code";
    }
}
