using System.Globalization;
using Grpc.Core;
using Meshover.Bench.Mesh;
using Meshover.Bench.Streams;
using Meshover.Contract.V1;
using Meshover.Lab;
using Meshover.Lab.Meshes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Meshover.Bench.Status;

/// <summary>
/// How long an operator waits: `meshover status` on a node with 1,000 peers, whose agent is stood in for by one that answers at once (ask1000: status,
/// status-json), and `status` and `why` in a mesh of three nodes (ask3: status, why). Each from the start of the program to its end.
/// </summary>
internal sealed class AskingBench(BenchOptions options, Action<string, string, double> add)
{
    public const string Large = "ask1000", Small = "ask3";

    private const int Peers = 1_000;
    private const int Questions = 20;
    private const int MostTries = 5;
    private static readonly TimeProvider Time = TimeProvider.System;

    public async Task LargeAsync(CancellationToken ct)
    {
        var directory = Directory.CreateTempSubdirectory("meshover-bench-").FullName;
        await using var agent = await ServeAsync(Path.Combine(directory, "agent.sock"), ct);
        string[] places = ["--run-dir", directory, "--state-dir", directory, "--config", Path.Combine(directory, "agent.yaml")];
        add(Large, "status", await MedianAsync(() => Programs.RunAsync(LabPrograms.Meshover, ["status", .. places])));
        add(Large, "status-json", await MedianAsync(() => Programs.RunAsync(LabPrograms.Meshover, ["status", "--json", .. places])));
        await agent.StopAsync(ct);
        Directory.Delete(directory, recursive: true);
    }

    public async Task SmallAsync(CancellationToken ct)
    {
        await using var mesh = await LabMesh.StartAsync(new LabOptions { Prefix = "moask", Nodes = 3 }, Time, new Silent(), ct);
        add(Small, "status", await MedianAsync(async () => (await mesh.Node(1).MeshoverAsync(["status"], ct)).Checked()));
        add(Small, "why", await MedianAsync(async () => (await mesh.Controller.Machine.RunAsync(LabPrograms.Meshover, ["why", "n1", "n2"], ct)).Checked()));
    }

    private async Task<double> MedianAsync(Func<Task<string>> ask)
    {
        await WarmAsync(ask);
        var spent = new List<double>();
        for (var asked = 0; asked < Questions * options.Rounds; asked++)
        {
            var start = Time.GetTimestamp();
            await ask();
            spent.Add(Time.GetElapsedTime(start).TotalMilliseconds);
        }
        return MapChanger.Percentile(spent, 0.5);
    }

    /// <summary>What is read from the disk for the first time is not what is asked for, and may take longer than `status` waits for an agent.</summary>
    private static async Task WarmAsync(Func<Task<string>> ask)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                await ask();
                return;
            }
            catch (InvalidOperationException) when (tries < MostTries)
            {
                // Once more.
            }
        }
    }

    private static async Task<WebApplication> ServeAsync(string socket, CancellationToken ct)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = [], ContentRootPath = AppContext.BaseDirectory });
        builder.Logging.ClearProviders();
        builder.Services.AddGrpc();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenUnixSocket(socket, listen => listen.Protocols = HttpProtocols.Http2));
        var app = builder.Build();
        app.MapGrpcService<Answers>();
        await app.StartAsync(ct);
        return app;
    }

    /// <summary>An agent that has looked already.</summary>
    private sealed class Answers : LocalService.LocalServiceBase
    {
        private static readonly AgentStatus Status = Build();

        public override Task<AgentStatus> GetStatus(GetStatusRequest request, ServerCallContext context) => Task.FromResult(Status);

        private static AgentStatus Build()
        {
            var well = new ComponentStatus { State = "ok" };
            var status = new AgentStatus
            {
                Hello = new Hello { Version = "bench" },
                Hostname = "node-0",
                NodeId = 1,
                Address4 = "10.249.0.1",
                Address6 = "fd00::1",
                Asn = 4_200_000_000,
                ListenPort = 12912,
                ControllerState = "connected",
                Dataplane = well,
                Routing = well,
                Kernel = well,
            };
            for (var n = 1; n <= Peers; n++)
                status.Peers.Add(PeerOf(n));
            return status;
        }

        private static PeerStatus PeerOf(int n) => new()
        {
            Hostname = string.Create(CultureInfo.InvariantCulture, $"node-{n}"),
            NodeId = (uint)n + 1,
            Address4 = string.Create(CultureInfo.InvariantCulture, $"10.249.{n / 256}.{n % 256}"),
            Address6 = string.Create(CultureInfo.InvariantCulture, $"fd00::{n:x}"),
            Asn = 4_200_000_000 + (uint)n,
            Link = string.Create(CultureInfo.InvariantCulture, $"mo-{n:x8}"),
            Endpoint = string.Create(CultureInfo.InvariantCulture, $"[2001:db8::{n:x}]:12912"),
            HandshakeAgeSeconds = 60,
            RxBytes = 123_456_789,
            TxBytes = 987_654_321,
            RttMs = 1.5,
            BgpState = "Established",
            BfdState = "up",
            PrefixesReceived = 4,
            Path = "direct",
        };
    }
}
