using System.Diagnostics;
using Meshover.Linux.Namespaces;
using Meshover.WireGuard.Control;
using Meshover.WireGuard.Keys;

namespace Meshover.Bench.Dataplane;

/// <summary>
/// Two namespaces with a veth pair between them, 10.77.0.1 and 10.77.0.2, MTU 1500; and the programs that run in them, which end with it.
/// </summary>
internal sealed class Cable : IAsyncDisposable
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(15);
    private readonly List<Process> _processes = [];

    private Cable() => Directory = System.IO.Directory.CreateTempSubdirectory("meshover-bench-").FullName;

    /// <summary>For keys, configurations and sockets; deleted at the end.</summary>
    public string Directory { get; }

    public static string Namespace(int end) => $"mhbench-{Environment.ProcessId}-{end}";

    /// <summary>The underlay address of an end, 1 or 2.</summary>
    public static string Address(int end) => $"10.77.0.{end}";

    /// <summary>The output of a program that ends by itself, run at one end.</summary>
    public static Task<string> RunAsync(int end, params string[] command) =>
        Programs.RunAsync("ip", ["netns", "exec", Namespace(end), .. command]);

    public static async Task<Cable> LayAsync()
    {
        var cable = new Cable();
        try
        {
            NetworkNamespace.Create(Namespace(1));
            NetworkNamespace.Create(Namespace(2));
            await Programs.RunAsync(
                "ip", "link", "add", "eth0", "netns", Namespace(1), "type", "veth", "peer", "name", "eth0", "netns", Namespace(2));
            for (var end = 1; end <= 2; end++)
            {
                await AddAddressAsync(end, "eth0", $"{Address(end)}/24");
                await Programs.RunAsync("ip", "-n", Namespace(end), "link", "set", "lo", "up");
            }
            return cable;
        }
        catch
        {
            await cable.DisposeAsync();
            throw;
        }
    }

    /// <summary>
    /// Waits until the far end's address answers from the near one. Errors are asked again: until a tunnel stands, some say that there is no way.
    /// </summary>
    public static Task WaitForAnswerAsync(string address) => WaitForAsync(() => AnswersAsync(address), $"an answer of {address}");

    /// <summary>Gives a device an address and brings it up.</summary>
    public static async Task AddAddressAsync(int end, string device, string address)
    {
        await Programs.RunAsync("ip", "-n", Namespace(end), "addr", "add", address, "dev", device);
        await Programs.RunAsync("ip", "-n", Namespace(end), "link", "set", device, "up");
    }

    /// <summary>Starts a program at one end that runs until this is disposed of.</summary>
    public Process Start(int end, params string[] command)
    {
        var process = Programs.Start(Namespace(end), command);
        _processes.Add(process);
        return process;
    }

    /// <summary>The public key of a private one, by <c>wg</c>.</summary>
    public async Task<WireGuardKey> PublicKeyAsync(WireGuardSecret key)
    {
        var file = Path.Combine(Directory, "key");
        await File.WriteAllTextAsync(file, Convert.ToBase64String(key.Bytes));
        var text = await Programs.RunAsync("sh", "-c", $"wg pubkey < {file}");
        return WireGuardKey.TryParse(text, out var result) ? result : throw new InvalidOperationException($"wg pubkey said '{text}'");
    }

    /// <summary>Waits until a file, or at an end a network device, is there.</summary>
    /// <exception cref="TimeoutException">It does not come.</exception>
    public static async Task WaitForAsync(Func<Task<bool>> isThere, string what)
    {
        var start = TimeProvider.System.GetTimestamp();
        while (!await isThere())
        {
            if (TimeProvider.System.GetElapsedTime(start) > StartTimeout)
                throw new TimeoutException($"{what} does not appear: an engine did not start");
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, CancellationToken.None);
        }
    }

    private static async Task<bool> AnswersAsync(string address)
    {
        try
        {
            await RunAsync(1, "ping", "-c", "1", "-W", "1", address);
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    /// <inheritdoc cref="WaitForAsync"/>
    public static Task WaitForFileAsync(string path) => WaitForAsync(() => Task.FromResult(File.Exists(path)), path);

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _processes)
        {
            process.Kill();
            await process.WaitForExitAsync();
            process.Dispose();
        }
        for (var end = 1; end <= 2; end++)
            NetworkNamespace.Delete(Namespace(end));
        System.IO.Directory.Delete(Directory, recursive: true);
    }
}

/// <summary>Something to be measured: an address behind it, and the processes (one a side, or none) that carry its packets.</summary>
internal sealed record Subject(string Name, string Address, IReadOnlyList<Process> Engines);
