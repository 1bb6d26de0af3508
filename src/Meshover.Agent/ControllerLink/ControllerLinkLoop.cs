using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Threading.Channels;
using Grpc.Core;
using Meshover.Agent.ControllerLink.Queries;
using Meshover.Agent.Reporting;
using Meshover.Agent.Trust;
using Meshover.Contract.V1;
using Meshover.Mesh.Findings;
using Meshover.Mesh.Map;
using Microsoft.Extensions.Logging;

namespace Meshover.Agent.ControllerLink;

/// <summary>
/// Keeps a stream with some controller for as long as the agent lives: connects, follows, and after each end waits (with backoff and
/// jitter) and tries the next. Tells the main loop through <paramref name="inputs"/>; a full channel slows the stream down.
/// </summary>
internal sealed partial class ControllerLinkLoop(
    IdentityKeeper identities, ReportBoard board, QueryDesk desk, ControllerLinkOptions options, ChannelWriter<AgentInput> inputs, ILogger logger, TimeProvider time)
{
    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromSeconds(10);

    /// <summary>A refusal is the same next time, unless an administrator acts; with jitter, as the whole mesh may be refused together.</summary>
    private static readonly TimeSpan RetryWhenRefused = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan Lasting = TimeSpan.FromSeconds(10);

    /// <summary>Clocks may differ by so much; a credential this near its end is renewed first.</summary>
    private static readonly TimeSpan ClockSkew = TimeSpan.FromMinutes(5);

    /// <summary>Longer than connecting may take.</summary>
    private static readonly TimeSpan RenewTimeout = TimeSpan.FromSeconds(30);

    private readonly string _instanceId = Convert.ToHexString(RandomNumberGenerator.GetBytes(16));
    private readonly Backoff _backoff = new(FirstRetry, LongestRetry, Jitter);
    private readonly Backoff _whenRefused = new(RetryWhenRefused, RetryWhenRefused, Jitter);
    private MeshMap? _map;
    private string _lastFailure = "";

    public async Task RunAsync(MeshMap? fromDisk, CancellationToken cancellationToken)
    {
        _map = fromDisk;
        var dialer = new ControllerDialer(Controllers, Enrolment.UnderlayMark, time);
        while (true)
        {
            var wait = await FollowOnceAsync(dialer, cancellationToken);
            await Task.Delay(wait, time, cancellationToken);
        }
    }

    private static double Jitter() => RandomNumberGenerator.GetInt32(1000) / 1000.0;

    /// <summary>The operator's; else those of the map, which may have moved, and those that we once joined with.</summary>
    private ImmutableArray<string> Controllers() => options.Controllers.IsEmpty
        ? [.. (_map?.Settings.Controllers ?? []).Union(identities.Current.Controllers, StringComparer.Ordinal)]
        : options.Controllers;

    private async Task<TimeSpan> FollowOnceAsync(ControllerDialer dialer, CancellationToken cancellationToken)
    {
        var identity = identities.Current;
        using var channel = new ControllerChannel(identity, identity.CaPins, dialer);
        var follower = new MapFollower(channel.Client, () => dialer.Connected?.ToString() ?? "", board, desk, _instanceId, PublishAsync) { Map = _map };
        try
        {
            identity = await RenewIfExpiredAsync(identity, channel, cancellationToken);
            await follower.RunAsync(identity, time, cancellationToken);
            await TellAsync(LinkState.Connecting, "", "The controller ended the stream.", cancellationToken);
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.Unauthenticated && channel.TrustRefusal is null)
        {
            return await RenewAsync(channel, e, cancellationToken);
        }
        catch (RpcException e) when (!cancellationToken.IsCancellationRequested)
        {
            return await FailAsync(channel, Refusals.IsRefusal(e), Refusals.Describe(e, channel.TrustRefusal), cancellationToken, e);
        }
        catch (Exception e) when (e is FormatException or IOException or OverflowException
            || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return await FailAsync(channel, isRefusal: false, e.Message, cancellationToken, e);
        }
        finally
        {
            _map = follower.Map;
            ForgetFailures(follower, dialer);
        }
        return _backoff.Next();
    }

    /// <summary>Only a stream that lasted was a success: two machines with one identity push each other out, and must not do it in a hot loop.</summary>
    private void ForgetFailures(MapFollower follower, ControllerDialer dialer)
    {
        if (follower.WelcomedAt is not { } welcomed || time.GetElapsedTime(welcomed) < Lasting)
            return;
        dialer.Keep();
        _backoff.Reset();
        _lastFailure = "";
    }

    private async ValueTask PublishAsync(LinkEvent message, CancellationToken cancellationToken)
    {
        if (message is LinkEvent.MapReceived { Map: var map })
            _map = map;
        await inputs.WriteAsync(new AgentInput.FromController(message), cancellationToken);
    }

    private async Task<NodeIdentity> RenewIfExpiredAsync(NodeIdentity identity, ControllerChannel channel, CancellationToken cancellationToken)
    {
        var expires = DateTimeOffset.FromUnixTimeSeconds(identity.CredentialExpires);
        return expires - ClockSkew > time.GetUtcNow() ? identity : await RenewCredentialAsync(identity, channel, cancellationToken);
    }

    private async Task<TimeSpan> RenewAsync(ControllerChannel channel, RpcException refusal, CancellationToken cancellationToken)
    {
        try
        {
            await RenewCredentialAsync(identities.Current, channel, cancellationToken);
            await TellAsync(LinkState.Connecting, "", "The credential was renewed.", cancellationToken);
            return _backoff.Next();
        }
        catch (RpcException e) when (!cancellationToken.IsCancellationRequested)
        {
            var reason = Refusals.IsRefusal(e) ? Refusals.Describe(e, channel.TrustRefusal) : Refusals.Describe(refusal, channel.TrustRefusal);
            return await FailAsync(channel, isRefusal: true, reason, cancellationToken);
        }
    }

    private async Task<NodeIdentity> RenewCredentialAsync(NodeIdentity identity, ControllerChannel channel, CancellationToken cancellationToken)
    {
        var request = new RenewCredentialRequest { ExpiredJwt = identity.Credential ?? "" };
        var deadline = time.GetUtcNow().Add(RenewTimeout).UtcDateTime;
        var credential = await channel.Client.RenewCredentialAsync(request, deadline: deadline, cancellationToken: cancellationToken);
        LogRenewed(logger, credential.ExpiresUnix);
        return identities.Update(current => current.WithCredential(credential.Jwt, credential.ExpiresUnix));
    }

    private async Task<TimeSpan> FailAsync(ControllerChannel channel, bool isRefusal, string reason, CancellationToken cancellationToken, Exception? failure = null)
    {
        channel.Dialer.Rotate();
        var refused = isRefusal || channel.TrustRefusal is not null;
        if (reason != _lastFailure)
            LogFailed(logger, refused ? "refused this node" : "cannot be reached", reason);
        _lastFailure = reason;
        var fault = channel.TrustRefusal is not null ? FindingKinds.ControllerCertificate
            : isRefusal ? FindingKinds.ControllerRefused
            : (failure?.GetBaseException() as NoControllerException)?.Kind ?? FindingKinds.ControllerUnreachable;
        await TellAsync(refused ? LinkState.Refused : LinkState.Unreachable, "", reason, cancellationToken, fault);
        return refused ? _whenRefused.Next() : _backoff.Next();
    }

    private ValueTask TellAsync(LinkState state, string controller, string error, CancellationToken cancellationToken, FindingKind? fault = null) =>
        inputs.WriteAsync(new AgentInput.FromController(new LinkEvent.StateChanged(state, controller, error) { Fault = fault }), cancellationToken);

    [LoggerMessage(Level = LogLevel.Information, Message = "The credential was renewed until {Expires} (seconds since 1970)")]
    private static partial void LogRenewed(ILogger logger, long expires);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The controller {What}: {Reason}")]
    private static partial void LogFailed(ILogger logger, string what, string reason);
}
