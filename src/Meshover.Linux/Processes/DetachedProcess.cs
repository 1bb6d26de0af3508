using System.Runtime.InteropServices;
using Meshover.Linux.Interop;
using Meshover.Linux.Namespaces;

namespace Meshover.Linux.Processes;

/// <summary>
/// Starts a process that outlives us: in a session of its own (no terminal, no signals to our group), its standard streams to files, not
/// one descriptor shared with us. posix_spawn(3) instead of <c>Process</c>, which offers none of these.
/// </summary>
public static unsafe partial class DetachedProcess
{
    // posix_spawn.h: with SETSIGDEF and SETSIGMASK the child does not inherit that .NET ignores SIGPIPE, nor a blocked signal.
    private const short SetSignalDefault = 0x04;
    private const short SetSignalMask = 0x08;
    private const short SetSession = 0x80;

    // Larger than posix_spawnattr_t (336), posix_spawn_file_actions_t (80) and sigset_t (128) of glibc and musl.
    private const int OpaqueSize = 512;

    private const int ReadOnly = 0;
    private const int WriteAppendCreate = 1 | 0x400 | 0x40;
    private const uint LogFileMode = 0x1a0; // 0640

    /// <exception cref="ProcessException">It could not be started; says which file and why.</exception>
    /// <exception cref="NetworkNamespaceException">The namespace cannot be entered.</exception>
    public static ProcessIdentity Start(DetachedProcessOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return options.NetworkNamespacePath is { } path ? NetworkNamespace.RunIn(path, () => Spawn(options)) : Spawn(options);
    }

    /// <summary>Starts with standard output and error appended to a log file.</summary>
    public static ProcessIdentity Start(string fileName, IReadOnlyList<string> arguments, string? logFile = null, string? networkNamespacePath = null) =>
        Start(new DetachedProcessOptions
        {
            FileName = fileName,
            Arguments = arguments,
            LogFile = logFile,
            NetworkNamespacePath = networkNamespacePath,
        });

    private static ProcessIdentity Spawn(DetachedProcessOptions options)
    {
        var attributes = stackalloc byte[OpaqueSize];
        var actions = stackalloc byte[OpaqueSize];
        Check(AttributesInit(attributes), "prepare", options);
        Check(ActionsInit(actions), "prepare", options);
        try
        {
            SetAttributes(attributes, options);
            AddActions(actions, options);
            return Identify(SpawnWith(attributes, actions, options), options);
        }
        finally
        {
            _ = AttributesDestroy(attributes);
            _ = ActionsDestroy(actions);
        }
    }

    private static void SetAttributes(byte* attributes, DetachedProcessOptions options)
    {
        var signals = stackalloc byte[OpaqueSize];
        _ = SignalSetEmpty(signals);
        Check(AttributesSetSignalMask(attributes, signals), "prepare", options);
        _ = SignalSetFill(signals);
        Check(AttributesSetSignalDefault(attributes, signals), "prepare", options);
        Check(AttributesSetFlags(attributes, SetSession | SetSignalMask | SetSignalDefault), "prepare", options);
    }

    private static void AddActions(byte* actions, DetachedProcessOptions options)
    {
        var log = options.LogFile ?? "/dev/null";
        Check(ActionsAddOpen(actions, 0, "/dev/null", ReadOnly, 0), "prepare", options);
        Check(ActionsAddOpen(actions, 1, log, WriteAppendCreate, LogFileMode), "prepare", options);
        Check(ActionsAddDuplicate(actions, 1, 2), "prepare", options);
        Check(ActionsAddChangeDirectory(actions, options.WorkingDirectory), "prepare", options);
    }

    private static int SpawnWith(byte* attributes, byte* actions, DetachedProcessOptions options)
    {
        using var arguments = new NativeStringArray([options.FileName, .. options.Arguments]);
        using var environment = new NativeStringArray(MergeEnvironment(options.Environment));
        int pid;
        Check(PosixSpawn(&pid, options.FileName, actions, attributes, arguments.Pointer, environment.Pointer), "start", options);
        return pid;
    }

    // A child that ended at once is a zombie until it is waited for, so its start time can always be read.
    private static ProcessIdentity Identify(int pid, DetachedProcessOptions options) =>
        ProcessStat.TryRead(pid) is { } stat
            ? new ProcessIdentity(pid, stat.StartTime, NetworkNamespace.InodeOfProcess(pid) ?? NetworkNamespace.CurrentInode())
            : throw new ProcessException($"start {options.FileName}", "it was gone before it could be identified");

    private static List<string> MergeEnvironment(IReadOnlyDictionary<string, string?> changes)
    {
        var merged = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (System.Collections.DictionaryEntry entry in System.Environment.GetEnvironmentVariables())
            merged[(string)entry.Key] = (string?)entry.Value ?? "";
        foreach (var (name, value) in changes)
        {
            if (value is null)
                merged.Remove(name);
            else
                merged[name] = value;
        }

        return [.. merged.Select(pair => $"{pair.Key}={pair.Value}")];
    }

    // posix_spawn and its helpers return the error number instead of setting errno.
    private static void Check(int error, string step, DetachedProcessOptions options)
    {
        if (error == 0)
            return;
        var reason = Errno.Describe(error);
        var log = options.LogFile is null ? "" : $" (its log is {options.LogFile}, its directory {options.WorkingDirectory})";
        throw new ProcessException($"{step} {options.FileName}", reason + log);
    }

    [LibraryImport("libc", EntryPoint = "posix_spawnp", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int PosixSpawn(int* pid, string file, byte* actions, byte* attributes, nint arguments, nint environment);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_init")]
    private static partial int AttributesInit(byte* attributes);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_destroy")]
    private static partial int AttributesDestroy(byte* attributes);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setflags")]
    private static partial int AttributesSetFlags(byte* attributes, short flags);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setsigmask")]
    private static partial int AttributesSetSignalMask(byte* attributes, byte* signals);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setsigdefault")]
    private static partial int AttributesSetSignalDefault(byte* attributes, byte* signals);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_init")]
    private static partial int ActionsInit(byte* actions);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_destroy")]
    private static partial int ActionsDestroy(byte* actions);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_addopen", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int ActionsAddOpen(byte* actions, int descriptor, string path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_adddup2")]
    private static partial int ActionsAddDuplicate(byte* actions, int from, int to);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_addchdir_np", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int ActionsAddChangeDirectory(byte* actions, string path);

    [LibraryImport("libc", EntryPoint = "sigemptyset")]
    private static partial int SignalSetEmpty(byte* set);

    [LibraryImport("libc", EntryPoint = "sigfillset")]
    private static partial int SignalSetFill(byte* set);
}
