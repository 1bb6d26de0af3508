using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Grpc.Net.Client;
using Meshover.Contract.V1;
using Meshover.Lab;

namespace Meshover.Bench.Streams;

/// <summary>A controller in a directory of its own, on this machine's loopback and on its first two processors, handled as an administrator would.</summary>
/// <param name="root">The directory, which it removes.</param>
/// <param name="processors">Where it runs, as taskset(1) lists them, so that machines of any size give figures for the same.</param>
internal sealed class BenchedController(string root, string processors = "0,1") : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);
    private static readonly TimeProvider Time = TimeProvider.System;
    private Process? _process;

    public int Port { get; } = FreePort();

    public int ProcessId => _process!.Id;

    private string Run => Path.Combine(root, "run");

    private string AdminSocket => Path.Combine(Run, "admin.sock");

    private string[] Paths => ["--config", Path.Combine(root, "controller.yaml"), "--state", Path.Combine(root, "state"), "--run", Run];

    /// <summary>Makes a mesh of its own; gives the join string.</summary>
    public Task<string> InitAsync() => Programs.RunAsync(LabPrograms.Controller, ["init", .. Paths, "--address", $"127.0.0.1:{Port}", "--port", $"{Port}"]);

    /// <summary>A token for the console, of a viewer. With the controller running.</summary>
    public Task<string> ViewerTokenAsync() => Programs.RunAsync(LabPrograms.Controller, ["console-token", "--role", "viewer", "--name", "bench", .. Paths]);

    public Task BackupAsync(string file) => Programs.RunAsync(LabPrograms.Controller, ["backup", .. Paths, file]);

    /// <summary>With the controller stopped.</summary>
    public Task RestoreAsync(string file) => Programs.RunAsync(LabPrograms.Controller, ["restore", "--replace", .. Paths, file]);

    /// <summary>Starts it and waits until it answers an administrator.</summary>
    /// <exception cref="TimeoutException">It does not.</exception>
    public async Task ServeAsync(string[] options, CancellationToken ct)
    {
        // What it says goes into a file, and is not in the way.
        string[] command = [LabPrograms.Controller, "serve", .. Paths, "--port", $"{Port}", "--address", $"127.0.0.1:{Port}", .. options];
        _process = Process.Start(new ProcessStartInfo("taskset", ["-c", processors, "sh", "-c", "exec \"$@\" >>\"$0\" 2>&1", Path.Combine(root, "log"), .. command]))!;
        var start = Time.GetTimestamp();
        while (!await AnswersAsync(ct))
        {
            if (_process.HasExited || Time.GetElapsedTime(start) > Patience)
                throw new TimeoutException($"The controller does not answer: {await File.ReadAllTextAsync(Path.Combine(root, "log"), ct)}");
            await Task.Delay(TimeSpan.FromMilliseconds(50), Time, ct);
        }
    }

    /// <summary>SIGKILL.</summary>
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

    /// <summary>A channel for administrators; the caller disposes of it.</summary>
    public GrpcChannel OpenAdministration() => GrpcChannel.ForAddress("http://localhost", new GrpcChannelOptions
    {
        HttpHandler = new SocketsHttpHandler { ConnectCallback = async (_, ct) => await ConnectAsync(ct) },
        DisposeHttpClient = true,
        MaxReceiveMessageSize = null,
    });

    public double CpuSeconds() => Programs.CpuSeconds(ProcessId);

    /// <summary>The most memory that it has had since its start, in MiB: VmHWM.</summary>
    public double PeakMegabytes()
    {
        var line = File.ReadLines($"/proc/{ProcessId}/status").First(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
        return double.Parse(line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        Directory.Delete(root, recursive: true);
    }

    private async Task<bool> AnswersAsync(CancellationToken ct)
    {
        if (!File.Exists(AdminSocket))
            return false;
        try
        {
            using var channel = OpenAdministration();
            await new AdminService.AdminServiceClient(channel).ListTokensAsync(new ListTokensRequest(), cancellationToken: ct);
            return true;
        }
        catch (Grpc.Core.RpcException) when (!ct.IsCancellationRequested)
        {
            return false; // not yet
        }
    }

    private async Task<Stream> ConnectAsync(CancellationToken ct)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(AdminSocket), ct);
        return new NetworkStream(socket, ownsSocket: true);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
