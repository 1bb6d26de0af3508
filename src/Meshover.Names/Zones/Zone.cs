using ARSoft.Tools.Net;
using ARSoft.Tools.Net.Dns;

namespace Meshover.Names.Zones;

/// <summary>
/// All names at and below an apex. A name between the apex and one that has records exists, too, without any: it is NODATA, never NXDOMAIN
/// (RFC 8020).
/// </summary>
internal sealed class Zone
{
    private readonly Dictionary<DomainName, List<DnsRecordBase>> _names = [];

    /// <param name="soa">Its name is the apex.</param>
    /// <param name="server">Who serves the zone: this node.</param>
    public Zone(SoaRecord soa, DomainName server)
    {
        Soa = soa;
        _names[Apex] = [soa, new NsRecord(Apex, soa.TimeToLive, server)];
    }

    public SoaRecord Soa { get; }

    public DomainName Apex => Soa.Name;

    /// <summary>Null where there is no such name.</summary>
    public IReadOnlyList<DnsRecordBase>? Find(DomainName name) => _names.GetValueOrDefault(name);

    public void Add(DnsRecordBase record)
    {
        for (var name = record.Name; name != Apex && !_names.ContainsKey(name); name = name.GetParentName())
            _names[name] = [];
        _names[record.Name].Add(record);
    }
}
