using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Meshover.Agent.Reconciling.Kernel;
using Meshover.Mesh.Addressing;
using Meshover.Mesh.Gathering;
using Meshover.Mesh.Paths;
using Meshover.Mesh.Planning;
using Meshover.Routing.Config;

namespace Meshover.Agent.Configuration;

/// <summary>Reads single values. Each throws <see cref="FormatException"/> with what is wrong and what to write.</summary>
internal static class SettingText
{
    private const long MostSeconds = 3650L * 86400;
    private const int MaxInterfaceName = 15; // IFNAMSIZ - 1
    private static readonly string[] KernelTables = ["default", "main", "local"]; // 253 to 255
    private const int DnsPort = 53;

    /// <summary>So that a hostname still fits before it.</summary>
    private const int MaxZone = 127;
    private const int MaxSite = 63;
    private const int MinMtu = 1280;         // below it IPv6, and so BGP over link-local addresses, is dead
    private const int MaxMtu = 65000;
    private const int MinBfdRate = 10;
    private const int MaxBfdRate = 10_000;
    private static readonly TimeSpan MinKeyAge = TimeSpan.FromHours(1);

    public static ImmutableArray<T> Each<T>(ImmutableArray<string> values, Func<string, T> read)
    {
        var repeated = values.GroupBy(v => v).FirstOrDefault(g => g.Count() > 1);
        if (repeated is not null)
            throw new FormatException($"\"{repeated.Key}\" is there twice; keep one.");
        return [.. values.Select(read)];
    }

    public static T Choice<T>(string text, ImmutableArray<(string Name, T Value)> names)
    {
        foreach (var (name, value) in names)
        {
            if (name == text)
                return value;
        }
        throw new FormatException($"\"{text}\" is not one of {string.Join(", ", names.Select(n => n.Name))}.");
    }

    public static string HostName(string text) =>
        Mesh.Identity.HostName.TryNormalise(text, out var name, out var error) ? name : throw new FormatException(error);

    public static IPNetwork Prefix(string text)
    {
        if (!Prefixes.TryParse(text, out var prefix, out var error))
            throw new FormatException($"{error}.");
        if (prefix.PrefixLength > 0 && Prefixes.IsNeverRouted(prefix.BaseAddress))
            throw new FormatException($"\"{text}\" is never routed (loopback, link-local or multicast); leave it out.");
        return prefix;
    }

    private const string Auto = "auto/";

    /// <summary>A prefix that the controller is to choose.</summary>
    public static bool IsAuto(string text) => text.StartsWith("auto", StringComparison.Ordinal);

    public static ImmutableArray<int> AutoLengths(ImmutableArray<string> texts)
    {
        var lengths = Each(texts, AutoLength);
        return lengths.Select(length => length > 32).Distinct().Count() == lengths.Length
            ? lengths
            : throw new FormatException($"{string.Join(" and ", texts)} are of one family (up to /32: IPv4): a node has one prefix of the controller's choice of each.");
    }

    private static int AutoLength(string text) =>
        text.StartsWith(Auto, StringComparison.Ordinal) && int.TryParse(text.AsSpan(Auto.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var length) && length is >= 1 and <= 128
            ? length
            : throw new FormatException($"\"{text}\" is no prefix of the controller's choice; write auto/LENGTH, such as auto/26 (IPv4) or auto/64 (IPv6).");

    public static ImmutableArray<IPNetwork> GatherRanges(ImmutableArray<string> texts)
    {
        if (texts.Length > GatherClaims.MostRanges)
            throw new FormatException($"{texts.Length} ranges are too many, a node gathers at most {GatherClaims.MostRanges}; write larger ones.");
        return Each(texts, GatherRange);
    }

    private static IPNetwork GatherRange(string text) => Prefix(text) is { PrefixLength: > 0 } range
        ? range
        : throw new FormatException($"\"{text}\" is everything, the nodes' own packets included; announce it as a default route instead (announce, and accept-default on the others).");

    public static IPNetwork Masqueraded(string text) => Prefix(text) is { PrefixLength: > 0 } range
        ? range
        : throw new FormatException($"\"{text}\" is everything, the nodes' own packets included; write the sources that have no way back from outside, like 10.224.0.0/16.");

    public static IPAddress OutsideHost(string text) => TryAddress(text.Trim('[', ']'), out var address) && !Prefixes.IsNeverRouted(address)
        ? address
        : throw new FormatException($"\"{text}\" is not the address of a host outside; write one that answers to ping, like 198.51.100.1 or 2001:db8::1.");

    public static int GatherPriority(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var priority) && priority is >= 1 and <= GatherClaims.MostPriority
            ? priority
            : throw new FormatException($"\"{text}\" is not a priority; write a number from 1 to {GatherClaims.MostPriority}.");

    private const string SiteMark = "site:";

    public static ImmutableArray<AddedCost> AddedCosts(ImmutableArray<string> texts)
    {
        var costs = Each(texts, AddedCost);
        return costs.GroupBy(cost => (cost.HostName, cost.Site)).FirstOrDefault(group => group.Count() > 1) is { Key: var twice }
            ? throw new FormatException($"{(twice.Site.Length > 0 ? SiteMark + twice.Site : twice.HostName)} has two costs; keep one.")
            : costs;
    }

    private static AddedCost AddedCost(string text)
    {
        if (text.LastIndexOf('=') is not (> 0 and var at) || !int.TryParse(text.AsSpan(at + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var cost) || cost > LinkCost.MostAdded)
            throw new FormatException($"\"{text}\" is not a node with a cost; write it like n3=200, or site:tokyo=50 for all nodes of a site, with a cost of 0 to {LinkCost.MostAdded} (units of 0.1 ms).");
        var (hostName, site) = NodeOrSite(text[..at]);
        return new AddedCost(hostName, site, cost);
    }

    public static ImmutableArray<BfdChoice> BfdChoices(ImmutableArray<string> texts)
    {
        var choices = Each(texts, BfdChoice);
        return choices.GroupBy(choice => (choice.HostName, choice.Site)).FirstOrDefault(group => group.Count() > 1) is { Key: var twice }
            ? throw new FormatException($"{Whose(twice.HostName, twice.Site)} have two profiles; keep one.")
            : choices;
    }

    private static string Whose(string hostName, string site) =>
        hostName.Length > 0 ? $"the links with {hostName}" : site.Length > 0 ? $"the links with {SiteMark}{site}" : "all links";

    private static BfdChoice BfdChoice(string text)
    {
        var at = text.LastIndexOf('=');
        if (at == 0 || !_bfdProfiles.TryGetValue(text[(at + 1)..], out var profile))
            throw new FormatException($"\"{text}\" is not a profile of BFD; write auto, lan, wan or lossy for all links, or one of them like n3=lan, or site:tokyo=lossy for all nodes of a site.");
        if (at < 0)
            return new BfdChoice("", "", profile);
        var (hostName, site) = NodeOrSite(text[..at]);
        return new BfdChoice(hostName, site, profile);
    }

    private static readonly Dictionary<string, BfdProfile?> _bfdProfiles = new(StringComparer.Ordinal)
    {
        ["auto"] = null,
        ["lan"] = BfdProfile.Lan,
        ["wan"] = BfdProfile.Wan,
        ["lossy"] = BfdProfile.Lossy,
    };

    /// <summary>A node's name, or <c>site:</c> and a site's; the other of the two is empty.</summary>
    private static (string HostName, string Site) NodeOrSite(string text) =>
        !text.StartsWith(SiteMark, StringComparison.Ordinal) ? (HostName(text), "")
        : text.Length > SiteMark.Length ? ("", Site(text[SiteMark.Length..]))
        : throw new FormatException($"\"{text}\" names no site; write it like site:tokyo, or a node's name.");

    public static int DrainOnStop(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds <= 60
            ? seconds
            : throw new FormatException($"\"{text}\" is not a number of seconds; write one from 0 to 60.");

    public static int Port(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is >= 1 and <= 65535
            ? port
            : throw new FormatException($"\"{text}\" is not a port; write a number from 1 to 65535.");

    public static string InterfaceName(string text) => InterfaceName(text, "name one of the underlay");

    /// <summary>One that has to do with workloads, and not with the underlay.</summary>
    public static string WorkloadInterface(string text) => InterfaceName(text, "name one of the workloads'");

    /// <summary>A routing table that others fill, by its number.</summary>
    public static uint Table(string text)
    {
        if (!uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var table))
            throw new FormatException($"\"{text}\" is not the number of a routing table; write one from 1 to {uint.MaxValue} (/etc/iproute2/rt_tables has the numbers of names).");
        return table switch
        {
            0 => throw new FormatException("Table 0 is no table of its own: it stands for all of them. Write the number of the one that the workloads' routes are in."),
            253 or 254 or 255 => throw new FormatException($"Table {table} is the kernel's own ({KernelTables[table - 253]}), where the routes of the machine and of the mesh are. Announce prefixes of it with announce."),
            _ when table == KernelNames.Default.UnderlayTable || table is >= KernelNames.FirstGatherTable and <= KernelNames.LastGatherTable => throw new FormatException($"Table {table} is Meshover's own. Write the number of the one that the workloads' routes are in."),
            _ => table,
        };
    }

    private static string InterfaceName(string text, string advice)
    {
        if (text is "all" or "default")
            throw new FormatException($"\"{text}\" is no interface: the kernel has settings for all of them, or for new ones, under that name; {advice}.");
        if (text.Length is 0 or > MaxInterfaceName || text is "." or ".." || text.Any(c => c is '/' or ':' || char.IsWhiteSpace(c)))
            throw new FormatException($"\"{text}\" is not an interface name (1-{MaxInterfaceName} characters); `ip link` lists those of this machine.");
        if (KernelNames.Default.IsOurs(text))
            throw new FormatException($"\"{text}\" is an interface of the mesh itself; {advice}.");
        return text;
    }

    /// <summary>An address with or without a port; without one, its port is 0 until the whole is known.</summary>
    public static IPEndPoint Endpoint(string text)
    {
        if (TryAddress(text.Trim('[', ']'), out var address))
            return new IPEndPoint(Usable(address, text), 0);
        if (IPEndPoint.TryParse(text, out var endpoint) && endpoint.Port != 0 && TryAddress(text[..text.LastIndexOf(':')].Trim('[', ']'), out _))
            return new IPEndPoint(Usable(endpoint.Address, text), endpoint.Port);
        throw new FormatException($"\"{text}\" is not an endpoint; write it like 203.0.113.7:12912 or [2001:db8::7]:12912.");
    }

    /// <summary>A local address with a port.</summary>
    public static IPEndPoint ListenEndpoint(string text) =>
        IPEndPoint.TryParse(text, out var endpoint) && endpoint.Port != 0 && text.LastIndexOf(':') is > 0 and var colon && TryAddress(text[..colon].Trim('[', ']'), out _)
            ? endpoint
            : throw new FormatException($"\"{text}\" is not an address with a port; write it like 127.0.0.1:12916 or [::1]:12916.");

    /// <summary>An absolute URL of HTTP, with or without TLS.</summary>
    public static Uri HttpUrl(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var url) && (url.Scheme == Uri.UriSchemeHttp || url.Scheme == Uri.UriSchemeHttps) && url is { Query: "", Fragment: "", UserInfo: "" }
            ? url
            : throw new FormatException(text.Contains('@', StringComparison.Ordinal)
                ? "A URL with a user or a password in it is not taken here; write it like http://192.0.2.1:4318."
                : $"\"{text}\" is not a URL of HTTP; write it like http://192.0.2.1:4318.");

    /// <summary>A local address; without a port it is 53.</summary>
    public static IPEndPoint DnsListen(string text) => TryAddress(text.Trim('[', ']'), out var address) ? new IPEndPoint(address, DnsPort) : ListenEndpoint(text);

    /// <summary>A name of DNS, such as "mesh" or "mesh.example.org".</summary>
    public static string DnsZone(string text) =>
        Mesh.Identity.HostName.TryNormalise(text, out var zone, out _) && zone.Length <= MaxZone
            ? zone
            : throw new FormatException($"\"{text}\" is not a name for a zone of DNS; write labels of letters, digits and hyphens, such as mesh or mesh.example.org.");

    private static IPAddress Usable(IPAddress address, string text) =>
        Prefixes.IsNeverRouted(address) || address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any)
            ? throw new FormatException($"\"{text}\" cannot be reached from another machine; write a public or site-local address.")
            : address;

    public static string Site(string text) =>
        text.Length <= MaxSite && !text.Any(char.IsControl)
            ? text
            : throw new FormatException($"it has {text.Length} characters or a control character; use at most {MaxSite} printable ones.");

    public static int Mtu(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var mtu) && mtu is 0 or (>= MinMtu and <= MaxMtu)
            ? mtu
            : throw new FormatException($"\"{text}\" is not a valid MTU; write 0 (follow the underlay) or {MinMtu}-{MaxMtu} bytes.");

    public static int BfdRate(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var rate) && rate is >= MinBfdRate and <= MaxBfdRate
            ? rate
            : throw new FormatException($"\"{text}\" is not a valid rate; write {MinBfdRate}-{MaxBfdRate} packets a second.");

    public static string AbsolutePath(string text) =>
        Path.IsPathFullyQualified(text) && !text.Any(char.IsControl)
            ? text
            : throw new FormatException($"\"{text}\" is not an absolute path; begin it with '/', and leave control characters out.");

    public static string Image(string text) => FrrImageName.TryParse(text, out _)
        ? text
        : throw new FormatException($"\"{text}\" is no name of an image; write NAME, NAME:TAG or NAME@sha256: and 64 hexadecimal digits.");

    /// <summary>A whole number with a unit (s, m, h, d), at most ten years; null for 0.</summary>
    public static TimeSpan? Duration(string text)
    {
        if (text == "0")
            return null;
        var seconds = text.Length == 0 ? 0 : text[^1] switch { 's' => 1, 'm' => 60, 'h' => 3600, 'd' => 86400, _ => 0 };
        if (seconds == 0 || !int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var count))
            throw new FormatException($"\"{text}\" is not a duration; write a number with a unit, like 90m, 36h or 30d, or 0.");
        if ((long)count * seconds > MostSeconds)
            throw new FormatException($"\"{text}\" is too long; write at most 3650d, or 0 for never.");
        return count == 0 ? null : TimeSpan.FromSeconds((long)count * seconds);
    }

    /// <summary>A duration that leaves every node the time to hear of a key before the next one.</summary>
    public static TimeSpan? KeyAge(string text) => Duration(text) is not { } age || age >= MinKeyAge
        ? Duration(text)
        : throw new FormatException($"\"{text}\" is too short; write at least {MinKeyAge.TotalHours:0}h, or 0 for never.");

    /// <summary>"host:port"; the controller's default port is added where none is given, brackets where an IPv6 address has none.</summary>
    public static string HostAndPort(string text)
    {
        if (TryAddress(text.Trim('[', ']'), out var address))
            return new HostPort(address.ToString(), AgentConfig.DefaultControllerPort).ToString();
        var withPort = text.Contains(':', StringComparison.Ordinal) ? text : $"{text}:{AgentConfig.DefaultControllerPort}";
        return HostPort.TryParse(withPort, out var controller)
            ? controller.ToString()
            : throw new FormatException($"\"{text}\" is not a controller's address; write it like ctl.example.net:12913 or [2001:db8::1]:12913.");
    }

    /// <summary>Only full dotted quads and IPv6 literals: not "10" or "0x7f.1", which .NET would take.</summary>
    private static bool TryAddress(string text, out IPAddress address)
    {
        if (!IPAddress.TryParse(text, out address!) || text.Contains('%', StringComparison.Ordinal))
        {
            address = IPAddress.None;
            return false;
        }
        return address.AddressFamily == AddressFamily.InterNetworkV6 || text == address.ToString();
    }
}
