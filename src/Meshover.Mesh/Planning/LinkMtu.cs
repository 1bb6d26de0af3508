namespace Meshover.Mesh.Planning;

/// <summary>The MTUs of the WireGuard device and of the links, in bytes.</summary>
/// <param name="WireGuard">Of <c>meshover0</c>.</param>
/// <param name="Link">Of each GRE link.</param>
/// <param name="Fragments">The underlay carries less than that: outer packets are fragmented.</param>
public readonly record struct LinkMtu(int WireGuard, int Link, bool Fragments)
{
    /// <summary>IPv6 (40) + UDP (8) + WireGuard's header and tag (32). IPv4 would need 20 less, but a peer may change family.</summary>
    private const int WireGuardOverhead = 80;

    /// <summary>IPv4 (20) + GRE without options (4).</summary>
    private const int GreOverhead = 24;

    /// <summary>Below it IPv6, and so BGP, dies on the link and does not come back.</summary>
    private const int MinLink = 1280;

    /// <param name="underlay">Smallest MTU of the underlay.</param>
    public static LinkMtu For(int underlay)
    {
        var fits = underlay - WireGuardOverhead - GreOverhead;
        var link = Math.Max(fits, MinLink);
        return new LinkMtu(link + GreOverhead, link, link > fits);
    }
}
