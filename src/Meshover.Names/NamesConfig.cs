using System.Collections.Immutable;
using System.Net;

namespace Meshover.Names;

/// <summary>What the daemon is to do.</summary>
public sealed record NamesConfig
{
    /// <summary>For programs of this machine, and resolvers on it: of 127.0.0.0/8, whose 127.0.0.53 and .54 are systemd-resolved's.</summary>
    public static IPAddress Loopback { get; } = IPAddress.Parse("127.0.129.12");

    public const string DefaultZone = "mesh";
    public const int DefaultPort = 53;

    /// <summary>What the nodes' names end in; no dot at its ends.</summary>
    public required string Zone { get; init; }

    /// <summary>This node's own name, which is told as the zone's server.</summary>
    public required string HostName { get; init; }

    /// <summary>Where names are answered.</summary>
    public required ImmutableArray<IPEndPoint> Listen { get; init; }
}

/// <summary>Where the daemon finds and leaves things.</summary>
public sealed record NamesOptions
{
    /// <summary>The map, as the agent keeps it.</summary>
    public required string MapFile { get; init; }

    /// <summary>Those that <see cref="ReadConfig"/> reads: it is called again when one changes.</summary>
    public required ImmutableArray<string> ConfigFiles { get; init; }

    /// <summary>Null: what there is cannot be used just now, and the former holds.</summary>
    public required Func<NamesConfig?> ReadConfig { get; init; }

    /// <summary>A sentence that says why names are not answered where they should be; not there while they are. The agent shows it.</summary>
    public required string ProblemFile { get; init; }

    /// <summary>Written anew at each look, so that it can be seen that there is one; not there once the daemon has ended as it was told.</summary>
    public required string BeatFile { get; init; }

    /// <summary>The interface that carries the node's addresses, to which systemd-resolved is told the zone.</summary>
    public required string Interface { get; init; }
}
