using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Meshover.Lab;
using Meshover.Mesh.Trust;

namespace Meshover.LabTests.Controller;

/// <summary>A real controller in directories of its own, on ports of its own, in the machine's own namespace.</summary>
internal sealed class ControllerProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static int _lastPort = 20_000 + (Environment.ProcessId % 10_000);
    private readonly ConcurrentQueue<string> _log = new();
    private Process? _process;

    public ControllerProcess()
    {
        Root = Directory.CreateTempSubdirectory("meshover-controller-test-").FullName;
        Port = FreePort();
    }

    public string Root { get; }
    public int Port { get; }
    public string State => Path.Combine(Root, "state");
    public string Config => Path.Combine(Root, "controller.yaml");
    public string AdminSocket => Path.Combine(Root, "run", "admin.sock");

    /// <summary>Makes the mesh and returns the first join string.</summary>
    public async Task<JoinString> InitAsync(params string[] options)
    {
        var result = await RunAsync(["init", .. Paths, "--address", $"127.0.0.1:{Port}", "--port", $"{Port}", .. options]);
        Assert.True(result.ExitCode == 0, result.Error);
        return JoinString.Parse(result.Output);
    }

    /// <summary>Starts it and waits until it serves.</summary>
    public async Task ServeAsync(params string[] options)
    {
        _process = Start(["serve", .. Paths, .. options]);
        // A pipe that nobody reads would stop it.
        _process.OutputDataReceived += (_, line) => Note(line.Data);
        _process.ErrorDataReceived += (_, line) => Note(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        await Until.TrueAsync($"the controller serves port {Port}", Patience, () => File.Exists(AdminSocket) && IsListening());
    }

    /// <summary>kill -9.</summary>
    public async Task KillAsync()
    {
        if (_process is null)
            return;
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        _process = null;
        File.Delete(AdminSocket);
    }

    /// <summary>SIGTERM; returns the exit code.</summary>
    public async Task<int> StopAsync()
    {
        var process = _process!;
        using (var kill = Process.Start("kill", ["-TERM", $"{process.Id}"]))
            await kill.WaitForExitAsync();
        await process.WaitForExitAsync().WaitAsync(Patience);
        _process = null;
        return process.ExitCode;
    }

    /// <summary>Runs a command of the controller to its end.</summary>
    public static async Task<CommandOutcome> RunAsync(string[] arguments) => await CommandOutcome.OfAsync(Start(arguments));

    /// <summary>The options that name this controller's files.</summary>
    public string[] Paths => ["--config", Config, "--state", State, "--run", Path.GetDirectoryName(AdminSocket)!];

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        Directory.Delete(Root, recursive: true);
    }

    /// <summary>
    /// One that the kernel gives to nobody who asks for any port (<c>ip_local_port_range</c>): a controller that is killed finds its own free
    /// when it comes back.
    /// </summary>
    public static int FreePort()
    {
        while (true)
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            var port = Interlocked.Increment(ref _lastPort);
            try
            {
                socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
                return port;
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
            }
        }
    }

    /// <summary>What it said.</summary>
    public string Log => string.Join('\n', _log);

    private void Note(string? line)
    {
        if (line is not null)
            _log.Enqueue(line);
    }

    private bool IsListening()
    {
        if (_process!.HasExited)
        {
            _process.WaitForExit(); // until all that it said is read
            Assert.Fail($"The controller ended:\n{Log}");
        }
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Connect(IPAddress.Loopback, Port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static Process Start(string[] arguments)
    {
        var process = Process.Start(new ProcessStartInfo(LabPrograms.Controller, arguments)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        return process;
    }
}

/// <summary>How a program ended.</summary>
internal sealed record CommandOutcome(int ExitCode, string Output, string Error)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static async Task<CommandOutcome> OfAsync(Process process)
    {
        using (process)
        {
            var output = process.StandardOutput.ReadToEndAsync();
            var error = process.StandardError.ReadToEndAsync();
            await process.WaitForExitAsync().WaitAsync(Patience);
            return new CommandOutcome(process.ExitCode, (await output).Trim(), (await error).Trim());
        }
    }

    /// <summary>It failed, and said so in one sentence that contains these words.</summary>
    public void ShouldRefuse(params string[] words)
    {
        Assert.NotEqual(0, ExitCode);
        Assert.DoesNotContain("   at ", Error, StringComparison.Ordinal); // a stack trace
        foreach (var word in words)
            Assert.Contains(word, Error, StringComparison.OrdinalIgnoreCase);
    }
}
