using System.Net;
using System.Net.Sockets;
using ARSoft.Tools.Net;
using ARSoft.Tools.Net.Dns;

namespace Meshover.Names.Zones;

/// <summary>The zone of the nodes' names, the reverse zones of their pools, and one for each named address outside these. Never changes; a new map makes a new one, at O(n).</summary>
internal sealed class ZoneTable
{
    /// <summary>
    /// Seconds. Addresses hardly change, also when another node takes a floating one over; but a name may move to another, and nobody should look for it at the former for long.
    /// </summary>
    public const int TimeToLive = 10;

    /// <summary>Seconds that "there is none" holds: a node that has just joined is found soon.</summary>
    public const int NegativeTimeToLive = 5;

    // For secondaries, of which there are none: any resolver asks the node beside it.
    private const int Refresh = 60, Retry = 30, Expire = 7 * 24 * 3600;

    private const int LongestName = 255;

    private readonly Dictionary<DomainName, Zone> _zones = [];

    /// <param name="mesh">What there is.</param>
    /// <param name="apex">Of the nodes' names.</param>
    /// <param name="self">This node's hostname, which is told as the zones' server.</param>
    public ZoneTable(NamedMesh mesh, DomainName apex, string self)
    {
        var server = NameOf(self, apex) is var own && IsShortEnough(own) ? own : new DomainName(["ns", .. apex.Labels]);
        SoaRecord Soa(DomainName name) => new(
            name, TimeToLive, server, new DomainName(["hostmaster", .. apex.Labels]), unchecked((uint)mesh.Revision), Refresh, Retry, Expire, NegativeTimeToLive);
        Forward = _zones[apex] = new Zone(Soa(apex), server);
        foreach (var name in mesh.Pools.SelectMany(ReverseZones.Of))
            _zones[name] = new Zone(Soa(name), server);
        foreach (var host in mesh.Hosts)
        {
            var name = NameOf(host.HostName, apex);
            var reverses = Add(name, host.Addresses);
            // One that has no name of its own has no way back to it either.
            foreach (var reverse in reverses.Count > 0 ? reverses.Concat(host.Further.Select(address => Reverse(address, name))) : [])
                FindZone(reverse.Name)?.Add(reverse);
        }
        // Behind the nodes, whose names are theirs whatever else is called so. Outside the pools an address is a zone by itself: who has names around it keeps them.
        foreach (var service in mesh.Services.GroupBy(service => NameOf(service.Name, apex), service => service.Address))
        {
            foreach (var reverse in Add(service.Key, service))
                (FindZone(reverse.Name) ?? (_zones[reverse.Name] = new Zone(Soa(reverse.Name), server))).Add(reverse);
        }
    }

    public Zone Forward { get; }

    /// <summary>The apexes of all zones.</summary>
    public IEnumerable<DomainName> Apexes => _zones.Keys;

    /// <summary>The zone that the name is in; null where it is none of ours.</summary>
    public Zone? FindZone(DomainName name)
    {
        for (var apex = name; apex.LabelCount > 0; apex = apex.GetParentName())
        {
            if (_zones.TryGetValue(apex, out var zone))
                return zone;
        }
        return null;
    }

    /// <summary>A hostname with dots stays as it is, below the zone; one that says the zone itself does not get it twice.</summary>
    internal static DomainName NameOf(string hostName, DomainName apex)
    {
        var name = new DomainName(hostName.Split('.'));
        return name.IsSubDomainOf(apex) ? name : new DomainName([.. name.Labels, .. apex.Labels]);
    }

    /// <summary>RFC 1035, section 2.3.4: a byte before each label, and the root's.</summary>
    private static bool IsShortEnough(DomainName name) => name.Labels.Sum(label => label.Length + 1) + 1 <= LongestName;

    /// <summary>Gives addresses a name, unless another has it, or DNS could not carry it.</summary>
    /// <returns>Their records of the way back.</returns>
    private List<PtrRecord> Add(DomainName name, IEnumerable<IPAddress> addresses)
    {
        var reverse = new List<PtrRecord>();
        if (Forward.Find(name) is { Count: > 0 } || !IsShortEnough(name))
            return reverse;
        foreach (var address in addresses)
        {
            Forward.Add(address.AddressFamily == AddressFamily.InterNetwork ? new ARecord(name, TimeToLive, address) : new AaaaRecord(name, TimeToLive, address));
            reverse.Add(Reverse(address, name));
        }
        return reverse;
    }

    private static PtrRecord Reverse(IPAddress address, DomainName name) => new(address.GetReverseLookupDomain(), TimeToLive, name);
}
