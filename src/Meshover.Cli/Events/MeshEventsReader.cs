using Meshover.Cli.Administration;
using Meshover.Contract.V1;
using Meshover.Mesh.Events;

namespace Meshover.Cli.Events;

/// <summary>The mesh's events, as the controller keeps them; page by page, until there are enough.</summary>
internal static class MeshEventsReader
{
    private const int PageSize = 1_000; // the controller's own bound

    /// <returns>Each with its id, the oldest first.</returns>
    /// <exception cref="CommandLine.CliException">No controller answers, no permission, or it refuses.</exception>
    public static async Task<List<(string Id, MeshEvent Event)>> ReadAsync(string socket, string node, DateTimeOffset since, int limit, CancellationToken cancel)
    {
        var found = new List<(string, MeshEvent)>();
        var request = new ListEventsRequest { Node = node, SinceUnixMs = Math.Max(0, since.ToUnixTimeMilliseconds()) };
        do
        {
            request.Limit = (uint)Math.Min(limit - found.Count, PageSize);
            var page = await AdminCalls.CallAsync(socket, (api, options) => api.ListEventsAsync(request, options), cancel);
            found.AddRange(page.Events.Select(one => (one.Id, ToEvent(one))));
            request.Below = page.Next;
        }
        while (request.Below.Length > 0 && found.Count < limit);
        found.Reverse();
        return found;
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
