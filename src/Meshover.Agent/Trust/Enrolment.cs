using System.Collections.Immutable;
using System.Net;
using Grpc.Core;
using Meshover.Agent.ControllerLink;
using Meshover.Agent.Endpoints;
using Meshover.Agent.Reporting;
using Meshover.Contract.V1;
using Meshover.Linux.Netlink;
using Meshover.Mesh.Identity;
using Meshover.Mesh.Map;
using Meshover.Mesh.Trust;
using Microsoft.Extensions.Logging;

namespace Meshover.Agent.Trust;

/// <summary>Joining a mesh and signing off from it.</summary>
public static partial class Enrolment
{
    private static readonly TimeSpan RetryEvery = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LeaveTimeout = TimeSpan.FromSeconds(15);

    /// <summary>
    /// Makes this machine a member and returns its identity, saved. Idempotent: an identity that is there is used again. After a
    /// failure nothing is left behind, except an identity that a controller may already have taken in.
    /// </summary>
    /// <exception cref="AgentException">Refused, or no controller answered in time; one sentence with what to do.</exception>
    public static async Task<NodeIdentity> EnrolAsync(
        JoinString join, EnrolmentOptions options, ILogger logger, TimeProvider time, CancellationToken cancellationToken)
    {
        if (!HostName.TryNormalise(options.HostName, out var hostName, out var error))
            throw new AgentException(error);
        var store = new IdentityStore(options.StateDirectory);
        var former = store.Load();
        var identity = (former ?? IdentityFactory.Create(hostName, time)) with { HostName = hostName, Settings = options.Settings ?? former?.Settings };
        // Saved before it is shown to a controller: an answer that is lost on the way must not cost the node its name.
        identity = store.Update(identity.WithWhatIsNewerIn);
        var attempt = new Attempt(join, options, identity, logger, time);
        try
        {
            var enrolled = await attempt.RunAsync(cancellationToken);
            return store.Update(enrolled.WithWhatIsNewerIn);
        }
        catch (Exception) when (Undo(store, former, attempt))
        {
            throw;
        }
    }

    /// <summary>
    /// Signs this node off at the controller and deletes the identity and the map on disk. With <paramref name="force"/> they are
    /// deleted where no controller answers, too. Nothing to do where there is no identity.
    /// </summary>
    /// <param name="controllers">The operator's choice, <c>host:port</c> each; empty: those that the identity knows.</param>
    /// <exception cref="AgentException">No controller answered, and not forced.</exception>
    public static async Task LeaveAsync(
        string stateDirectory, ImmutableArray<string> controllers, bool force, ILogger logger, TimeProvider time, CancellationToken cancellationToken)
    {
        var (store, map) = (new IdentityStore(stateDirectory), new MapFile(stateDirectory));
        try
        {
            if (store.Load() is { IsEnrolled: true } identity)
                await SignOffAsync(identity, controllers.IsEmpty ? identity.Controllers : controllers, time, cancellationToken);
        }
        catch (AgentException e) when (force)
        {
            LogForced(logger, e.Message);
        }
        map.Delete();
        MapFile.OfRetained(stateDirectory).Delete();
        store.Delete();
    }

    private static async Task SignOffAsync(NodeIdentity identity, ImmutableArray<string> controllers, TimeProvider time, CancellationToken cancellationToken)
    {
        var dialer = new ControllerDialer(() => controllers, UnderlayMark, time);
        using var channel = new ControllerChannel(identity, identity.CaPins, dialer);
        try
        {
            await channel.Client.LeaveAsync(new LeaveRequest(), deadline: time.GetUtcNow().Add(LeaveTimeout).UtcDateTime, cancellationToken: cancellationToken);
        }
        catch (RpcException e) when (e.StatusCode is StatusCode.NotFound or StatusCode.PermissionDenied)
        {
            // It is no member (any more): just what was asked for.
        }
        catch (RpcException e)
        {
            throw new AgentException($"Signing off failed: {Refusals.Describe(e, channel.TrustRefusal)} Try again when a controller answers, "
                + "or use --force and have an administrator run `meshover node remove`.", e);
        }
    }

    /// <summary>Always false, so that the exception goes on: what was there before is there again, unless a controller may know the new identity.</summary>
    private static bool Undo(IdentityStore store, NodeIdentity? former, Attempt attempt)
    {
        if (former is not null)
            store.Update(former.WithWhatIsNewerIn);
        else if (!attempt.MayBeKnown)
            store.Delete();
        return false;
    }

    /// <summary>The mark of packets that must take the underlay.</summary>
    internal const uint UnderlayMark = 0x6d;

    [LoggerMessage(Level = LogLevel.Warning, Message = "Leaving without signing off: {Reason}")]
    private static partial void LogForced(ILogger logger, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "No answer yet: {Reason}")]
    private static partial void LogRetry(ILogger logger, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{What}")]
    private static partial void LogLeftOut(ILogger logger, string what);

    /// <summary>One enrolling, with its retries.</summary>
    private sealed class Attempt(JoinString join, EnrolmentOptions options, NodeIdentity identity, ILogger logger, TimeProvider time)
    {
        private string _lastReason = "";

        /// <summary>A request went out whose answer is not known.</summary>
        public bool MayBeKnown { get; private set; }

        public async Task<NodeIdentity> RunAsync(CancellationToken cancellationToken)
        {
            var dialer = new ControllerDialer(() => join.Controllers, UnderlayMark, time);
            using var channel = new ControllerChannel(identity, join.CaPins, dialer);
            var request = CreateRequest();
            // Not a deadline by the clock: at its first boot a machine may set that by hours.
            using var limit = new CancellationTokenSource(options.Timeout, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
            while (true)
            {
                try
                {
                    var response = await channel.Client.EnrollAsync(request, cancellationToken: either.Token);
                    if (!identity.IsEnrolled)
                        await RefuseOverlapAsync(channel, response.Settings, cancellationToken);
                    MayBeKnown = true;
                    return EnrolmentAnswer.Accept(response, identity, join);
                }
                catch (Exception e) when (e is FormatException or OverflowException)
                {
                    throw new AgentException($"The controller's answer cannot be understood: {e.Message} Upgrade meshover on this machine, or the controller.", e);
                }
                catch (RpcException e) when (!cancellationToken.IsCancellationRequested)
                {
                    Judge(e, channel, limit.Token);
                }
                catch (Exception e) when (e is RpcException or OperationCanceledException)
                {
                    // Given up while a request was under way: what became of it is not known.
                    MayBeKnown |= channel.Dialer.Connected is not null;
                    throw;
                }
                await Task.Delay(RetryEvery, time, either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                cancellationToken.ThrowIfCancellationRequested();
            }
        }

        /// <summary>The pools are known only now; the membership is given back, so that nothing is left on either side.</summary>
        private async Task RefuseOverlapAsync(ControllerChannel channel, Contract.V1.MeshSettings? settings, CancellationToken cancellationToken)
        {
            MayBeKnown = true;
            if (settings is null)
                throw new FormatException("It has no settings of the mesh in it.");
            using var netlink = new RouteNetlink();
            ImmutableArray<(string, IPNetwork)> pools =
            [
                ("IPv4 pool", IPNetwork.Parse(settings.Pool4)),
                ("IPv6 pool", IPNetwork.Parse(settings.Pool6)),
                ("tunnel pool", IPNetwork.Parse(settings.TunnelPool)),
            ];
            if (PoolOverlap.WhyNot(netlink.GetLinks(), netlink.GetAddresses(), pools) is not { } reason)
                return;
            await channel.Client.LeaveAsync(new LeaveRequest(), deadline: time.GetUtcNow().Add(LeaveTimeout).UtcDateTime, cancellationToken: cancellationToken);
            MayBeKnown = false;
            throw new AgentException(reason);
        }

        private void Judge(RpcException error, ControllerChannel channel, CancellationToken limit)
        {
            var reason = Refusals.Describe(error, channel.TrustRefusal);
            if (channel.TrustRefusal is not null || Refusals.IsRefusal(error))
                throw new AgentException($"The controller refused this node: {reason}", error);
            MayBeKnown |= channel.Dialer.Connected is not null;
            channel.Dialer.Rotate();
            if (limit.IsCancellationRequested)
                throw new AgentException($"No controller admitted this node within {options.Timeout.TotalSeconds:0} s. {Why(error, reason)} "
                    + "Check that the controller is running and that this machine can reach it.", error)
                {
                    IsUnanswered = true,
                };
            if (reason != _lastReason)
                LogRetry(logger, reason);
            _lastReason = reason;
        }

        /// <summary>When the time is up in the middle of a call, what the one before it died of says more.</summary>
        private string Why(RpcException error, string reason) => error.StatusCode != StatusCode.Cancelled ? reason
            : _lastReason.Length > 0 ? _lastReason : "It did not answer.";

        private EnrollRequest CreateRequest()
        {
            var request = new EnrollRequest
            {
                Hello = AgentHello.Create(),
                Token = join.Token,
                Hostname = identity.HostName,
                WireguardKey = Google.Protobuf.ByteString.CopyFrom(identity.WireGuardPublicKey.Bytes),
                ListenPort = (uint)options.ListenPort,
                Site = options.Site,
            };
            using var netlink = new RouteNetlink();
            var underlay = UnderlayDiscovery.Find(
                netlink, options.UnderlayInterfaces, new UnderlaySurroundings(options.Announce, [.. UnderlaySurroundings.AddressesOf(join.Controllers)]));
            request.Endpoints.Add(OfferedEndpoints.Of([], underlay.Addresses, options.ListenPort).Select(WireFormat.FromEndpoint));
            request.OtherAddresses.Add(underlay.Others.Select(address => address.ToString()));
            if (OfferedEndpoints.LeftOut(0, underlay.Addresses.Length) is { } leftOut)
                LogLeftOut(logger, leftOut);
            return request;
        }
    }
}
