using System.Collections.Immutable;
using System.Globalization;
using Meshover.Controller.Configuration;
using Meshover.Controller.Membership;
using Meshover.Controller.State;

namespace Meshover.Controller.Backups;

/// <summary>What a restore tells the administrator: what it kept of what was decided since the backup, and what it could not know.</summary>
internal static class RestoreReport
{
    private const int MostNames = 10;

    /// <param name="backup">The state in the backup.</param>
    /// <param name="former">What could be read of the store that was there.</param>
    /// <param name="carried">What was taken over from it.</param>
    /// <param name="adopt">For how long nodes that joined since are let in again; null: not.</param>
    /// <param name="now">For the end of that.</param>
    public static IEnumerable<string> Describe(MeshState backup, FormerStore former, CarriedDecisions carried, TimeSpan? adopt, DateTimeOffset now)
    {
        yield return string.Create(CultureInfo.InvariantCulture,
            $"The mesh is as the backup has it, except for what is known to have been decided since: {carried.Nodes} node(s) gone, {carried.Tokens} join token(s) revoked, {carried.Grants} grant(s) withdrawn, {carried.Addresses} further address(es) taken.");
        if (!former.Unknown.IsEmpty)
            yield return $"Not known since the backup, as {former.Reason}: {string.Join("; ", former.Unknown)}. Look through `meshover node list`, `meshover token list`, `meshover grant list` and `meshover node address list`.";
        yield return $"Nodes that joined since the backup{Names(backup, former)} {Fate(adopt, now)}";
    }

    private static string Fate(TimeSpan? adopt, DateTimeOffset now) => adopt is { } period
        ? string.Create(CultureInfo.InvariantCulture, $"come back by themselves until {now + period:u}; `meshover node show NAME` says which did.")
        : $"must join again. If their credentials are to be enough, run this restore again with --replace --adopt {Duration.Format(TimeSpan.FromDays(7))}.";

    private static string Names(MeshState backup, FormerStore former)
    {
        if (!former.IsWhole)
            return "";
        var names = former.State.Nodes.Values.Where(node => node.IsActive && !backup.Nodes.ContainsKey(node.Record.Id)).Select(node => node.Record.HostName).ToImmutableArray();
        var more = names.Length > MostNames ? $" and {names.Length - MostNames} more" : "";
        return names.IsEmpty ? " (there are none)" : $" ({string.Join(", ", names.Take(MostNames))}{more})";
    }
}
