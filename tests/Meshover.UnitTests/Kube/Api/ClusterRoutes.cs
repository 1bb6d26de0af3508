using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Meshover.UnitTests.Kube.Api;

/// <summary>What a <see cref="ClusterServer"/> answers.</summary>
internal static class ClusterRoutes
{
    private const string CiliumPath = "/apis/cilium.io/v2";

    public static int Open(ClusterServer server) => Volatile.Read(ref server.OpenWatches);

    /// <param name="cut">Ends all watches.</param>
    public static void Map(WebApplication app, ClusterServer server, CancellationToken cut)
    {
        app.MapGet("/version", context => AnswerAsync(context, 200, """{"major":"1","minor":"32","gitVersion":"v1.32.0"}"""));
        app.MapGet("/api", context => AnswerAsync(context, 200, """{"kind":"APIVersions","versions":["v1"],"serverAddressByClientCIDRs":[]}"""));
        app.MapGet("/apis", context => AnswerAsync(context, 200, server.HasCilium
            ? """{"kind":"APIGroupList","apiVersion":"v1","groups":[{"name":"cilium.io","versions":[{"groupVersion":"cilium.io/v2","version":"v2"}],"preferredVersion":{"groupVersion":"cilium.io/v2","version":"v2"}}]}"""
            : """{"kind":"APIGroupList","apiVersion":"v1","groups":[]}"""));
        MapKind(app, server, "/api/v1", "v1", "nodes", "Node", "node", cut);
        MapKind(app, server, CiliumPath, "cilium.io/v2", "ciliumnodes", "CiliumNode", "ciliumnode", cut);
        app.MapFallback(context => RefuseAsync(context, 404, "NotFound", "the server could not find the requested resource"));
    }

    public static Task RefuseAsync(HttpContext context, int code, string reason, string message) => AnswerAsync(context, code, Status(code, reason, message).ToJsonString());

    private static void MapKind(WebApplication app, ClusterServer server, string path, string version, string plural, string kind, string singular, CancellationToken cut)
    {
        var all = $"{path}/{plural}";
        Func<HttpContext, Func<Task>, Task> asKind = (context, answer) => plural == "nodes" || server.HasCilium ? answer() : RefuseAsync(context, 404, "NotFound", "the server could not find the requested resource");
        app.MapGet(path, context => asKind(context, () => AnswerAsync(context, 200, $$"""
            {"kind":"APIResourceList","apiVersion":"v1","groupVersion":"{{version}}","resources":[{"name":"{{plural}}","singularName":"{{singular}}","namespaced":false,"kind":"{{kind}}",
            "verbs":["create","delete","get","list","patch","update","watch"]}]}
            """)));
        app.MapGet(all, context => asKind(context, () => context.Request.Query["watch"] is ["true" or "1"] ? WatchAsync(context, server, plural, version, kind, cut) : ListAsync(context, server, plural, version, kind)));
        app.MapPost(all, context => asKind(context, async () =>
        {
            var sent = await BodyAsync(context);
            await (server.Store.Find(plural, ClusterStore.NameOf(sent)) is null
                ? AnswerAsync(context, 201, server.Store.Put(plural, sent).ToJsonString())
                : RefuseAsync(context, 409, "AlreadyExists", $"{plural} \"{ClusterStore.NameOf(sent)}\" already exists"));
        }));
        app.MapMethods($"{all}/{{name}}", ["GET", "PUT", "PATCH", "DELETE"], context => asKind(context, () => OneAsync(context, server.Store, plural)));
    }

    private static async Task OneAsync(HttpContext context, ClusterStore store, string plural)
    {
        var name = $"{context.Request.RouteValues["name"]}";
        if (store.Find(plural, name) is not { } found)
        {
            await RefuseAsync(context, 404, "NotFound", $"{plural} \"{name}\" not found");
            return;
        }
        switch (context.Request.Method)
        {
            case "PUT":
                var sent = await BodyAsync(context);
                var of = sent["metadata"]?["resourceVersion"]?.GetValue<string>();
                await (of is null or "" || of == found["metadata"]!["resourceVersion"]!.GetValue<string>()
                    ? AnswerAsync(context, 200, store.Put(plural, sent).ToJsonString())
                    : RefuseAsync(context, 409, "Conflict", $"{plural} \"{name}\" was modified meanwhile"));
                break;
            case "PATCH":
                Merge(found, await BodyAsync(context));
                await AnswerAsync(context, 200, store.Put(plural, found).ToJsonString());
                break;
            case "DELETE":
                await AnswerAsync(context, 200, store.Delete(plural, name)!.ToJsonString());
                break;
            default:
                await AnswerAsync(context, 200, found.ToJsonString());
                break;
        }
    }

    /// <summary>RFC 7396, and of Kubernetes' strategic merge what kubectl sends of lists of texts.</summary>
    private static void Merge(JsonObject into, JsonObject patch)
    {
        foreach (var (key, value) in patch)
        {
            if (key.StartsWith("$setElementOrder/", StringComparison.Ordinal)) continue;
            if (key.StartsWith("$deleteFromPrimitiveList/", StringComparison.Ordinal))
            {
                var (list, gone) = (key[(key.IndexOf('/', StringComparison.Ordinal) + 1)..], value!.AsArray().Select(one => $"{one}").ToList());
                into[list] = new JsonArray([.. (into[list]?.AsArray() ?? []).Where(one => !gone.Contains($"{one}")).Select(one => one!.DeepClone())]);
                continue;
            }
            if (value is null) into.Remove(key);
            else if (value is JsonObject inner && into[key] is JsonObject there) Merge(there, inner);
            else if (value is JsonArray more && patch.ContainsKey($"$setElementOrder/{key}")) into[key] = new JsonArray([.. (into[key]?.AsArray() ?? []).Concat(more).Select(one => $"{one}").Distinct().Select(one => JsonValue.Create(one))]);
            else into[key] = value.DeepClone();
        }
    }

    private static async Task ListAsync(HttpContext context, ClusterServer server, string plural, string apiVersion, string kind)
    {
        if (!TrySelect(context, out var name))
        {
            await RefuseAsync(context, 400, "BadRequest", "only metadata.name can be selected here");
            return;
        }
        var (items, version) = server.Store.List(plural, name);
        await AnswerAsync(context, 200, new JsonObject
        {
            ["kind"] = $"{kind}List",
            ["apiVersion"] = apiVersion,
            ["metadata"] = new JsonObject { ["resourceVersion"] = Text(version) },
            ["items"] = new JsonArray([.. items]),
        }.ToJsonString());
    }

    private static async Task WatchAsync(HttpContext context, ClusterServer server, string plural, string apiVersion, string kind, CancellationToken cut)
    {
        TrySelect(context, out var name);
        var (store, query) = (server.Store, context.Request.Query);
        var from = query["resourceVersion"] is [{ Length: > 0 } text] ? long.Parse(text, CultureInfo.InvariantCulture) : 0;
        if (from > store.Version)
        {
            await RefuseAsync(context, 504, "Timeout", $"Too large resource version: {from}, current: {store.Version}");
            return;
        }
        if (from > 0 && server.GoneByStatus && store.Since(plural, name, from) is null)
        {
            await RefuseAsync(context, 410, "Expired", $"too old resource version: {from}");
            return;
        }
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cut, context.RequestAborted, server.Watching);
        if (query["timeoutSeconds"] is [{ } seconds]) over.CancelAfter(TimeSpan.FromSeconds(int.Parse(seconds, CultureInfo.InvariantCulture)));
        Interlocked.Increment(ref server.OpenWatches);
        try
        {
            context.Response.ContentType = "application/json";
            await context.Response.StartAsync(over.Token);
            if (from == 0) from = await TellAllAsync(context, store, plural, name, over.Token);
            await FollowAsync(context, server, plural, name, from, query["allowWatchBookmarks"] is ["true" or "1"] ? (apiVersion, kind) : null, over.Token);
        }
        catch (OperationCanceledException) when (!cut.IsCancellationRequested)
        {
            // Its time is over, or nobody listens.
        }
        catch (OperationCanceledException)
        {
            context.Abort();
        }
        finally
        {
            Interlocked.Decrement(ref server.OpenWatches);
        }
    }

    private static async Task<long> TellAllAsync(HttpContext context, ClusterStore store, string plural, string? name, CancellationToken ct)
    {
        var (items, version) = store.List(plural, name);
        foreach (var item in items) await LineAsync(context, "ADDED", item, ct);
        return version;
    }

    private static async Task FollowAsync(HttpContext context, ClusterServer server, string plural, string? name, long from, (string Version, string Kind)? bookmarks, CancellationToken ct)
    {
        while (true)
        {
            var changed = server.Store.Changed;
            if (server.Store.Since(plural, name, from) is not { } changes)
            {
                await LineAsync(context, "ERROR", Status(410, "Expired", $"too old resource version: {from}"), ct);
                return;
            }
            foreach (var change in changes)
            {
                await LineAsync(context, change.Type, change.Object, ct);
                from = change.Version;
            }
            if (await Task.WhenAny(changed, Task.Delay(server.BookmarkEvery, TimeProvider.System, ct)) != changed && bookmarks is { } of && server.Store.Since(plural, name, from) is [])
            {
                from = Math.Max(from, server.Store.Version);
                await LineAsync(context, "BOOKMARK", new JsonObject { ["kind"] = of.Kind, ["apiVersion"] = of.Version, ["metadata"] = new JsonObject { ["resourceVersion"] = Text(from) } }, ct);
            }
            ct.ThrowIfCancellationRequested();
        }
    }

    private static async Task LineAsync(HttpContext context, string type, JsonObject of, CancellationToken ct)
    {
        await context.Response.WriteAsync(new JsonObject { ["type"] = type, ["object"] = of.DeepClone() }.ToJsonString() + "\n", ct);
        await context.Response.Body.FlushAsync(ct);
    }

    /// <param name="name">Null: all.</param>
    private static bool TrySelect(HttpContext context, out string? name)
    {
        name = context.Request.Query["fieldSelector"] is [{ Length: > 0 } selector] ? selector["metadata.name=".Length..] : null;
        return context.Request.Query["fieldSelector"] is not [{ Length: > 0 } text] || text.StartsWith("metadata.name=", StringComparison.Ordinal);
    }

    private static async Task<JsonObject> BodyAsync(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body, Encoding.UTF8);
        return JsonNode.Parse(await reader.ReadToEndAsync(context.RequestAborted), documentOptions: new JsonDocumentOptions { AllowTrailingCommas = true })!.AsObject();
    }

    private static JsonObject Status(int code, string reason, string message) =>
        new() { ["kind"] = "Status", ["apiVersion"] = "v1", ["metadata"] = new JsonObject(), ["status"] = "Failure", ["message"] = message, ["reason"] = reason, ["code"] = code };

    private static Task AnswerAsync(HttpContext context, int status, string json)
    {
        (context.Response.StatusCode, context.Response.ContentType) = (status, "application/json");
        return context.Response.WriteAsync(json, context.RequestAborted);
    }

    private static string Text(long version) => version.ToString(CultureInfo.InvariantCulture);
}
