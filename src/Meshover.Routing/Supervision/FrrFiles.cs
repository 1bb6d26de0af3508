using System.Collections.Immutable;
using System.Text.Json;
using Meshover.Routing.Backends;
using Meshover.Routing.Config;
using Meshover.Routing.Vtysh;

namespace Meshover.Routing.Supervision;

/// <summary>
/// The directory of FRR's files. It is root's, so that whoever takes over a daemon, which reads what strangers send, cannot lay out links for
/// root to write through: <c>conf/</c> is for the daemons to read, <c>log/</c> has files for them to append to, and only <c>run/</c> is theirs. What FRR runs stands in
/// <c>applied.json</c>; the daemons' own files are written from it before they start.
/// </summary>
internal sealed class FrrFiles(RoutingOptions options)
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(10);

    // Traversable by the daemons, which run as frr.
    private const UnixFileMode ParentMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    public string Directory => options.FrrDirectory;

    /// <summary>Sockets and pid files: frr's own.</summary>
    public string RuntimeDirectory => options.FrrSockets;

    /// <summary>Whom what the daemons write belongs to: as was said here last, else as the directory was made for.</summary>
    public FrrOwner Owner { get => field ?? KeptOwner; set; }

    /// <summary>In a container <c>/run/frr</c> is a directory of ours.</summary>
    public MgmtdSockets Mgmtd => Owner == FrrOwner.Machine
        ? new(options.FrrDirectory, MgmtdSockets.MachineParent, MgmtdSockets.MachineStateParent)
        : new(options.FrrDirectory, ContainerRunFrr, stateParent: null);

    /// <summary>What containers see as <c>/run/frr</c>.</summary>
    public string ContainerRunFrr => Path("run-frr");

    /// <summary>What the daemon printed, mostly before it had a log.</summary>
    public string Output(FrrDaemon daemon) => Path($"{daemon.Name}.out");

    /// <summary>A file that is root's alone.</summary>
    public string Path(string name) => System.IO.Path.Combine(Directory, name);

    public string Runtime(string name) => System.IO.Path.Combine(RuntimeDirectory, name);

    public string Configuration(string daemon) => System.IO.Path.Combine(options.FrrConfigurations, $"{daemon}.conf");

    public string Log(FrrDaemon daemon) => System.IO.Path.Combine(options.FrrLogs, $"{daemon.Name}.log");

    public string PidFile(FrrDaemon daemon) => Runtime($"{daemon.Name}.pid");

    public string VtySocket(FrrDaemon daemon) => Runtime($"{daemon.Name}.vty");

    /// <summary>Makes the directories.</summary>
    /// <exception cref="RoutingException">They cannot be made.</exception>
    public async Task PrepareAsync(TimeProvider time, CancellationToken ct)
    {
        await PrepareRootAsync(time, ct);
        KeepOwner();
        // What root writes there gets the directory's group by itself (the 2).
        await MakeAsync("2750", "root", Owner.Group, options.FrrConfigurations, time, ct);
        await MakeAsync("2750", "root", Owner.Group, options.FrrLogs, time, ct);
        await MakeAsync("0750", Owner.User, Owner.Group, RuntimeDirectory, time, ct);
        if (Owner != FrrOwner.Machine) await MakeAsync("0755", Owner.User, Owner.Group, ContainerRunFrr, time, ct);
        if (!File.Exists(Configuration("vtysh"))) WriteReadable(Configuration("vtysh"), ""); // its absence is a warning each time
    }

    /// <summary>Makes the directory in which the others are.</summary>
    /// <exception cref="RoutingException">It cannot be made.</exception>
    public async Task PrepareRootAsync(TimeProvider time, CancellationToken ct)
    {
        var parent = System.IO.Path.GetDirectoryName(Directory)!;
        if (!System.IO.Directory.Exists(parent)) System.IO.Directory.CreateDirectory(parent, ParentMode);
        File.SetUnixFileMode(parent, File.GetUnixFileMode(parent) | UnixFileMode.OtherExecute);
        if (!await IsRootsAsync(time, ct)) Delete();
        await MakeAsync("0755", "root", "root", Directory, time, ct);
    }

    /// <summary>Writes what the daemons read when they start. Those that run have read theirs, so it may be done before they end.</summary>
    public void WriteTexts(FrrConfig config, FrrFeatures features)
    {
        foreach (var daemon in FrrDaemon.All) WriteReadable(Configuration(daemon.Name), daemon.FileText(config, features));
    }

    /// <summary>Writes the files that the daemons read when they start, and takes away what killed ones left.</summary>
    public async Task WriteForStartAsync(FrrConfig config, FrrFeatures features, TimeProvider time, CancellationToken ct)
    {
        WriteTexts(config, features);
        foreach (var daemon in FrrDaemon.AnyRelease)
        {
            await BeginLogAsync(daemon, time, ct);
            File.Delete(VtySocket(daemon)); // else it counts as ready before it is
            File.Delete(PidFile(daemon));
        }
        File.Delete(FrrDaemon.OwnMark(this));
        File.Delete(Runtime("bfdd.sock"));
        if (features.HasMgmtd) await Mgmtd.PrepareAsync(parent => MakeAsync("0755", Owner.User, Owner.Group, parent, time, ct));
    }

    /// <summary>Makes the log that the daemon opens, where there is none: it could not itself, once it runs as frr.</summary>
    public async Task BeginLogAsync(FrrDaemon daemon, TimeProvider time, CancellationToken ct)
    {
        if (File.Exists(Log(daemon))) return;
        var made = await ToolRunner.RunAsync("install", ["-m", "0640", "-o", Owner.User, "-g", Owner.Group, "/dev/null", Log(daemon)], _patience, time, ct);
        if (made.ExitCode != 0) throw new RoutingException($"{daemon.Name}'s log cannot be made: {made.Output.Trim()}");
    }

    /// <summary>Whether a change was begun and not ended: what FRR runs is known only after it starts anew.</summary>
    public bool IsChanging
    {
        get => File.Exists(Path("changing"));
        set
        {
            if (value) File.WriteAllText(Path("changing"), "");
            else File.Delete(Path("changing"));
        }
    }

    /// <summary>Remembers what FRR runs, in one step.</summary>
    public void SaveApplied(FrrConfig config)
    {
        Replace(Path("applied.json"), Private, JsonSerializer.SerializeToUtf8Bytes(config, RoutingJson.Default.FrrConfig));
        IsChanging = false;
    }

    /// <summary>What FRR runs, or ran last; null where nothing was ever applied or the file is none.</summary>
    public FrrConfig? LoadApplied()
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(Path("applied.json")), RoutingJson.Default.FrrConfig);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    /// <summary>Where something was made for FRR that is to be taken away; in a file beside the directory, which stays when that goes.</summary>
    public ImmutableArray<FrrBackendConfig> Places
    {
        get
        {
            try
            {
                return JsonSerializer.Deserialize(File.ReadAllBytes(PlacesFile), RoutingJson.Default.ImmutableArrayFrrBackendConfig) is { IsDefault: false } places ? places : [];
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
            {
                return [];
            }
        }
        set
        {
            if (value.IsEmpty) File.Delete(PlacesFile);
            else Replace(PlacesFile, Private, JsonSerializer.SerializeToUtf8Bytes(value, RoutingJson.Default.ImmutableArrayFrrBackendConfig));
        }
    }

    /// <summary>Takes away everything but <see cref="Places"/>.</summary>
    public void Delete()
    {
        if (System.IO.Directory.Exists(Directory)) System.IO.Directory.Delete(Directory, recursive: true);
        Mgmtd.Delete();
    }

    /// <summary>The end of a daemon's log, for an error message.</summary>
    public string LastLogLine(FrrDaemon daemon)
    {
        try
        {
            return File.ReadLines(Log(daemon)).LastOrDefault() ?? "its log is empty";
        }
        catch (IOException)
        {
            return "it wrote no log";
        }
    }

    private string PlacesFile => $"{Directory}.places";

    private string OwnerFile => Path("owner");

    private FrrOwner KeptOwner
    {
        get
        {
            try
            {
                return FrrOwner.TryParse(File.ReadAllText(OwnerFile)) ?? FrrOwner.Machine;
            }
            catch (IOException)
            {
                return FrrOwner.Machine;
            }
        }
    }

    /// <summary>What belongs to another is made anew.</summary>
    private void KeepOwner()
    {
        if (KeptOwner == Owner) return;
        foreach (var directory in (string[])[RuntimeDirectory, options.FrrLogs])
            if (System.IO.Directory.Exists(directory)) System.IO.Directory.Delete(directory, recursive: true);
        Replace(OwnerFile, Private, System.Text.Encoding.UTF8.GetBytes($"{Owner}\n"));
    }

    /// <summary>Readable by the daemons.</summary>
    private static void WriteReadable(string path, string text) => Replace(path, Private | UnixFileMode.GroupRead, System.Text.Encoding.UTF8.GetBytes(text));

    /// <summary>In one step, by a new file: what stands at the path is never followed or written into.</summary>
    private static void Replace(string path, UnixFileMode mode, ReadOnlySpan<byte> content)
    {
        var temporary = $"{path}.new";
        File.Delete(temporary);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = mode, BufferSize = 0 };
        using (var file = new FileStream(temporary, options)) file.Write(content);
        File.Move(temporary, path, overwrite: true);
    }

    /// <summary>A directory of frr's own, as former releases made it, may hold anything: it is not taken over.</summary>
    private async Task<bool> IsRootsAsync(TimeProvider time, CancellationToken ct)
    {
        if (!System.IO.Directory.Exists(Directory)) return true;
        var owner = await ToolRunner.RunAsync("stat", ["-c", "%u", Directory], _patience, time, ct);
        return owner.Output.Trim() == "0";
    }

    private static async Task MakeAsync(string mode, string owner, string group, string directory, TimeProvider time, CancellationToken ct)
    {
        var made = await ToolRunner.RunAsync("install", ["-d", "-m", mode, "-o", owner, "-g", group, directory], _patience, time, ct);
        if (made.ExitCode != 0) throw new RoutingException($"FRR's directory cannot be made: {made.Output.Trim()}");
    }
}
