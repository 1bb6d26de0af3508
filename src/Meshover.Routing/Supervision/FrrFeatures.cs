namespace Meshover.Routing.Supervision;

/// <summary>
/// What differs between the releases of FRR, in this one place: nothing else compares versions. A release that says no number is taken
/// for the newest that is known.
/// </summary>
public sealed record FrrFeatures
{
    private static readonly FrrVersion _oldest = new(8, 4);
    private static readonly FrrVersion _newest = new(10, 7);

    private FrrFeatures(FrrVersion? version) => Version = version;

    /// <summary>Null where FRR did not say it.</summary>
    public FrrVersion? Version { get; }

    /// <summary>zebra's route-maps and interfaces are configured through mgmtd, which must run before it.</summary>
    public bool HasMgmtd => Known >= new FrrVersion(10, 0);

    /// <summary>bfdd makes a socket for the whole machine, unless told another place. Later ones make none, and end where they are told one.</summary>
    public bool HasBfdctl => Known < new FrrVersion(10, 2);

    /// <summary>An RPKI cache is named <c>tcp HOST PORT</c>, before that <c>HOST PORT</c>.</summary>
    public bool NamesRpkiTransport => Known >= new FrrVersion(10, 1);

    /// <summary>
    /// bgpd neither opens nor takes a session while the neighbour's BFD session is down, and an 8.4 that was started anew lets that come up
    /// only after BGP: both wait for ever. Mended in 10.2.3 and 10.3.1.
    /// </summary>
    public bool WaitsForBfd => (Known >= new FrrVersion(10, 2) && Known < new FrrVersion(10, 2, 3)) || Known == new FrrVersion(10, 3);

    /// <summary>Why this release may not do; null where it is one that Meshover is tested with. It is tried in any case.</summary>
    public string? Doubt => Version switch
    {
        null => $"FRR does not report its version (`zebra -v`): Meshover knows {_oldest} to {_newest}, and treats it as {_newest}",
        { } version when version < _oldest => $"FRR {version} is too old: Meshover needs {_oldest} to {_newest}; install one of these (https://deb.frrouting.org has them)",
        { } version when version >= _newest.Next => $"FRR {version} is newer than Meshover knows ({_oldest} to {_newest}): it is treated as {_newest}, and may refuse its configuration",
        _ => null,
    };

    private FrrVersion Known => Version ?? _newest;

    public static FrrFeatures Of(FrrVersion? version) => new(version);
}
