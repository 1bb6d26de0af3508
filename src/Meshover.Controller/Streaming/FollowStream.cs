using Grpc.Core;
using Meshover.Contract.V1;
using Meshover.Controller.Api;
using Meshover.Controller.Live;
using Meshover.Controller.Membership;
using Meshover.Controller.State;

namespace Meshover.Controller.Streaming;

/// <summary>
/// One stream after its hello. Two tasks: one reads the node's status into <see cref="LiveNodes"/> and its answers, one alone writes: the map as it
/// changes, then what is in the session's outbox, and a new credential at half of the old one's life; last what it is asked.
/// </summary>
internal sealed class FollowStream(
    NodeSession session, LiveNodes live, MapBroadcaster maps, CredentialIssuer issuer, MemberUpdates updates, TimeProvider time,
    IAsyncStreamReader<NodeMessage> reader, IServerStreamWriter<ControllerFrame> writer)
{
    /// <exception cref="RpcException">The node was removed, or opened another stream.</exception>
    /// <exception cref="InvalidRequestException">It sent nonsense.</exception>
    public async Task RunAsync(MapCursor cursor, DateTimeOffset credentialExpires, CancellationToken cancel)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        Task[] tasks =
        [
            ReadAsync(stop.Token),
            WriteAsync(cursor, stop.Token),
            RenewAsync(credentialExpires, stop.Token),
            EndWhenSupersededAsync(stop.Token),
        ];
        try
        {
            await await Task.WhenAny(tasks);
        }
        finally
        {
            await stop.CancelAsync();
            await Task.WhenAll(tasks).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // Ends well when the node closes its side.
    private async Task ReadAsync(CancellationToken cancel)
    {
        while (await reader.MoveNext(cancel))
        {
            if (reader.Current.Result is { } result)
                session.Queries.Take(result);
            if (reader.Current.Status is not { } status)
                continue; // a message of a newer release
            StatusValidator.Check(status);
            await updates.ApplyLaterAsync(session, status, cancel);
            var state = maps.Current.State;
            ControllerMeter.Reports.Add(1);
            live.Report(session, report => StatusMapping.Merge(report, status, (node, place) => Sightings.IsNews(state, node, place)));
            if (status.Summary is { } summary)
                live.Tell(session, health => HealthMapping.Merge(health, summary, time.GetUtcNow()));
        }
    }

    private async Task WriteAsync(MapCursor cursor, CancellationToken cancel)
    {
        using var following = maps.Follow(session);
        while (true)
        {
            await RefuseNonMembersAsync(maps.Current.State, cancel);
            await WriteMapAsync(cursor, cancel);
            while (session.Outbox.TryRead(out var message))
                await writer.WriteAsync(ControllerFrame.Of(message), cancel);
            if (session.Queries.TryTake(out var query))
            {
                await writer.WriteAsync(ControllerFrame.Of(query), cancel);
                continue; // the map first, if it changed meanwhile
            }
            await session.WaitAsync(cancel);
        }
    }

    private async Task WriteMapAsync(MapCursor cursor, CancellationToken cancel)
    {
        if (cursor.NeedsSnapshot(maps.Current))
        {
            await maps.Snapshots.AdmitAsync(() => WriteMapAsync(cursor, maps.Current, cancel), cancel);
            return;
        }
        await WriteMapAsync(cursor, maps.Current, cancel);
    }

    private Task WriteMapAsync(MapCursor cursor, MapVersion version, CancellationToken cancel)
    {
        if (cursor.Next(version) is not { } frame)
            return Task.CompletedTask;
        var writing = writer.WriteAsync(frame, cancel);
        // A reader that is slow does not count: nothing is done for it meanwhile.
        version.Spread.Took();
        return writing;
    }

    private async Task RefuseNonMembersAsync(MeshState state, CancellationToken cancel)
    {
        if (state.Member(session.Node) is not null)
            return;
        var why = state.Nodes.TryGetValue(session.Node, out var gone)
            ? state.Identity(gone.Record.Identity)?.Refused ?? $"The node \"{gone.Record.HostName}\" left the mesh."
            : "The node left the mesh.";
        await writer.WriteAsync(
            ControllerFrame.Of(new ControllerMessage { Notice = new Notice { Kind = Notice.Types.Kind.Removed, Text = why } }), cancel);
        throw new RefusalException(RefusalReason.IdentityRefused, why);
    }

    // The expiry that a node shows may lie far ahead (a clock was wrong, the lifetime was made shorter), beyond what a timer can wait.
    private static TimeSpan Shorter(TimeSpan a, TimeSpan b) => a < b ? a : b;

    private async Task RenewAsync(DateTimeOffset expires, CancellationToken cancel)
    {
        while (true)
        {
            var wait = expires - (issuer.Lifetime / 2) - time.GetUtcNow();
            if (wait > TimeSpan.Zero)
                await Task.Delay(Shorter(wait, issuer.Lifetime / 2), time, cancel);
            var credential = issuer.Renew(session.Node);
            expires = DateTimeOffset.FromUnixTimeSeconds(credential.ExpiresUnix);
            session.Send(new ControllerMessage { Credential = credential });
        }
    }

    private async Task EndWhenSupersededAsync(CancellationToken cancel) =>
        throw new RpcException(new Status(StatusCode.Aborted, await session.Superseded.WaitAsync(cancel)));
}
