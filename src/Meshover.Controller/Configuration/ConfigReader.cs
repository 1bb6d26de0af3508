using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using Meshover.Mesh.Addressing;
using Meshover.Mesh.Identity;

namespace Meshover.Controller.Configuration;

/// <summary>Checks a configuration whole and reads it; every violation is reported at once.</summary>
internal sealed class ConfigReader
{
    private readonly List<string> _violations = [];

    /// <exception cref="ConfigException">With every violation.</exception>
    public static ControllerOptions Read(ControllerConfig config)
    {
        var reader = new ConfigReader();
        var options = reader.ReadAll(config);
        return reader._violations.Count == 0 ? options : throw new ConfigException(reader._violations);
    }

    /// <summary>For how long a restore adopts nodes; null where nothing is said.</summary>
    /// <exception cref="ConfigException">It is no such duration.</exception>
    public static TimeSpan? ReadAdoption(string? text)
    {
        var reader = new ConfigReader();
        var period = reader.ReadDuration("adopt", text, TimeSpan.Zero, TimeSpan.FromMinutes(1), TimeSpan.FromDays(90));
        if (reader._violations.Count > 0)
            throw new ConfigException(reader._violations);
        return text is null ? null : period;
    }

    private ControllerOptions ReadAll(ControllerConfig config)
    {
        Require(config.Port is > 0 and <= 65535, $"port: {config.Port} is not a TCP port (1-65535).");
        Require((config.Certificate is null) == (config.Key is null), "certificate and key: give both, or neither.");
        Require(config.Listen is null || IPAddress.TryParse(config.Listen, out _), $"listen: \"{config.Listen}\" is not an IP address.");
        return new ControllerOptions
        {
            Addresses = [.. config.Address.Select(text => ReadAddress(text, config.Port)).Distinct(StringComparer.Ordinal)],
            Listen = IPAddress.TryParse(config.Listen, out var listen) ? listen : null,
            Port = config.Port,
            Pools = new PoolOptions(
                ReadPool("pool4", config.Pool4, AddressFamily.InterNetwork, 8, 28),
                ReadPool("pool6", config.Pool6, AddressFamily.InterNetworkV6, 16, 120),
                ReadPool("tunnelPool", config.TunnelPool, AddressFamily.InterNetwork, 8, 28),
                ReadAsns(config.Asn))
            {
                Workload4 = ReadPool("workloadPool4", config.WorkloadPool4, AddressFamily.InterNetwork, 8, 28),
                Workload6 = ReadPool("workloadPool6", config.WorkloadPool6, AddressFamily.InterNetworkV6, 16, 120),
            },
            Rest = ReadDuration("rest", config.Rest, TimeSpan.FromHours(24), TimeSpan.Zero, TimeSpan.FromDays(3650)),
            CredentialLifetime = ReadDuration("credentialLifetime", config.CredentialLifetime,
                TimeSpan.FromHours(1), TimeSpan.FromSeconds(10), TimeSpan.FromDays(90)),
            ClockSkew = ReadDuration("clockSkew", config.ClockSkew, TimeSpan.FromMinutes(5), TimeSpan.Zero, TimeSpan.FromHours(1)),
            MetricsListen = ReadMetricsListen(config.MetricsListen),
            OtlpEndpoint = ReadUrl("otlpEndpoint", config.OtlpEndpoint),
            Certificate = config.Certificate,
            Key = config.Key,
            HasConsole = config.Console?.BuiltIn ?? true,
            OpenId = OpenIdReader.Read(config.Console?.OpenIdConnect, _violations),
        };
    }

    private string ReadAddress(string text, int port)
    {
        if (HostPort.TryParse(text, out var address) || HostPort.TryParse($"{text}:{port}", out address))
            return address.ToString();
        // An IPv6 literal may stand without brackets where it has no port.
        if (IPAddress.TryParse(text, out var literal))
            return new HostPort(literal.ToString(), port).ToString();
        _violations.Add($"address: \"{text}\" is neither HOST nor HOST:PORT.");
        return text;
    }

    private IPNetwork? ReadPool(string name, string? text, AddressFamily family, int shortest, int longest)
    {
        if (text is null)
            return null;
        if (!Prefixes.TryParse(text, out var pool, out var error))
            _violations.Add($"{name}: {error}.");
        else if (pool.BaseAddress.AddressFamily != family)
            _violations.Add($"{name}: {pool} is of the wrong address family.");
        else
            Require(pool.PrefixLength >= shortest && pool.PrefixLength <= longest, $"{name}: {pool} must be between /{shortest} and /{longest}.");
        return pool;
    }

    private IPEndPoint? ReadMetricsListen(string? text)
    {
        if (text is null)
            return new IPEndPoint(IPAddress.Loopback, ControllerConfig.DefaultMetricsPort);
        if (text == "off")
            return null;
        if (TryReadEndPoint(text, out var endpoint))
            return endpoint;
        _violations.Add($"metricsListen: \"{text}\" is neither ADDRESS:PORT, such as 127.0.0.1:{ControllerConfig.DefaultMetricsPort} or [::1]:{ControllerConfig.DefaultMetricsPort}, nor off.");
        return null;
    }

    /// <param name="text">ADDRESS:PORT.</param>
    /// <param name="endpoint">Null where it is none.</param>
    internal static bool TryReadEndPoint(string text, [NotNullWhen(true)] out IPEndPoint? endpoint)
    {
        // "12915" alone would be the address 0.0.50.115.
        if (IPEndPoint.TryParse(text, out endpoint) && endpoint.Port != 0 && (endpoint.Address.ToString() == text[..Math.Max(0, text.LastIndexOf(':'))].Trim('[', ']')))
            return true;
        endpoint = null;
        return false;
    }

    private Uri? ReadUrl(string name, string? text)
    {
        if (text is null)
            return null;
        if (Uri.TryCreate(text, UriKind.Absolute, out var url) && (url.Scheme == Uri.UriSchemeHttp || url.Scheme == Uri.UriSchemeHttps) && url is { Query: "", Fragment: "", UserInfo: "" })
            return url;
        _violations.Add($"{name}: \"{text}\" is not a URL of HTTP, such as http://192.0.2.1:4318.");
        return null;
    }

    private (uint, uint)? ReadAsns(string? text)
    {
        if (text is null)
            return null;
        if (text.Split('-') is [var from, var to] && uint.TryParse(from, out var first) && uint.TryParse(to, out var last) && first <= last
            && first >= Asn.FirstPrivate.Value && last <= Asn.LastPrivate.Value)
            return (first, last);
        _violations.Add($"asn: \"{text}\" is not a range FIRST-LAST within {Asn.FirstPrivate}-{Asn.LastPrivate} (RFC 6996).");
        return null;
    }

    private TimeSpan ReadDuration(string name, string? text, TimeSpan fallback, TimeSpan least, TimeSpan most)
    {
        if (text is null)
            return fallback;
        if (Duration.TryParse(text, out var value) && value >= least && value <= most)
            return value;
        _violations.Add($"{name}: \"{text}\" is not a duration such as 30s, 5m, 24h or 7d, from {Duration.Format(least)} to {Duration.Format(most)}.");
        return fallback;
    }

    private void Require(bool holds, string violation)
    {
        if (!holds)
            _violations.Add(violation);
    }
}
