using System.Text.Json;
using Meshover.Routing.Config;
using Meshover.Routing.Vtysh;

namespace Meshover.Routing.Supervision;

/// <summary>The directory of FRR's files. What FRR runs stands in <c>applied.json</c>; the daemons' own files are written from it before they start.</summary>
internal sealed class FrrFiles(RoutingOptions options)
{
    // Traversable by the daemons, which run as frr; not readable by others.
    private const UnixFileMode ParentMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    public string Directory => options.FrrDirectory;

    public string Path(string name) => System.IO.Path.Combine(Directory, name);

    public string Configuration(FrrDaemon daemon) => Path($"{daemon.Name}.conf");

    public string Log(FrrDaemon daemon) => Path($"{daemon.Name}.log");

    public string VtySocket(FrrDaemon daemon) => Path($"{daemon.Name}.vty");

    /// <summary>Makes the directory, owned by <c>frr:frr</c>.</summary>
    /// <exception cref="RoutingException">It cannot be made.</exception>
    public async Task PrepareAsync(TimeProvider time, CancellationToken ct)
    {
        var parent = System.IO.Path.GetDirectoryName(Directory)!;
        if (!System.IO.Directory.Exists(parent)) System.IO.Directory.CreateDirectory(parent, ParentMode);
        File.SetUnixFileMode(parent, File.GetUnixFileMode(parent) | UnixFileMode.OtherExecute);
        var made = await ToolRunner.RunAsync("install", ["-d", "-m", "0750", "-o", "frr", "-g", "frr", Directory], TimeSpan.FromSeconds(10), time, ct);
        if (made.ExitCode != 0) throw new RoutingException($"FRR's directory cannot be made: {made.Output.Trim()}");
        if (!File.Exists(Path("vtysh.conf"))) await File.WriteAllTextAsync(Path("vtysh.conf"), "", ct); // its absence is a warning each time
    }

    /// <summary>Writes what the daemons read when they start. Those that run have read theirs, so it may be done before they end.</summary>
    public void WriteTexts(FrrConfig config)
    {
        foreach (var daemon in FrrDaemon.All) File.WriteAllText(Configuration(daemon), daemon.Text(config));
    }

    /// <summary>Writes the files that the daemons read when they start, and takes away what a killed one left.</summary>
    public void WriteForStart(FrrConfig config)
    {
        WriteTexts(config);
        foreach (var daemon in FrrDaemon.All)
        {
            File.Delete(VtySocket(daemon)); // else it counts as ready before it is
            File.Delete(Path($"{daemon.Name}.pid"));
        }
        File.Delete(FrrDaemon.OwnMark(this));
        File.Delete(Path("bfdd.sock"));
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
        File.WriteAllBytes(Path("applied.new"), JsonSerializer.SerializeToUtf8Bytes(config, RoutingJson.Default.FrrConfig));
        File.Move(Path("applied.new"), Path("applied.json"), overwrite: true);
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

    /// <summary>Takes away everything.</summary>
    public void Delete()
    {
        if (System.IO.Directory.Exists(Directory)) System.IO.Directory.Delete(Directory, recursive: true);
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
}
