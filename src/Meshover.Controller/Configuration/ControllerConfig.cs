namespace Meshover.Controller.Configuration;

/// <summary>What the operator wants: the flags of <c>init</c> and <c>serve</c>, and <c>/etc/meshover/controller.yaml</c>, under the same names.</summary>
internal sealed record ControllerConfig
{
    public const int DefaultPort = 12913;
    public const int DefaultMetricsPort = 12915;

    /// <summary>Where nodes reach this controller: HOST or HOST:PORT, as many as there are. Default: the machine's global addresses.</summary>
    public List<string> Address { get; set; } = [];

    /// <summary>The local address to listen on; default: all, IPv6 and IPv4.</summary>
    public string? Listen { get; set; }

    /// <summary>TCP port; default 12913.</summary>
    public int Port { get; set; } = DefaultPort;

    /// <summary>Node addresses; default 10.249.0.0/16. Fixed at <c>init</c>, as are the other pools.</summary>
    public string? Pool4 { get; set; }

    /// <summary>Node addresses; default: a random unique local /48.</summary>
    public string? Pool6 { get; set; }

    /// <summary>Ends of the GRE links; default 198.18.0.0/15.</summary>
    public string? TunnelPool { get; set; }

    /// <summary>Prefixes for nodes that announce <c>auto/LENGTH</c>; default: none are given. May change at each start, as may the next.</summary>
    public string? WorkloadPool4 { get; set; }

    /// <summary>The same of IPv6.</summary>
    public string? WorkloadPool6 { get; set; }

    /// <summary>FIRST-LAST; default 4200000000-4294967294.</summary>
    public string? Asn { get; set; }

    /// <summary>How long a removed node's numbers rest; default 24h.</summary>
    public string? Rest { get; set; }

    /// <summary>How long a node's credential is good; default 1h. It is renewed at half of that.</summary>
    public string? CredentialLifetime { get; set; }

    /// <summary>By how much the clocks of nodes and controllers may differ; default 5m.</summary>
    public string? ClockSkew { get; set; }

    /// <summary>ADDRESS:PORT of metrics and graph, by plain HTTP, or <c>off</c>; default 127.0.0.1:12915, as long as nobody else has that.</summary>
    public string? MetricsListen { get; set; }

    /// <summary>URL of a collector of traces (OpenTelemetry's protocol by HTTP), such as http://192.0.2.1:4318; default: none.</summary>
    public string? OtlpEndpoint { get; set; }

    /// <summary>The operator's own certificate chain (PEM) for every TLS name but that of the nodes; default: the mesh's own CA.</summary>
    public string? Certificate { get; set; }

    /// <summary>Its private key (PEM).</summary>
    public string? Key { get; set; }

    /// <summary>What concerns the web console alone; in the file only.</summary>
    public ConsoleConfig? Console { get; set; }
}
