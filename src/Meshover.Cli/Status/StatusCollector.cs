using System.Collections.Immutable;
using Meshover.Agent.Configuration;
using Meshover.Agent.Reconciling.Dataplane;
using Meshover.Agent.Trust;
using Meshover.Cli.Hosting;
using Meshover.Cli.Supervision;
using Meshover.Contract.V1;
using Meshover.Linux.Netlink;
using Meshover.Routing.Supervision;
using Meshover.WireGuard.Control;

namespace Meshover.Cli.Status;

/// <summary>Asks the agent; where it does not answer, whoever else can tell something.</summary>
internal sealed class StatusCollector(NodePaths paths, TimeProvider time)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <exception cref="Meshover.Agent.AgentException">The identity is there and cannot be read.</exception>
    public async Task<StatusDocument> CollectAsync(CancellationToken cancellationToken)
    {
        if (await AgentApi.TryGetStatusAsync(paths.AgentSocket, time, cancellationToken) is { } status)
            return AgentStatusReader.Read(status);
        using var deadline = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        var kernel = Kernel();
        return new RemnantStatus
        {
            Identity = new IdentityStore(paths.StateDirectory).Load(),
            Daemons = Daemons(),
            Map = ReadMap(),
            Dataplane = kernel ?? await DataplaneAsync(either.Token),
            DataplaneKind = kernel is null ? "userspace" : "kernel",
            Routing = await RoutingAsync(either.Token),
        }.Read();
    }

    /// <summary>All of them where the configuration cannot be used: that is the agent's to say.</summary>
    private ImmutableArray<string> Daemons()
    {
        try
        {
            return DaemonNames.Of(AgentConfigFile.Load(paths.ConfigFile));
        }
        catch (ConfigurationException)
        {
            return DaemonNames.All;
        }
    }

    /// <summary>The map on disk; null where there is none, or it is damaged (the agent will say so).</summary>
    private MeshSnapshot? ReadMap()
    {
        try
        {
            return File.Exists(paths.MapFile) ? MeshSnapshot.Parser.ParseFrom(File.ReadAllBytes(paths.MapFile)) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or Google.Protobuf.InvalidProtocolBufferException)
        {
            return null;
        }
    }

    private DataplaneStatus? Kernel()
    {
        try
        {
            return KernelDataplaneReader.TryRead(time);
        }
        catch (NetlinkException)
        {
            return null;
        }
    }

    private async Task<DataplaneStatus?> DataplaneAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await new DataplaneClient(paths.DataplaneSocket).GetStatusAsync(cancellationToken);
        }
        catch (Exception e) when (e is DataplaneException or OperationCanceledException)
        {
            return null;
        }
    }

    private async Task<RoutingStatus?> RoutingAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await new RoutingClient(paths.RoutingSocket).GetStatusAsync(cancellationToken);
        }
        catch (Exception e) when (e is RoutingException or OperationCanceledException)
        {
            return null;
        }
    }
}
