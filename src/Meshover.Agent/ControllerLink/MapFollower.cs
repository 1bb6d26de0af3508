using System.Globalization;
using Grpc.Core;
using Meshover.Agent.ControllerLink.Queries;
using Meshover.Agent.Reporting;
using Meshover.Agent.Trust;
using Meshover.Contract.V1;
using Meshover.Mesh.Map;
using Meshover.Mesh.Trust;

namespace Meshover.Agent.ControllerLink;

/// <summary>
/// One stream with one controller, from hello to its end:
/// <list type="number">
/// <item>we say who we are and which map we have; the controller answers with its hello;</item>
/// <item>down come a snapshot or deltas to our map; one that does not fit ends the stream, and the next asks for a snapshot;</item>
/// <item>up go changes of our report, as they happen, and answers to what the controller asks, beside the rest.</item>
/// </list>
/// </summary>
/// <param name="client">Of one controller, or of whichever answers.</param>
/// <param name="controller">Names the one that answered, for the status.</param>
/// <param name="board">What is told of this node.</param>
/// <param name="desk">Answers what the controller asks.</param>
/// <param name="instanceId">Made at the agent's start: by it a copied state is noticed.</param>
/// <param name="publish">Takes what the controller says.</param>
internal sealed class MapFollower(
    MeshService.MeshServiceClient client, Func<string> controller, ReportBoard board, QueryDesk desk, string instanceId, Func<LinkEvent, CancellationToken, ValueTask> publish)
{
    /// <summary>A controller that accepts a connection and says nothing is none.</summary>
    private static readonly TimeSpan HelloTimeout = TimeSpan.FromSeconds(10);

    /// <summary>The map as followed; kept for the next stream.</summary>
    public MeshMap? Map { get; set; }

    /// <summary>The timestamp of the controller's hello on this stream; null: it did not answer.</summary>
    public long? WelcomedAt { get; private set; }

    /// <summary>The controller of this stream understands <see cref="ObservedChanges"/>.</summary>
    private bool _takesChanges;

    /// <exception cref="RpcException">The stream broke, or was refused.</exception>
    /// <exception cref="FormatException">The controller said what cannot be understood.</exception>
    public async Task RunAsync(NodeIdentity identity, TimeProvider time, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var stream = client.Follow(cancellationToken: stop.Token);
        var sent = board.Newest;
        await stream.RequestStream.WriteAsync(new NodeMessage { Hello = Hello(identity, sent) }, stop.Token);
        await WelcomeAsync(stream, time, stop.Token);
        using var writer = new SharedWriter(stream.RequestStream);
        var sending = SendReportsAsync(writer, sent, stop.Token);
        try
        {
            while (await stream.ResponseStream.MoveNext(stop.Token))
                await HandleAsync(stream.ResponseStream.Current, writer, stop.Token);
        }
        finally
        {
            await stop.CancelAsync();
            await sending;
        }
    }

    private NodeHello Hello(NodeIdentity identity, NodeReport report) => new()
    {
        Hello = Introduction(),
        Credential = identity.Credential ?? "",
        // A map that lacks something is asked for whole: what was wrong may have been mended, or we by a newer release.
        StoreId = Map is { LeftOut.IsEmpty: true, SettingsProblem: "" } whole ? whole.StoreId : "",
        Revision = Map?.Revision ?? 0,
        InstanceId = instanceId,
        Status = NodeReportDiff.Between(null, report),
    };

    private Hello Introduction()
    {
        var hello = AgentHello.Create();
        hello.Capabilities.Add(desk.Capabilities);
        return hello;
    }

    private async Task WelcomeAsync(AsyncDuplexStreamingCall<NodeMessage, ControllerMessage> stream, TimeProvider time, CancellationToken cancellationToken)
    {
        var answers = stream.ResponseStream;
        using var limit = new CancellationTokenSource(HelloTimeout, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            if (!await answers.MoveNext(both.Token) || answers.Current.Hello is not { } hello)
                throw new FormatException("The controller did not begin with a hello.");
            if (!ContractRevision.Fits(hello.Hello?.Contract ?? 0, hello.Hello?.ContractOldest ?? 0))
                throw new FormatException($"The controller (version {hello.Hello?.Version}) is too old or too new for this agent "
                    + $"(version {AgentHello.Version}). Upgrade the older one.");
            WelcomedAt = time.GetTimestamp();
            _takesChanges = hello.Hello!.Capabilities.Contains(ContractRevision.ObservedChanges);
            await publish(new LinkEvent.StateChanged(LinkState.Connected, controller(), "") { ClockAhead = ClockAhead(await stream.ResponseHeadersAsync, time) }, cancellationToken);
        }
        catch (Exception e) when (limit.IsCancellationRequested && e is (OperationCanceledException or RpcException { StatusCode: StatusCode.Cancelled }))
        {
            throw new IOException($"The controller accepted the connection but said nothing for {HelloTimeout.TotalSeconds:0} s.", e);
        }
    }

    /// <summary>By HTTP's date (RFC 9110, section 6.6.1), which is as old as the way here took.</summary>
    private static TimeSpan? ClockAhead(Metadata headers, TimeProvider time) =>
        DateTimeOffset.TryParseExact(headers.GetValue("date"), "r", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var date) ? date - time.GetUtcNow() : null;

    /// <summary>Ends without a word when the stream does: the reading half throws the reason.</summary>
    private async Task SendReportsAsync(SharedWriter stream, NodeReport sent, CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                await board.WaitForChangeAsync(cancellationToken);
                var newest = board.Newest;
                if (NodeReportDiff.Between(sent, newest, _takesChanges) is { } change)
                    await stream.WriteAsync(new NodeMessage { Status = change }, cancellationToken);
                sent = newest;
            }
        }
        catch (Exception e) when (IsEndOfStream(e))
        {
        }
    }

    /// <inheritdoc cref="SendReportsAsync"/>
    private async Task AnswerAsync(SharedWriter stream, Query query, CancellationToken cancellationToken)
    {
        try
        {
            await stream.WriteAsync(new NodeMessage { Result = await desk.AnswerAsync(query, cancellationToken) }, cancellationToken);
        }
        catch (Exception e) when (IsEndOfStream(e))
        {
        }
    }

    private static bool IsEndOfStream(Exception e) => e is OperationCanceledException or RpcException or InvalidOperationException;

    private async ValueTask HandleAsync(ControllerMessage message, SharedWriter stream, CancellationToken cancellationToken)
    {
        switch (message.MessageCase)
        {
            case ControllerMessage.MessageOneofCase.Snapshot:
                await AdvanceAsync(WireFormat.ToMap(message.Snapshot, Map?.Settings), cancellationToken);
                break;
            case ControllerMessage.MessageOneofCase.Delta:
                await AdvanceAsync(Apply(message.Delta), cancellationToken);
                break;
            case ControllerMessage.MessageOneofCase.Credential:
                var credential = message.Credential;
                await publish(new LinkEvent.CredentialReceived(credential.Jwt, credential.ExpiresUnix), cancellationToken);
                break;
            case ControllerMessage.MessageOneofCase.Notice:
                await publish(new LinkEvent.NoticeReceived(message.Notice.Kind.ToString(), message.Notice.Text), cancellationToken);
                break;
            case ControllerMessage.MessageOneofCase.Query:
                // Nobody waits for it here: the map goes on meanwhile.
                _ = AnswerAsync(stream, message.Query, cancellationToken);
                break;
            default:
                // A newer controller may say more than we know.
                break;
        }
    }

    private MeshMap Apply(MeshDelta message)
    {
        var delta = WireFormat.ToDelta(message);
        if (Map is not null && Map.TryApply(delta, out var next))
            return next;
        var have = Map?.Revision;
        Map = null;
        throw new FormatException($"The map has a gap: a delta from revision {delta.FromRevision} does not fit revision {have}.");
    }

    private async ValueTask AdvanceAsync(MeshMap map, CancellationToken cancellationToken)
    {
        Map = map.WithoutProblems();
        await publish(new LinkEvent.MapReceived(Map), cancellationToken);
    }
}
