using System.Buffers.Binary;
using System.Text;
using System.Threading.Channels;
using Meshover.Linux.Interop;

namespace Meshover.Linux.Files;

/// <summary>
/// Tells that what one finds at a directory's path changed (inotify(7)): its files, those that links in it lead to, and the directory itself,
/// which may be made later, go away, or be reached by links that are replaced. So each directory is watched that the kernel passes on the way,
/// for the one name that it looks up there. A thread reads; it re-reads the way before it tells.
/// </summary>
public sealed class DirectoryWatch : IDisposable
{
    private const int InitFlags = 0x80000 | 0x800;   // IN_CLOEXEC | IN_NONBLOCK
    private const int EventFdFlags = 0x80000 | 0x800; // EFD_CLOEXEC | EFD_NONBLOCK
    private const uint Gone = 0x400 | 0x800 | 0x2000 | 0x4000; // IN_DELETE_SELF, IN_MOVE_SELF, IN_UNMOUNT, IN_Q_OVERFLOW

    // IN_ATTRIB, IN_CLOSE_WRITE, IN_MOVED_FROM, IN_MOVED_TO, IN_CREATE, IN_DELETE, and that it goes itself; IN_ONLYDIR
    private const uint Mask = 0x4 | 0x8 | 0x40 | 0x80 | 0x100 | 0x200 | 0x400 | 0x800 | 0x1000000;
    private const int HeaderBytes = 16;

    private readonly string _path;
    private readonly FileDescriptor _inotify;
    private readonly FileDescriptor _stop;
    private readonly Thread _thread;

    // One change that nobody has heard of yet stands for all.
    private readonly Channel<bool> _changes = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private Dictionary<int, WatchedNames> _watched = [];

    /// <param name="path">Absolute; need not be there.</param>
    /// <exception cref="IOException">This machine allows no more watches.</exception>
    public DirectoryWatch(string path)
    {
        _path = path;
        _inotify = Valid(Libc.InotifyInit(InitFlags));
        _stop = Valid(Libc.EventFd(0, EventFdFlags));
        try
        {
            Arm();
        }
        catch
        {
            _inotify.Dispose();
            _stop.Dispose();
            throw;
        }
        _thread = new Thread(Read) { IsBackground = true, Name = "inotify" };
        _thread.Start();
    }

    /// <summary>Ends with the next change, or one that nobody was told of yet.</summary>
    /// <exception cref="IOException">This machine allows no more watches: nothing is heard any longer.</exception>
    public async Task ChangedAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _changes.Reader.ReadAsync(cancellationToken);
        }
        catch (ChannelClosedException e) when (e.InnerException is IOException cause)
        {
            throw new IOException(cause.Message, cause);
        }
    }

    public unsafe void Dispose()
    {
        ulong one = 1;
        _ = Libc.Write(_stop, (byte*)&one, sizeof(ulong));
        _thread.Join();
        _inotify.Dispose();
        _stop.Dispose();
    }

    private unsafe void Read()
    {
        var buffer = new byte[64 << 10];
        var descriptors = stackalloc PollDescriptor[2];
        try
        {
            while (true)
            {
                descriptors[0] = new PollDescriptor { Descriptor = (int)_inotify.DangerousGetHandle(), Events = PollDescriptor.Readable };
                descriptors[1] = new PollDescriptor { Descriptor = (int)_stop.DangerousGetHandle(), Events = PollDescriptor.Readable };
                _ = Libc.Poll(descriptors, 2, -1);
                if (descriptors[1].Returned != 0)
                    return;
                nint length;
                fixed (byte* start = buffer)
                    length = Libc.Read(_inotify, start, (nuint)buffer.Length);
                if (length <= 0 || !Concern(buffer.AsSpan(0, (int)length)))
                    continue;
                Arm();
                _changes.Writer.TryWrite(true);
            }
        }
        catch (IOException e)
        {
            _changes.Writer.TryComplete(e);
        }
    }

    /// <summary>Whether one of these events is of a name that is looked up.</summary>
    /// <param name="events"><c>struct inotify_event</c>: wd, mask, cookie and length, 4 bytes each, then the name with zeros at its end.</param>
    private bool Concern(ReadOnlySpan<byte> events)
    {
        while (events.Length >= HeaderBytes)
        {
            var length = BinaryPrimitives.ReadInt32LittleEndian(events[12..]);
            var mask = BinaryPrimitives.ReadUInt32LittleEndian(events[4..]);
            var name = Encoding.UTF8.GetString(events.Slice(HeaderBytes, length).TrimEnd((byte)0));
            if ((mask & Gone) != 0 || (_watched.TryGetValue(BinaryPrimitives.ReadInt32LittleEndian(events), out var names) && names.Has(name)))
                return true;
            events = events[(HeaderBytes + length)..];
        }
        return false;
    }

    /// <summary>Watches the way as it is now. Each directory is watched before it is looked into, so that no change in between is missed.</summary>
    private void Arm()
    {
        var before = _watched;
        _watched = [];
        if (Follow(_path) is { } directory)
        {
            Watch(directory, name: null);
            foreach (var link in LinksIn(directory))
                Follow(link);
        }
        foreach (var old in before.Keys.Where(old => !_watched.ContainsKey(old)))
            _ = Libc.InotifyRemove(_inotify, old); // it may be gone by itself
    }

    /// <returns>The directory behind all links; null where there is none (yet), or where the path is a file's.</returns>
    private string? Follow(string path)
    {
        const int mostLinks = 40; // path_resolution(7)
        var current = "/";
        var ahead = new Stack<string>(Parts(path));
        for (var links = 0; ahead.TryPop(out var name);)
        {
            if (name == "..")
            {
                current = Path.GetDirectoryName(current) ?? "/";
                continue;
            }
            Watch(current, name);
            var next = Path.Combine(current, name);
            if (new FileInfo(next).LinkTarget is { } target)
            {
                if (++links > mostLinks)
                    return null;
                foreach (var part in Parts(target))
                    ahead.Push(part);
                current = target.StartsWith('/') ? "/" : current;
            }
            else if (Directory.Exists(next))
                current = next;
            else
                return null;
        }
        return current;
    }

    /// <summary>Last first.</summary>
    private static IEnumerable<string> Parts(string path) => path.Split('/', StringSplitOptions.RemoveEmptyEntries).Where(part => part != ".").Reverse();

    private static IEnumerable<string> LinksIn(string directory)
    {
        const int most = 256;
        try
        {
            return [.. new DirectoryInfo(directory).EnumerateFileSystemInfos().Where(entry => entry.LinkTarget is not null).Take(most).Select(entry => entry.FullName)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return []; // it went away, which is told
        }
    }

    /// <param name="directory">Without links.</param>
    /// <param name="name">Of which is told; null: all.</param>
    private void Watch(string directory, string? name)
    {
        var descriptor = Libc.InotifyAdd(_inotify, directory, Mask);
        if (descriptor >= 0)
            (_watched.TryGetValue(descriptor, out var names) ? names : _watched[descriptor] = new WatchedNames()).Add(name);
        else if (Errno.Last == NoSpace)
            throw Failed();
    }

    private const int NoSpace = 28; // ENOSPC: fs.inotify.max_user_watches

    private FileDescriptor Valid(FileDescriptor made) => made.IsInvalid ? throw Failed() : made;

    private IOException Failed() =>
        new($"{_path} cannot be watched: {Errno.Describe(Errno.Last)}; raise the sysctls fs.inotify.max_user_instances and fs.inotify.max_user_watches");

    private sealed class WatchedNames
    {
        private readonly HashSet<string> _names = [];
        private bool _all;

        public void Add(string? name)
        {
            if (name is null)
                _all = true;
            else
                _names.Add(name);
        }

        public bool Has(string name) => _all || _names.Contains(name);
    }
}
