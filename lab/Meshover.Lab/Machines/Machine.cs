using System.Diagnostics;
using Meshover.Linux.Namespaces;

namespace Meshover.Lab.Machines;

/// <summary>
/// One machine of the lab: a network, mount and UTS namespace, each pinned by a file, so that no process needs to hold them.
/// The network namespace is a named one (<c>ip netns</c> sees it as PREFIX-NAME). What the machine writes to /run, /etc and
/// /var/lib is its own, and the lab can read it under <see cref="Disk"/>.
/// </summary>
public sealed class Machine
{
    private readonly string _directory;

    internal Machine(LabPaths paths, string name)
    {
        Name = name;
        _directory = paths.MachineDirectory(name);
        NetworkName = $"{paths.Prefix}-{name}";
    }

    /// <summary>Its name in the lab and its hostname: n1, w1, ctl, net.</summary>
    public string Name { get; }

    /// <summary>Name of its network namespace, e.g. mo-n1.</summary>
    public string NetworkName { get; }
    public string NetworkPath => $"/run/netns/{NetworkName}";
    internal string MountPin => Path.Combine(_directory, "mnt");
    internal string UtsPin => Path.Combine(_directory, "uts");
    internal string DiskDirectory => Path.Combine(_directory, "disk");

    /// <summary>Where the lab finds a file that the machine sees under /run, or that it changed under /etc or /var/lib.</summary>
    public string Disk(string path) => Path.Combine(DiskDirectory, path.TrimStart('/'));

    /// <summary>Runs a function in the machine's network namespace; the sockets that it opens stay there.</summary>
    public T InNetwork<T>(Func<T> function) => NetworkNamespace.RunIn(NetworkPath, function);

    /// <summary>How to start a program inside the machine; the caller may redirect its streams.</summary>
    public ProcessStartInfo Command(string program, params IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo("nsenter") { UseShellExecute = false, WorkingDirectory = "/" };
        foreach (var option in (string[])[$"--net={NetworkPath}", $"--mount={MountPin}", $"--uts={UtsPin}", "--", program]) start.ArgumentList.Add(option);
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        start.Environment["HOME"] = "/root";
        return start;
    }

    /// <summary>Runs a program to its end. Cancelling ends it by SIGKILL.</summary>
    public async Task<CommandResult> RunAsync(string program, IEnumerable<string> arguments, string? input, CancellationToken ct)
    {
        var start = Command(program, arguments);
        start.RedirectStandardInput = start.RedirectStandardOutput = start.RedirectStandardError = true;
        using var process = Process.Start(start) ?? throw new LabException($"{program} did not start in {Name}");
        try
        {
            if (input is not null) await process.StandardInput.WriteAsync(input.AsMemory(), ct);
            process.StandardInput.Close();
            var output = process.StandardOutput.ReadToEndAsync(ct);
            var error = process.StandardError.ReadToEndAsync(ct);
            await process.WaitForExitAsync(ct);
            return new CommandResult($"{Name}: {Path.GetFileName(program)} {string.Join(' ', arguments)}", process.ExitCode, await output, await error);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }

    public Task<CommandResult> RunAsync(string program, IEnumerable<string> arguments, CancellationToken ct) =>
        RunAsync(program, arguments, input: null, ct);
}
