using System.Net;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using k8s;

namespace Meshover.Kube.Clusters;

/// <summary>
/// The few questions that are asked of an API server (Kubernetes' documentation, "API concepts"). All of them are about one object by a field selector: a cluster
/// of thousands of nodes is listed by none of them.
/// </summary>
/// <param name="client">Addresses, TLS and credentials.</param>
/// <param name="serverName">Whom requests are for, where that is not the address; else null.</param>
internal sealed class ClusterApi(Kubernetes client, string? serverName) : IDisposable
{
    /// <summary>For an answer to begin; what is listed is one object.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    /// <summary>A server that does not end a watch when it should is left after this.</summary>
    private static readonly TimeSpan Overtime = TimeSpan.FromSeconds(30);

    private const int LongestReason = 200;

    public Uri Server => client.BaseUri;

    public void Dispose() => client.Dispose();

    /// <summary>Whether the cluster has Cilium's definition of nodes.</summary>
    /// <exception cref="ClusterException">It does not say.</exception>
    public async Task<bool> HasCiliumNodesAsync(CancellationToken cancellationToken)
    {
        try
        {
            var list = await GetAsync(NodeResource.CiliumGroup, ClusterJson.Default.ResourceList, cancellationToken);
            return (list.Resources ?? []).Any(resource => resource?.Name == NodeResource.CiliumNodes.Plural);
        }
        catch (ClusterException e) when (e.Fault == ClusterFault.NoSuchResource)
        {
            return false;
        }
    }

    /// <returns>The node's object, null where there is none, and the version to watch from.</returns>
    /// <exception cref="ClusterException">It does not say.</exception>
    public async Task<(ClusterObject? Found, string Version)> ListAsync(NodeResource resource, string name, CancellationToken cancellationToken)
    {
        var list = await GetAsync($"{resource.Path}?{Selector(name)}", ClusterJson.Default.ObjectList, cancellationToken);
        if (list.Metadata?.ResourceVersion is not { Length: > 0 } version)
            throw new ClusterException(ClusterFault.Odd, "answered a list without a resourceVersion");
        return (list.Items?.FirstOrDefault(item => item?.Metadata?.Name == name), version);
    }

    /// <summary>What happens to the node's object, until the server ends it.</summary>
    /// <param name="lasting">Asked of the server.</param>
    /// <exception cref="ClusterException">It cannot be watched, or not any more.</exception>
    public async IAsyncEnumerable<WatchLine> WatchAsync(NodeResource resource, string name, string version, TimeSpan lasting, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var longest = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        longest.CancelAfter(lasting + Overtime);
        var question = $"{resource.Path}?{Selector(name)}&watch=true&allowWatchBookmarks=true&resourceVersion={Uri.EscapeDataString(version)}&timeoutSeconds={(int)lasting.TotalSeconds}";
        using var answer = await SendAsync(question, longest.Token, cancellationToken);
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(longest.Token));
        while (await LineAsync(reader, longest.Token, cancellationToken) is { } text)
        {
            var line = Read(text, ClusterJson.Default.WatchLine);
            if (line is { Type: "ERROR" })
                throw Fault(line.Object?.Code is { } code ? (HttpStatusCode)code : HttpStatusCode.InternalServerError, line.Object?.Message, retryAfter: null);
            yield return line;
        }
    }

    private static string Selector(string name) => $"fieldSelector={Uri.EscapeDataString($"metadata.name={name}")}";

    private static async Task<string?> LineAsync(StreamReader reader, CancellationToken longest, CancellationToken asked)
    {
        try
        {
            return await reader.ReadLineAsync(longest);
        }
        catch (OperationCanceledException) when (!asked.IsCancellationRequested)
        {
            return null;
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            throw Away(e);
        }
    }

    private async Task<T> GetAsync<T>(string question, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        using var answer = await SendAsync(question, patience.Token, cancellationToken);
        try
        {
            return Read(await answer.Content.ReadAsStringAsync(patience.Token), type);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw TooSlow();
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            throw Away(e);
        }
    }

    private async Task<HttpResponseMessage> SendAsync(string question, CancellationToken longest, CancellationToken asked)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(longest);
        patience.CancelAfter(Patience);
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(client.BaseUri, question)) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionOrLower };
        request.Headers.Accept.ParseAdd("application/json");
        if (serverName is { Length: > 0 })
            request.Headers.Host = serverName;
        try
        {
            await IdentifyAsync(request, patience.Token);
            var answer = await client.HttpClient.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, patience.Token);
            if (answer.IsSuccessStatusCode)
                return answer;
            using (answer)
                throw Fault(answer.StatusCode, await ReasonAsync(answer, patience.Token), answer.Headers.RetryAfter?.Delta);
        }
        catch (OperationCanceledException) when (!asked.IsCancellationRequested)
        {
            throw TooSlow();
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            throw Away(e);
        }
    }

    private async Task IdentifyAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        try
        {
            if (client.Credentials is { } credentials)
                await credentials.ProcessHttpRequestAsync(request, cancellationToken);
        }
        catch (Exception e) when (e is not OperationCanceledException and not ClusterException)
        {
            // A program that a kubeconfig gets its token from fails with any of many types.
            throw new ClusterException(ClusterFault.Unconfigured, $"cannot be asked, as the kubeconfig's credentials cannot be had: {Deepest(e).Message.ReplaceLineEndings(" ")}", e);
        }
    }

    /// <summary>What the server says of a refusal: the message of a Status, where it is one.</summary>
    private static async Task<string?> ReasonAsync(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        var text = await answer.Content.ReadAsStringAsync(cancellationToken);
        try
        {
            return JsonSerializer.Deserialize(text, ClusterJson.Default.ClusterObject)?.Message;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static ClusterException Fault(HttpStatusCode status, string? reason, TimeSpan? retryAfter)
    {
        var said = reason is { Length: > 0 } ? $": {(reason.Length > LongestReason ? $"{reason[..LongestReason]}…" : reason)}" : "";
        return status switch
        {
            HttpStatusCode.Unauthorized => new(ClusterFault.Unauthorized, "refuses the credentials (401): they have expired, were revoked, or are another cluster's"),
            HttpStatusCode.Forbidden => new(ClusterFault.Forbidden, $"forbids it (403){said}"),
            HttpStatusCode.NotFound => new(ClusterFault.NoSuchResource, $"has no such kind of object (404){said}"),
            HttpStatusCode.Gone => new(ClusterFault.Gone, $"has forgotten what happened since (410){said}"),
            // The server cannot answer from that version yet, or has restarted from an older one.
            HttpStatusCode.GatewayTimeout or HttpStatusCode.ServiceUnavailable or HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError =>
                new(ClusterFault.Away, $"cannot answer now ({(int)status}){said}") { RetryAfter = retryAfter },
            _ => new(ClusterFault.Odd, $"answered {(int)status}{said}"),
        };
    }

    private static T Read<T>(string text, JsonTypeInfo<T> type)
    {
        try
        {
            return JsonSerializer.Deserialize(text, type) ?? throw new ClusterException(ClusterFault.Odd, "answered null");
        }
        catch (JsonException e)
        {
            throw new ClusterException(ClusterFault.Odd, $"answered what cannot be read: {e.Message.ReplaceLineEndings(" ")}", e);
        }
    }

    private static ClusterException TooSlow() => new(ClusterFault.Away, string.Create(null, $"did not answer within {Patience.TotalSeconds} s"));

    private static ClusterException Away(Exception e) => new(ClusterFault.Away, $"does not answer: {Deepest(e).Message.ReplaceLineEndings(" ")}", e);

    // "Connection refused", or what is wrong with its certificate; what stands around that says it less well.
    private static Exception Deepest(Exception e) => e.InnerException is { } inner ? Deepest(inner) : e;
}
