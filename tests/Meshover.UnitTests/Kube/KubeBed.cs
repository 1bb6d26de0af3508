using System.Diagnostics;
using Grpc.Core;
using Meshover.Agent.Announcing;
using Meshover.Agent.Announcing.Provided;
using Meshover.Agent.LocalApi;
using Meshover.Contract.V1;
using Meshover.Kube;
using Meshover.Kube.Watching;
using Meshover.UnitTests.Kube.Api;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Meshover.UnitTests.Kube;

/// <summary>A cluster's API server, an agent as far as providers concern it, and meshover-kube between them.</summary>
internal sealed class KubeBed : IAsyncDisposable
{
    public const string Node = "kube-1";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly string _directory = Directory.CreateTempSubdirectory("meshover-kube-").FullName;
    private readonly CancellationTokenSource _stop = new();
    private WebApplication? _agent;
    private ProviderTable _table = null!;
    private Task _kube = Task.CompletedTask;
    private int _told;

    public ClusterServer Cluster { get; } = new();

    public string Socket => Path.Combine(_directory, "agent.sock");

    /// <summary>Changes of what is announced, or of how it stands, that the agents saw.</summary>
    public int Told => Volatile.Read(ref _told);

    public static async Task<KubeBed> StartAsync(SourceChoice source = SourceChoice.Auto, Action<ClusterServer>? prepare = null)
    {
        var bed = new KubeBed();
        prepare?.Invoke(bed.Cluster);
        await bed.Cluster.StartAsync();
        await bed.StartAgentAsync();
        bed.StartKube(source);
        return bed;
    }

    public void StartKube(SourceChoice source) => _kube = KubeRunner.RunAsync(
        new KubeOptions { Node = Node, Source = source, Kubeconfig = Cluster.Kubeconfig, TokenFile = Cluster.TokenFile, Socket = Socket }, isDebug: false, _stop.Token);

    /// <summary>Another agent, which finds what the last one left on the disk.</summary>
    public async Task StartAgentAsync()
    {
        _table = new ProviderTable(new ProviderFile(_directory), NullLogger.Instance, TimeProvider.System);
        _table.Restore();
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(new ProviderCalls(_table)).AddSingleton(this).AddGrpc();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenUnixSocket(Socket, listen => listen.Protocols = HttpProtocols.Http2));
        _agent = builder.Build();
        _agent.MapGrpcService<Api>();
        File.Delete(Socket);
        await _agent.StartAsync();
    }

    public async Task StopAgentAsync()
    {
        await _agent!.StopAsync(new CancellationToken(canceled: true)).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        await _agent.DisposeAsync();
    }

    public SourceAnnouncements? Source => _table.Current.FirstOrDefault();

    /// <summary>Waits until the agent has these prefixes, and the status begins so.</summary>
    public async Task HasAsync(string prefixes, string status)
    {
        var since = Stopwatch.GetTimestamp();
        while (true)
        {
            var (changed, now) = (_table.Changed, Source);
            var has = string.Join(' ', (now?.Announcements ?? []).Select(announcement => announcement.Prefix));
            if (has == prefixes && (now?.Status ?? "").StartsWith(status, StringComparison.Ordinal)) return;
            var left = Patience - Stopwatch.GetElapsedTime(since);
            if (left <= TimeSpan.Zero || _kube.IsFaulted) Assert.Fail($"expected {prefixes} and \"{status}\"; there is {has} and \"{now?.Status}\" {_kube.Exception}");
            await Task.WhenAny(changed, Task.Delay(left, TimeProvider.System, CancellationToken.None));
        }
    }

    public async Task StopKubeAsync()
    {
        await _stop.CancelAsync();
        await _kube.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
    }

    public async ValueTask DisposeAsync()
    {
        await StopKubeAsync();
        await StopAgentAsync();
        await Cluster.DisposeAsync();
        _stop.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    private sealed class Api(ProviderCalls calls, KubeBed bed) : LocalService.LocalServiceBase
    {
        public override Task<ProvideResponse> Provide(IAsyncStreamReader<ProvideUpdate> requestStream, ServerCallContext context) =>
            calls.HearAsync(new Counted(requestStream, () => Interlocked.Increment(ref bed._told)), context.CancellationToken);
    }

    private sealed class Counted(IAsyncStreamReader<ProvideUpdate> updates, Action heard) : IAsyncStreamReader<ProvideUpdate>
    {
        public ProvideUpdate Current => updates.Current;

        public async Task<bool> MoveNext(CancellationToken cancellationToken)
        {
            var isThere = await updates.MoveNext(cancellationToken);
            if (isThere) heard();
            return isThere;
        }
    }
}
