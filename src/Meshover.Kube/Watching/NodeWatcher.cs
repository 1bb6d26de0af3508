using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using Meshover.Kube.Clusters;
using Microsoft.Extensions.Logging;

namespace Meshover.Kube.Watching;

/// <summary>
/// Follows the node's object in the cluster: a list, then a watch from there, again and again (as client-go's Reflector does). What the cluster does not say leaves
/// what it said before.
/// </summary>
/// <param name="access">The way to the API server.</param>
/// <param name="node">The object's name.</param>
/// <param name="choice">Which kind of object.</param>
/// <param name="board">Takes what is seen.</param>
/// <param name="jitter">Gives a number from 0 to 1.</param>
/// <param name="logger">For what goes wrong.</param>
/// <param name="time">For waits, and for how long it goes wrong.</param>
internal sealed partial class NodeWatcher(ClusterAccess access, string node, SourceChoice choice, SightBoard board, Func<double> jitter, ILogger logger, TimeProvider time)
{
    private static readonly TimeSpan AtOnce = TimeSpan.FromMilliseconds(100), ShortestWait = TimeSpan.FromSeconds(1), LongestWait = TimeSpan.FromSeconds(30);

    /// <summary>Of one watch; up to twice as long. Kinds of objects that came meanwhile are looked for after each.</summary>
    private static readonly TimeSpan WatchLasts = TimeSpan.FromMinutes(4);

    /// <summary>A watch that lasted so long was a good one.</summary>
    private static readonly TimeSpan GoodAfter = TimeSpan.FromSeconds(5);

    private readonly Backoff _backoff = new(ShortestWait, LongestWait, jitter);
    private DateTimeOffset? _wrongSince;

    /// <summary>When the watch that stands began; null: none does.</summary>
    private long? _watching;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        (NodeResource Resource, string Version)? from = null;
        while (true)
        {
            TimeSpan wait;
            try
            {
                _watching = null;
                from = await FollowAsync(from, cancellationToken);
                // A server that ends each watch at once is not asked in a circle.
                wait = ResetAfterGood() ? TimeSpan.Zero : _backoff.Next();
            }
            catch (ClusterException e)
            {
                from = null;
                ResetAfterGood();
                wait = Failed(e);
            }
            await Task.Delay(wait, time, cancellationToken);
        }
    }

    private bool ResetAfterGood()
    {
        var wasGood = _watching is { } since && time.GetElapsedTime(since) >= GoodAfter;
        if (wasGood)
            _backoff.Reset();
        return wasGood;
    }

    /// <summary>One watch, after a list where there is nothing to go on from.</summary>
    /// <param name="from">Where the last watch ended; null: it is to be listed.</param>
    /// <returns>Where the next one goes on.</returns>
    private async Task<(NodeResource Resource, string Version)?> FollowAsync((NodeResource Resource, string Version)? from, CancellationToken cancellationToken)
    {
        var api = access.Open();
        var resource = await ResourceAsync(api, cancellationToken);
        if (from?.Resource != resource)
            from = null;
        var version = from?.Version ?? await ListAsync(api, resource, cancellationToken);
        _watching = time.GetTimestamp();
        await foreach (var line in api.WatchAsync(resource, node, version, WatchLasts * (1 + jitter()), cancellationToken))
        {
            version = line.Object?.Metadata?.ResourceVersion is { Length: > 0 } newer ? newer : version;
            Take(resource, line);
        }
        LogWatchOver(logger, version);
        return (resource, version);
    }

    private async Task<NodeResource> ResourceAsync(ClusterApi api, CancellationToken cancellationToken) => choice switch
    {
        SourceChoice.Node => NodeResource.Nodes,
        SourceChoice.CiliumNode => NodeResource.CiliumNodes,
        _ => await api.HasCiliumNodesAsync(cancellationToken) ? NodeResource.CiliumNodes : NodeResource.Nodes,
    };

    private async Task<string> ListAsync(ClusterApi api, NodeResource resource, CancellationToken cancellationToken)
    {
        var (found, version) = await api.ListAsync(resource, node, cancellationToken);
        if (_wrongSince is not null)
            LogBack(logger, api.Server);
        _wrongSince = null;
        if (found is null)
            Missing(resource);
        else
            Saw(resource, found);
        return version;
    }

    private void Take(NodeResource resource, WatchLine line)
    {
        switch (line.Type)
        {
            // The selector is asked for again: what a server sends beside is another's.
            case "ADDED" or "MODIFIED" when line.Object is { } of && of.Metadata?.Name == node:
                Saw(resource, of);
                break;
            case "DELETED" when line.Object?.Metadata?.Name == node:
                Missing(resource);
                break;
        }
    }

    private void Saw(NodeResource resource, ClusterObject of)
    {
        ImmutableArray<IPNetwork> prefixes;
        try
        {
            prefixes = PodCidrs.Of(resource, of);
        }
        catch (FormatException e)
        {
            if (board.CannotSee($"{resource.Kind} {node} has the pod CIDR {e.Message}: what was announced stays"))
                LogUnusable(logger, resource.Kind, node, e.Message);
            return;
        }
        if (board.Saw(prefixes, prefixes.IsEmpty ? $"{resource.Kind} {node} has no pod CIDR" : $"{resource.Kind} {node}"))
            LogSaw(logger, resource.Kind, node, prefixes);
    }

    private void Missing(NodeResource resource)
    {
        if (board.Saw([], $"the cluster has no {resource.Kind} {node}"))
            LogMissing(logger, resource.Kind, node);
    }

    /// <returns>How long to wait.</returns>
    private TimeSpan Failed(ClusterException e)
    {
        // From there on it is listed; no word of it, as nothing is amiss.
        if (e.Fault == ClusterFault.Gone)
        {
            LogGone(logger, e.Message);
            return _backoff.Next();
        }
        var isFirst = _wrongSince is null;
        var since = _wrongSince ??= time.GetUtcNow();
        var server = access.Address is { } address ? $"the API server {address}" : "the API server";
        board.CannotSee(string.Create(CultureInfo.InvariantCulture, $"{server} {e.Message} (since {since:yyyy-MM-dd HH:mm:ss} UTC): what was announced stays"));
        LogWrong(logger, server, e.Message);
        access.Close();
        // A certificate or token that was renewed is taken at once.
        if (e.Fault == ClusterFault.Unauthorized && isFirst)
            return AtOnce;
        return e.RetryAfter is { } asked && asked > ShortestWait && asked <= LongestWait * 2 ? asked * (1 + jitter()) : _backoff.Next();
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Kind} {Node} has {Prefixes}")]
    private static partial void LogSaw(ILogger logger, string kind, string node, ImmutableArray<IPNetwork> prefixes);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The cluster has no {Kind} {Node}: nothing is announced of it")]
    private static partial void LogMissing(ILogger logger, string kind, string node);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Kind} {Node} has the pod CIDR {Text}: what was announced stays")]
    private static partial void LogUnusable(ILogger logger, string kind, string node, string text);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Server} {Reason}: what was announced stays")]
    private static partial void LogWrong(ILogger logger, string server, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "The API server {Server} answers again")]
    private static partial void LogBack(ILogger logger, Uri server);

    [LoggerMessage(Level = LogLevel.Information, Message = "It is listed anew: the API server {Reason}")]
    private static partial void LogGone(ILogger logger, string reason);

    [LoggerMessage(Level = LogLevel.Debug, Message = "The server has ended a watch, as it should; it goes on from {Version}")]
    private static partial void LogWatchOver(ILogger logger, string version);
}
