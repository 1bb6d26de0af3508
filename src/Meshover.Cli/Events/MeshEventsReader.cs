using Meshover.Cli.Administration;
using Meshover.Contract.V1;
using Meshover.Mesh.Events;

namespace Meshover.Cli.Events;

/// <summary>The mesh's events, as the controller keeps them; page by page, until there are enough.</summary>
internal static class MeshEventsReader
{
    private const int PageSize = 1_000; // the controller's own bound

    /// <returns>The oldest first, and the place of the newest that there is.</returns>
    /// <exception cref="CommandLine.CliException">No controller answers, no permission, or it refuses.</exception>
    public static Task<(List<MeshEvent> Events, string Newest)> ReadAsync(string socket, string node, DateTimeOffset since, int limit, CancellationToken cancel) =>
        ReadAsync(socket, new ListEventsRequest { Node = node, SinceUnixMs = Math.Max(0, since.ToUnixTimeMilliseconds()) }, limit, cancel);

    /// <summary>What came after a place, whatever its time.</summary>
    /// <inheritdoc cref="ReadAsync(string, string, DateTimeOffset, int, CancellationToken)"/>
    public static Task<(List<MeshEvent> Events, string Newest)> ReadAboveAsync(string socket, string node, string place, CancellationToken cancel) =>
        ReadAsync(socket, new ListEventsRequest { Node = node, Above = place }, int.MaxValue, cancel);

    private static async Task<(List<MeshEvent> Events, string Newest)> ReadAsync(string socket, ListEventsRequest request, int limit, CancellationToken cancel)
    {
        var found = new List<MeshEvent>();
        var newest = "";
        do
        {
            request.Limit = (uint)Math.Min(limit - found.Count, PageSize);
            var page = await AdminCalls.CallAsync(socket, (api, options) => api.ListEventsAsync(request, options), cancel);
            found.AddRange(page.Events.Select(ToEvent));
            newest = newest.Length > 0 ? newest : page.Newest;
            request.Below = page.Next;
        }
        while (request.Below.Length > 0 && found.Count < limit);
        found.Reverse();
        return (found, newest);
    }

    private static MeshEvent ToEvent(Event one) => new()
    {
        Time = DateTimeOffset.FromUnixTimeMilliseconds(one.TimeUnixMs),
        Kind = one.Kind,
        Node = one.Node,
        Subject = one.Subject,
        Code = one.Code,
        From = one.From,
        To = one.To,
        Actor = one.Actor,
        Text = one.Text,
    };
}
