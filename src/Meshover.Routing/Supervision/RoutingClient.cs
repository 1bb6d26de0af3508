using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Meshover.Linux.LocalSockets;
using Meshover.Routing.Config;

namespace Meshover.Routing.Supervision;

/// <summary>
/// Speaks to <c>meshover routing</c> on its socket; a connection for each call, so that a restart of the other side needs no care.
/// Every method throws <see cref="RoutingException"/> where the process does not answer, or not in time (it has a cause then), or refuses.
/// </summary>
public sealed class RoutingClient(string socketPath, TimeProvider? time = null)
{
    /// <summary>Longer than bgpd reads the file of some 700 neighbours; where it takes longer yet, the next call finds it done.</summary>
    private static readonly TimeSpan _applyWithin = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan _answerWithin = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan _renewWithin = TimeSpan.FromSeconds(5);

    /// <summary>Makes FRR run this configuration, by differences; of several at once the newest counts.</summary>
    /// <returns>When FRR runs it.</returns>
    /// <exception cref="RoutingException">It was refused (FRR keeps its last good configuration), or FRR cannot run.</exception>
    public async Task<ApplyResult> ApplyAsync(FrrConfig config, CancellationToken ct = default) =>
        Required((await CallAsync(new RoutingRequest { Op = RoutingProtocol.Apply, Config = config }, _applyWithin, ct)).Applied);

    public async Task<RoutingStatus> GetStatusAsync(CancellationToken ct = default) =>
        Required((await CallAsync(new RoutingRequest { Op = RoutingProtocol.Status }, _answerWithin, ct)).Status);

    /// <summary>The configuration that FRR runs, or is to be started with; null where there is none.</summary>
    public async Task<FrrConfig?> GetRunningAsync(CancellationToken ct = default) =>
        (await CallAsync(new RoutingRequest { Op = RoutingProtocol.Running }, _answerWithin, ct)).Running;

    /// <summary>What is leased holds on for a while (<see cref="LeaseKeeper.Lease"/>). An applied configuration renews it too.</summary>
    /// <returns>Prefixes that have lapsed since the last time: they are announced again with the next configuration that is applied.</returns>
    public async Task<ImmutableArray<string>> RenewAsync(CancellationToken ct = default) =>
        (await CallAsync(new RoutingRequest { Op = RoutingProtocol.Renew }, _renewWithin, ct)).Lapsed;

    /// <summary>Who announces these prefixes, as far as bgpd knows.</summary>
    public async Task<KnownPaths> GetPathsAsync(IEnumerable<IPNetwork> prefixes, CancellationToken ct = default)
    {
        var reply = await CallAsync(new RoutingRequest { Op = RoutingProtocol.Paths, Prefixes = [.. prefixes.Select(prefix => prefix.ToString())] }, _renewWithin, ct);
        return new KnownPaths(reply.Paths, TimeSpan.FromMilliseconds(reply.FrrRunsMs));
    }

    /// <summary>What neighbours announce of a range and bgpd does not take.</summary>
    /// <param name="around">What overlaps it is told.</param>
    /// <param name="links">Of whom: at most <see cref="RefusedPath.MostNeighbors"/>.</param>
    /// <param name="ct">Gives up.</param>
    public async Task<ImmutableArray<RefusedPath>> GetRefusedAsync(IPNetwork around, IEnumerable<string> links, CancellationToken ct = default) =>
        (await CallAsync(new RoutingRequest { Op = RoutingProtocol.Refused, Prefixes = [around.ToString()], Neighbors = [.. links] }, _answerWithin, ct)).Refused;

    /// <summary>
    /// Makes zebra put back the routes that the kernel flushed when their preferred source address was removed by hand. Call it after
    /// the address is there again.
    /// </summary>
    public Task ToggleSourceRouteMapAsync(CancellationToken ct = default) =>
        CallAsync(new RoutingRequest { Op = RoutingProtocol.ToggleSource }, _answerWithin, ct);

    /// <summary>Stops zebra (which removes its routes), bgpd and bfdd for good, forgets their configuration, and ends the process.</summary>
    public Task StopAsync(CancellationToken ct = default) => CallAsync(new RoutingRequest { Op = RoutingProtocol.Stop }, _answerWithin, ct);

    private async Task<RoutingReply> CallAsync(RoutingRequest request, TimeSpan within, CancellationToken ct)
    {
        using var limit = new CancellationTokenSource(within, time ?? TimeProvider.System);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, ct);
        try
        {
            await using var connection = await JsonConnection.OpenAsync(socketPath, RoutingProtocol.Terms, either.Token);
            return Checked(await connection.AskAsync(
                request with { Version = connection.Version }, RoutingJson.Default.RoutingRequest, RoutingJson.Default.RoutingReply, either.Token));
        }
        catch (OperationCanceledException e) when (!ct.IsCancellationRequested)
        {
            throw new RoutingException($"meshover routing has not answered on {socketPath} for {within.TotalSeconds:0} s; see its log", e);
        }
        catch (ProtocolVersionException e)
        {
            throw new RoutingException(e.Message, e);
        }
        catch (Exception e) when (e is SocketException or IOException or JsonException)
        {
            throw new RoutingException($"meshover routing does not answer on {socketPath}: {e.Message}; start it with `meshover up`", e);
        }
    }

    private static RoutingReply Checked(RoutingReply reply) => reply.Error is { } error ? throw new RoutingException(error) : reply;

    private static T Required<T>(T? part) where T : class =>
        part ?? throw new RoutingException("meshover routing answered something other than what was asked; are both of the same release?");
}
