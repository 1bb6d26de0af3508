using System.Diagnostics.Metrics;

namespace Meshover.Controller;

/// <summary>What the controller counts while it works, wherever that happens. Who wants to know listens (<see cref="Scraping.MeterReader"/>, dotnet-counters).</summary>
internal static class ControllerMeter
{
    public const string Name = "Meshover.Controller";
    public const string ReasonTag = "reason";

    private static readonly Meter Meter = new(Name);

    /// <summary>Of a change of the store, in seconds: from asking for it to its being durable and published.</summary>
    public static readonly Histogram<double> ChangeDuration = Meter.CreateHistogram<double>("change.duration", "s");

    /// <summary>Calls that were refused, by reason: <c>not-admitted</c>, <c>invalid</c>, <c>too-many</c> and such, of a fixed number.</summary>
    public static readonly Counter<long> RefusedCalls = Meter.CreateCounter<long>("calls.refused");

    /// <summary>Connections that were closed since their address has too many.</summary>
    public static readonly Counter<long> RefusedConnections = Meter.CreateCounter<long>("connections.refused");

    /// <summary>Streams that nodes have opened.</summary>
    public static readonly Counter<long> Streams = Meter.CreateCounter<long>("streams.opened");

    /// <summary>Messages in which nodes said how they stand.</summary>
    public static readonly Counter<long> Reports = Meter.CreateCounter<long>("reports");

    public static void Refuse(string reason) => RefusedCalls.Add(1, KeyValuePair.Create(ReasonTag, (object?)reason));
}
